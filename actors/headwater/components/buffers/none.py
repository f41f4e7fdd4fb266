"""Buffer `none`: no buffer at all."""

from __future__ import annotations

from headwater.components.catalogue import component
from headwater.components.contracts import Buffer
from headwater.components.resources import Resources
from headwater.config.fields import spec
from headwater.config.view import Config

SPEC = spec(
    "buffer",
    "none",
    summary="Keep nothing: inputs and outputs are coupled, and acknowledgements go all the way.",
    examples=(("As if it were not there", "buffer:\n  none: {}\n"),),
)


@component(SPEC)
class NoBuffer(Buffer):
    """Stands for the absence of a buffer; a stream is built without one."""

    def __init__(self, config: Config, resources: Resources) -> None:
        pass
