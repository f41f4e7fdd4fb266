"""Metrics of a system that has no exporter of its own."""

from __future__ import annotations

from headwater.telemetry.exporter import Exporter, Exposition
from headwater.telemetry.metrics import MetricRegistry
from headwater.telemetry.prometheus import CONTENT_TYPE, PrometheusText


class PrometheusPage(Exporter):
    """A registry in the Prometheus text format."""

    serves_http = True

    def __init__(self, registry: MetricRegistry) -> None:
        self.registry = registry
        self._text = PrometheusText(registry)

    def expose(self) -> Exposition:
        """The text."""
        return Exposition(CONTENT_TYPE, self._text.render(), compressible=True)
