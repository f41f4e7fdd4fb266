"""Processor `parallel`: children for all messages of a batch at once."""

from __future__ import annotations

from headwater import tasks
from headwater.components.catalogue import component
from headwater.components.composition import joined, never_waits, run_at_once, singles
from headwater.components.contracts import Processor
from headwater.components.resources import Resources
from headwater.config.fields import integer, processors, spec
from headwater.config.view import Config
from headwater.message import Batch, Message

SPEC = spec(
    "processor",
    "parallel",
    integer("cap", "How many messages may be under way at once; 0 for all of a batch.", default=0),
    processors("processors", "What is done to each message."),
    categories=("Composition",),
    composite=True,
    summary="Run processors on all messages of a batch at once, each as if it were alone.",
    description=(
        "Worth it where processors wait for something, such as `http`. The results are put together as one batch, in "
        "the "
        "order of the messages that they came from."
    ),
    examples=(
        (
            "Ten requests at once",
            "pipeline:\n  processors:\n    - parallel:\n        cap: 10\n        processors:\n"
            "          - http:\n              url: http://localhost:8080/enrich\n              verb: POST\n",
        ),
    ),
)


@component(SPEC)
class Parallel(Processor):
    """Runs its children over the messages of a batch side by side."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._cap = config.integer("cap")
        self._chain = resources.build_chain(config.children("processors"))
        steps = singles([self._chain])
        if steps is not None:
            # Nothing waits in there, so side by side is no faster than one after the other.
            self.each = steps[0]
        self._waits = not never_waits([self._chain])
        run_at_once(self, [self._chain])

    async def process(self, batch: Batch) -> list[Batch]:
        """Run the children over all messages, `cap` of them at a time."""
        workers = len(batch) if self._cap <= 0 else min(self._cap, len(batch))
        if not self._waits:
            workers = 1
        results: list[list[Batch]] = [[] for _ in batch]
        waiting = iter(enumerate(batch))

        async def work() -> None:
            place: int
            message: Message
            for place, message in waiting:
                results[place] = await self._chain.process([[message]])

        await tasks.gather(*(work() for _ in range(workers)))
        return joined(made for result in results for made in result)

    async def close(self) -> None:
        """Close the children."""
        await self._chain.close()
