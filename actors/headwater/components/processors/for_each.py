"""Processor `for_each`: children for each message by itself."""

from __future__ import annotations

from headwater.components.catalogue import component
from headwater.components.composition import all_portable, joined, run_at_once, singles
from headwater.components.contracts import Processor
from headwater.components.resources import Resources
from headwater.config.fields import processors, spec
from headwater.config.view import Config
from headwater.message import Batch

SPEC = spec(
    "processor",
    "for_each",
    root=processors(default=[], description="What is done to each message."),
    categories=("Composition",),
    composite=True,
    summary="Run processors on each message of a batch as if it were alone.",
    description="The results are put together as one batch again, in order.",
    examples=(
        (
            "Drop what was seen before, also within a batch",
            "pipeline:\n  processors:\n    - for_each:\n        - dedupe:\n            cache: seen\n"
            '            key: ${! json("id") }\n\ncache_resources:\n  - label: seen\n    memory: {}\n',
        ),
    ),
)


@component(SPEC)
class ForEach(Processor):
    """Hands its children batches of one message."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._chain = resources.build_chain(config.children())
        steps = singles([self._chain])
        if steps is not None:
            self.each = steps[0]
        self.portable = all_portable([self._chain])
        run_at_once(self, [self._chain])

    async def process(self, batch: Batch) -> list[Batch]:
        """Run the children over each message, and put the results together."""
        results: list[Batch] = []
        for message in batch:
            results += await self._chain.process([[message]])
        return joined(results)

    async def close(self) -> None:
        """Close the children."""
        await self._chain.close()
