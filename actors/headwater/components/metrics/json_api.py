"""Serve metrics as one flat JSON object."""

from __future__ import annotations

from headwater.components.catalogue import component
from headwater.components.resources import Resources
from headwater.config.fields import spec
from headwater.config.view import Config
from headwater.telemetry.exporter import Exporter, Exposition
from headwater.telemetry.flat import flat_json

SPEC = spec(
    "metrics",
    "json_api",
    summary="Serve metrics as one flat JSON object at `/metrics` and `/stats`.",
    description="Keys are names with labels; timings are objects with the percentiles p50, p90 and p99 in nanoseconds.",
    examples=(("JSON", "metrics:\n  json_api: {}\n"),),
)


@component(SPEC)
class JsonApi(Exporter):
    """Serves JSON."""

    serves_http = True

    def __init__(self, config: Config, resources: Resources) -> None:
        pass

    def expose(self) -> Exposition:
        """The object."""
        return Exposition("application/json", flat_json(self.registry))
