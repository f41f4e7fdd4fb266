"""Processor `for_each`: children for each message by itself."""

from __future__ import annotations

from headwater.components.catalogue import component
from headwater.components.composition import OneChain, joined
from headwater.config.fields import processors, spec
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
class ForEach(OneChain):
    """Hands its children batches of one message."""

    async def process(self, batch: Batch) -> list[Batch]:
        """Run the children over each message, and put the results together."""
        results: list[Batch] = []
        for message in batch:
            results += await self._chain.process([[message]])
        return joined(results)
