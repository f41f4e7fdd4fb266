"""Exporters as a configuration asks for them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, cast

import pytest

from headwater.components.catalogue import Catalogue
from headwater.components.resources import Resources
from headwater.config.infer import infer
from headwater.telemetry.exporter import Exporter, open_exporter
from headwater.telemetry.logs import Log
from headwater.telemetry.metrics import MetricRegistry, Metrics
from headwater.yamltext.document import parse_document

LABELS = {"label": "", "path": "root.input", "stream": "foo"}


@pytest.fixture
def exporter() -> Callable[[str], Exporter]:
    """Opens the exporter of a `metrics` section."""

    def make(text: str) -> Exporter:
        config = infer(parse_document(text), "metrics", "root.metrics", Catalogue(entry_points=False))
        log = Log(logging.getLogger("headwater"))
        return open_exporter(config, Resources(cast("Any", None), log=log, metrics=Metrics((MetricRegistry(),))))

    return make


@pytest.fixture
def counted(exporter: Callable[[str], Exporter]) -> Callable[[str], Exporter]:
    """Opens an exporter that has something to show."""

    def make(text: str) -> Exporter:
        made = exporter(text)
        metrics = Metrics((made.registry,), LABELS)
        metrics.counter("input_received").add(5)
        metrics.timing("input_latency_ns").observe(1_500_000)
        metrics.gauge("buffer_active").set(2)
        return made

    return make
