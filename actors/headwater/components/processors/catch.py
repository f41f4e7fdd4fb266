"""Processor `catch`: children for what has failed."""

from __future__ import annotations

from collections.abc import Sequence

from headwater.components.catalogue import component
from headwater.components.composition import all_portable, joined, run_at_once, run_where, singles
from headwater.components.contracts import Processor
from headwater.components.resources import Resources
from headwater.config.fields import processors, spec
from headwater.config.view import Config
from headwater.message import Batch, Message

SPEC = spec(
    "processor",
    "catch",
    root=processors(default=[], description="What is done to each message that has failed."),
    categories=("Composition",),
    composite=True,
    summary="Run processors on messages that have failed, and take the marks off them.",
    description=(
        "Each failed message is processed by itself, through all of the processors, and `error()` tells each of them "
        "why "
        "it failed. No message that leaves is marked as failed, not even when a processor of the list failed as well. "
        "An "
        "empty list takes the marks off."
    ),
    examples=(
        (
            "Put the reason into the message",
            "pipeline:\n  processors:\n    - mapping: root = this.name.uppercase()\n"
            "    - catch:\n        - mapping: root.problem = error()\n",
        ),
    ),
)


def failed(message: Message) -> bool:
    """Whether a message has failed."""
    return message.error is not None


@component(SPEC)
class Catch(Processor):
    """Runs its children over failed messages."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._chain = resources.build_chain(config.children())
        self._steps = singles([self._chain])
        if self._steps is not None:
            self.each = self._each
        self.portable = all_portable([self._chain])
        run_at_once(self, [self._chain])

    def _each(self, messages: Sequence[Message]) -> list[Message | None]:
        results: list[Message | None] = list(messages)
        for step in self._steps or ():
            run_where(step, results, failed)
        return [m if m is None or m.error is None else m.with_error(None) for m in results]

    async def process(self, batch: Batch) -> list[Batch]:
        """Run the children over each failed message by itself, and put all together, without marks."""
        results: list[Batch] = []
        for message in batch:
            if message.error is None:
                results.append([message])
            else:
                results += await self._chain.process([[message]])
        return joined([m if m.error is None else m.with_error(None) for m in result] for result in results)

    async def close(self) -> None:
        """Close the children."""
        await self._chain.close()
