"""Headwater: Benthos-compatible streams in one Python process.

What an application needs to embed it is here, and what the author of a component needs; it is imported when it is first
used. Three names are modules: `headwater.bloblang` is the mapping language by itself, `headwater.fields` describes what
the configuration of a component may hold, `headwater.tasks` is how a component waits.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from headwater import bloblang, tasks
    from headwater.acknowledge import Delivery
    from headwater.channel import Channel, Received
    from headwater.components.catalogue import Catalogue, component
    from headwater.components.contracts import Cache, Input, KeyExists, KeyNotFound, Output, Processor, RateLimit
    from headwater.components.functions import Functions
    from headwater.components.python_values import DROP
    from headwater.components.resources import Resources
    from headwater.config import fields
    from headwater.config.fields import spec
    from headwater.config.view import Config
    from headwater.errors import (
        BatchFailure,
        BuildError,
        ComponentError,
        ConfigError,
        EndOfInput,
        HeadwaterError,
        LintRejection,
        NotConnected,
        Rejected,
        StreamExists,
        StreamNotFound,
    )
    from headwater.message import Batch, Message
    from headwater.system import StreamStatus, StreamSystem
    from headwater.telemetry.metrics import MetricRegistry
    from headwater.version import VERSION

_HOMES: Final = {
    "Batch": "headwater.message",
    "BatchFailure": "headwater.errors",
    "BuildError": "headwater.errors",
    "Cache": "headwater.components.contracts",
    "Catalogue": "headwater.components.catalogue",
    "Channel": "headwater.channel",
    "ComponentError": "headwater.errors",
    "Config": "headwater.config.view",
    "ConfigError": "headwater.errors",
    "DROP": "headwater.components.python_values",
    "Delivery": "headwater.acknowledge",
    "EndOfInput": "headwater.errors",
    "Functions": "headwater.components.functions",
    "HeadwaterError": "headwater.errors",
    "Input": "headwater.components.contracts",
    "KeyExists": "headwater.components.contracts",
    "KeyNotFound": "headwater.components.contracts",
    "LintRejection": "headwater.errors",
    "Message": "headwater.message",
    "MetricRegistry": "headwater.telemetry.metrics",
    "NotConnected": "headwater.errors",
    "Output": "headwater.components.contracts",
    "Processor": "headwater.components.contracts",
    "RateLimit": "headwater.components.contracts",
    "Received": "headwater.channel",
    "Rejected": "headwater.errors",
    "Resources": "headwater.components.resources",
    "StreamExists": "headwater.errors",
    "StreamNotFound": "headwater.errors",
    "StreamStatus": "headwater.system",
    "StreamSystem": "headwater.system",
    "VERSION": "headwater.version",
    "component": "headwater.components.catalogue",
    "spec": "headwater.config.fields",
}

_MODULES: Final = {
    "bloblang": "headwater.bloblang",
    "fields": "headwater.config.fields",
    "tasks": "headwater.tasks",
}

__all__ = [
    "DROP",
    "VERSION",
    "Batch",
    "BatchFailure",
    "BuildError",
    "Cache",
    "Catalogue",
    "Channel",
    "ComponentError",
    "Config",
    "ConfigError",
    "Delivery",
    "EndOfInput",
    "Functions",
    "HeadwaterError",
    "Input",
    "KeyExists",
    "KeyNotFound",
    "LintRejection",
    "Message",
    "MetricRegistry",
    "NotConnected",
    "Output",
    "Processor",
    "RateLimit",
    "Received",
    "Rejected",
    "Resources",
    "StreamExists",
    "StreamNotFound",
    "StreamStatus",
    "StreamSystem",
    "bloblang",
    "component",
    "fields",
    "spec",
    "tasks",
]


def __getattr__(name: str) -> Any:
    """Import what is asked for: a program that only prints its version needs none of it."""
    if name in _HOMES:
        value = getattr(importlib.import_module(_HOMES[name]), name)
    elif name in _MODULES:
        value = importlib.import_module(_MODULES[name])
    else:
        raise AttributeError(f"module 'headwater' has no attribute {name!r}")
    globals()[name] = value
    return value
