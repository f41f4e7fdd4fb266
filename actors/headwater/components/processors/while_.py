"""Processor `while`: children again and again."""

from __future__ import annotations

from headwater import tasks
from headwater.bloblang import BloblangError
from headwater.components.catalogue import component
from headwater.components.contracts import Processor
from headwater.components.resources import Resources
from headwater.config.fields import boolean, integer, mapping, processors, spec
from headwater.config.view import Config
from headwater.errors import ConfigError
from headwater.message import Batch

SPEC = spec(
    "processor",
    "while",
    boolean("at_least_once", "Run once before the check is looked at.", default=False),
    integer("max_loops", "Run so often at the most; 0 for no limit.", default=0, advanced=True),
    mapping(
        "check",
        "A query about the first message of the batch: run again while it is true.",
        default="",
        examples=("errored()", "this.urls.unprocessed.length() > 0"),
    ),
    processors("processors", "What is done in each round."),
    categories=("Composition",),
    composite=True,
    summary="Run processors on a batch again and again, as long as a query is true.",
    description=(
        "It ends when no message is left. Where the processors make several batches of one, the query is about the "
        "first "
        "of them. A query that fails counts as false."
    ),
    examples=(
        (
            "Double until it is large",
            "pipeline:\n  processors:\n    - while:\n        check: this.n < 100\n        processors:\n"
            "          - mutation: root.n = this.n * 2\n",
        ),
    ),
)

ROUNDS_IN_A_TURN = 64
"""After so many rounds other work gets its turn, and a stream that is ended by force can end."""


@component(SPEC)
class While(Processor):
    """Runs its children while a query about the first message is true."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._resources = resources
        self._at_least_once = config.boolean("at_least_once")
        self._max_loops = config.integer("max_loops")
        check = config.mapping("check")
        if check is None:
            raise ConfigError("a check query is required")
        self._check = check
        self._chain = resources.build_chain(config.children("processors"))

    async def process(self, batch: Batch) -> list[Batch]:
        """Run the children while the check is true."""
        batches = [batch]
        rounds = 0
        again = self._at_least_once or self._true(batch)
        while again and not (0 < self._max_loops <= rounds):
            batches = await self._chain.process(batches)
            if not batches:
                break
            rounds += 1
            if rounds % ROUNDS_IN_A_TURN == 0:
                await tasks.sleep(0)
            again = self._true(batches[0])
        return batches

    def _true(self, batch: Batch) -> bool:
        try:
            return self._check.check(batch[0], batch, 0)
        except BloblangError as error:
            self._resources.log.error(f"Query failed for loop: {error}")
            return False

    async def close(self) -> None:
        """Close the children."""
        await self._chain.close()
