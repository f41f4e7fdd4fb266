"""Keep metrics to oneself."""

from __future__ import annotations

from headwater.components.catalogue import component
from headwater.components.resources import Resources
from headwater.config.fields import spec
from headwater.config.view import Config
from headwater.telemetry.exporter import Exporter

SPEC = spec(
    "metrics",
    "none",
    summary="Offer no metrics; the stats of single streams are there all the same.",
    examples=(("No metrics", "metrics:\n  none: {}\n"),),
)


@component(SPEC)
class NoMetrics(Exporter):
    """Offers nothing."""

    def __init__(self, config: Config, resources: Resources) -> None:
        pass
