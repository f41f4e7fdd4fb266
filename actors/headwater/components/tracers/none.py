"""Trace nothing."""

from __future__ import annotations

from headwater.components.catalogue import component
from headwater.components.resources import Resources
from headwater.config.fields import spec
from headwater.config.view import Config

SPEC = spec(
    "tracer",
    "none",
    summary="Send no traces anywhere.",
    examples=(("No traces", "tracer:\n  none: {}\n"),),
)


@component(SPEC)
class NoTracer:
    """Does nothing."""

    def __init__(self, config: Config, resources: Resources) -> None:
        pass
