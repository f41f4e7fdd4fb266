"""Processor `try`: children until one of them fails."""

from __future__ import annotations

from collections.abc import Sequence

from headwater.components.catalogue import component
from headwater.components.composition import all_portable, close_all, joined, run_at_once, run_where, singles
from headwater.components.contracts import Processor
from headwater.components.resources import Chain, Resources
from headwater.config.fields import processors, spec
from headwater.config.view import Config
from headwater.message import Batch, Message

SPEC = spec(
    "processor",
    "try",
    root=processors(default=[], description="What is done to each message until something fails."),
    categories=("Composition",),
    composite=True,
    summary="Run processors on each message, and skip the rest of them once one has failed.",
    description=(
        "Each message of a batch is processed by itself. A message that had failed before is not processed at all. "
        "Put a "
        "`catch` behind it to deal with what failed."
    ),
    examples=(
        (
            "Stop at the first failure",
            "pipeline:\n  processors:\n    - try:\n        - mapping: root = this.order\n"
            "        - mapping: root.total = this.price * this.count\n"
            "    - catch:\n        - mapping: root.problem = error()\n",
        ),
    ),
)


async def try_each(chains: Sequence[Chain], batch: Batch) -> list[Batch]:
    """Run chains one after the other over each message by itself; a failed one skips the rest."""
    groups: list[Batch] = [[message] for message in batch]
    for chain in chains:
        results: list[Batch] = []
        for group in groups:
            if group[0].error is not None:
                results.append(group)
            else:
                results += await chain.process([group])
        groups = results
    return groups


def sound(message: Message) -> bool:
    """Whether a message has not failed."""
    return message.error is None


@component(SPEC)
class Try(Processor):
    """Runs its children one after the other, each only over what has not failed."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._chains: list[Chain] = [resources.build_chain([child]) for child in config.children()]
        self._steps = singles(self._chains)
        if self._steps is not None:
            self.each = self._each
        self.portable = all_portable(self._chains)
        run_at_once(self, self._chains)

    def _each(self, messages: Sequence[Message]) -> list[Message | None]:
        results: list[Message | None] = list(messages)
        for step in self._steps or ():
            run_where(step, results, sound)
        return results

    async def process(self, batch: Batch) -> list[Batch]:
        """Run the children over each message by itself, and put the results together."""
        return joined(await try_each(self._chains, batch))

    async def close(self) -> None:
        """Close the children."""
        await close_all(self._chains)
