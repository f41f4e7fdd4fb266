"""Buffer `none`: no buffer at all."""

from __future__ import annotations

from headwater.components.catalogue import component
from headwater.components.contracts import Buffer
from headwater.components.resources import Resources
from headwater.config.fields import obj, spec
from headwater.config.view import Config

SPEC = spec(
    "buffer",
    "none",
    root=obj("", default={}),
    summary="Pass messages on without holding any: the input hears of their delivery.",
    examples=(("No buffer", "buffer:\n  none: {}\n"),),
)


@component(SPEC)
class NoBuffer(Buffer):
    """Stands for the absence of a buffer: a stream that has it gets no buffer stage."""

    def __init__(self, config: Config, resources: Resources) -> None:
        pass
