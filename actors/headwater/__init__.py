"""Headwater: Benthos-compatible streams in one Python process.

What an application needs to embed it is here, and is imported when it is first used; `headwater.bloblang` is the
mapping language by itself.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from headwater import bloblang
    from headwater.channel import Channel, Received
    from headwater.components.catalogue import Catalogue, component
    from headwater.errors import (
        BuildError,
        ComponentError,
        ConfigError,
        HeadwaterError,
        LintRejection,
        StreamExists,
        StreamNotFound,
    )
    from headwater.message import Message
    from headwater.system import StreamStatus, StreamSystem
    from headwater.telemetry.metrics import MetricRegistry
    from headwater.version import VERSION

_HOMES: Final = {
    "BuildError": "headwater.errors",
    "Catalogue": "headwater.components.catalogue",
    "Channel": "headwater.channel",
    "ComponentError": "headwater.errors",
    "ConfigError": "headwater.errors",
    "HeadwaterError": "headwater.errors",
    "LintRejection": "headwater.errors",
    "Message": "headwater.message",
    "MetricRegistry": "headwater.telemetry.metrics",
    "Received": "headwater.channel",
    "StreamExists": "headwater.errors",
    "StreamNotFound": "headwater.errors",
    "StreamStatus": "headwater.system",
    "StreamSystem": "headwater.system",
    "VERSION": "headwater.version",
    "component": "headwater.components.catalogue",
}

__all__ = [
    "VERSION",
    "BuildError",
    "Catalogue",
    "Channel",
    "ComponentError",
    "ConfigError",
    "HeadwaterError",
    "LintRejection",
    "Message",
    "MetricRegistry",
    "Received",
    "StreamExists",
    "StreamNotFound",
    "StreamStatus",
    "StreamSystem",
    "bloblang",
    "component",
]


def __getattr__(name: str) -> Any:
    """Import what is asked for: a program that only prints its version needs none of it."""
    if name in _HOMES:
        value = getattr(importlib.import_module(_HOMES[name]), name)
        globals()[name] = value
        return value
    if name == "bloblang":
        return importlib.import_module("headwater.bloblang")
    raise AttributeError(f"module 'headwater' has no attribute {name!r}")
