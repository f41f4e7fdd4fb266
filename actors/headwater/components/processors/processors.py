"""Processor `processors`: children one after the other."""

from __future__ import annotations

from headwater.components.catalogue import component
from headwater.components.composition import all_portable, run_at_once, singles
from headwater.components.contracts import Processor
from headwater.components.resources import Resources
from headwater.config.fields import processors, spec
from headwater.config.view import Config
from headwater.message import Batch

SPEC = spec(
    "processor",
    "processors",
    root=processors(default=[], description="What is done to a batch."),
    categories=("Composition",),
    composite=True,
    summary="Run processors one after the other, as one.",
    description="Makes one processor of many, for places that take one only, such as a resource.",
    examples=(
        (
            "A resource of two steps",
            "processor_resources:\n  - label: tidy\n    processors:\n      - mapping: root = this.body\n"
            "      - mapping: root = content().trim()\n",
        ),
    ),
)


@component(SPEC)
class Processors(Processor):
    """Hands batches to its children."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._chain = resources.build_chain(config.children())
        steps = singles([self._chain])
        if steps is not None:
            self.each = steps[0]
        self.portable = all_portable([self._chain])
        run_at_once(self, [self._chain])

    async def process(self, batch: Batch) -> list[Batch]:
        """Run the children over a batch."""
        return await self._chain.process([batch])

    async def close(self) -> None:
        """Close the children."""
        await self._chain.close()
