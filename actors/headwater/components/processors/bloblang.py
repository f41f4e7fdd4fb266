"""Processor `bloblang`: the older name of `mapping`."""

from __future__ import annotations

from headwater.components.catalogue import component
from headwater.components.processors.mapping import Mapper, compiled
from headwater.components.resources import Resources
from headwater.config.fields import mapping, spec
from headwater.config.view import Config

SPEC = spec(
    "processor",
    "bloblang",
    root=mapping(default="", description="The mapping."),
    categories=("Mapping", "Parsing"),
    summary="Make a new document of each message by a Bloblang mapping.",
    description="The same as `mapping`, by its older name.",
    examples=(("One field", "pipeline:\n  processors:\n    - bloblang: root.id = this.id\n"),),
)


@component(SPEC)
class BloblangProcessor(Mapper):
    """Maps each message to a new one."""

    def __init__(self, config: Config, resources: Resources) -> None:
        super().__init__(compiled(config, resources), resources)
