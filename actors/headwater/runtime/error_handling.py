"""What the section `error_handling` asks for: messages that processors failed on are logged, rejected, or processed
again."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from headwater import tasks
from headwater.clock import Clock
from headwater.components.backoff import Backoff
from headwater.components.contracts import Processor
from headwater.components.resources import Resources
from headwater.errors import ConfigError, Unserved
from headwater.message import Batch
from headwater.runtime.chain import Link, ProcessorChain
from headwater.telemetry.logs import Log

if TYPE_CHECKING:
    from headwater.config.view import ComponentConfig, Config

STRATEGIES: Final = ("none", "reject", "retry")

SELF_HELP: Final[Mapping[str, Collection[str]]] = {
    "processor": ("catch", "retry", "switch", "try", "try_catch"),
    "output": ("reject_errored", "switch"),
}
"""Components by kind that look at failed messages themselves. A stream that has one of them is left to it."""

FIRST_WAIT: Final = 0.1
LONGEST_WAIT: Final = 60.0


class ProcessingFailed(Unserved):
    """A processor has failed on a message of a batch, and so has the batch."""


@dataclass(frozen=True, slots=True)
class ErrorHandling:
    """The section, read.

    Attributes:
        strategy: What becomes of a batch with a failed message: ``none`` lets it go on, ``reject`` hands it back to
            its input, ``retry`` has it processed again after a while, as often as it takes.
        log: Whether failed messages are logged.
        payload: Whether with their content.
        ratio: Which part of them, chosen at random.
    """

    strategy: str = "none"
    log: bool = False
    payload: bool = False
    ratio: float = 1.0

    @classmethod
    def of(cls, config: Config) -> ErrorHandling:
        """What a configuration says. Raises: ConfigError."""
        strategy = config.text("strategy").lower()
        if strategy not in STRATEGIES:
            raise ConfigError(f"error_handling.strategy is {strategy!r}, but can only be none, reject or retry")
        ratio = config.number("log.sampling_ratio")
        if not 0 <= ratio <= 1:
            raise ConfigError(f"error_handling.log.sampling_ratio is {ratio}, but must be between 0 and 1")
        return cls(strategy, config.boolean("log.enabled"), config.boolean("log.add_payload"), ratio)

    def guard(self, clock: Clock, log: Log) -> ErrorGuard | None:
        """What sees to this in one stream; None where there is nothing to see to."""
        return ErrorGuard(self, clock, log) if self.log or self.strategy != "none" else None


class ErrorGuard:
    """Looks at what the processors of one stream make."""

    def __init__(self, rules: ErrorHandling, clock: Clock, log: Log) -> None:
        self._rules = rules
        self._clock = clock
        self._log = log
        self.strict = rules.strategy != "none"

    def meet(self, config: ComponentConfig) -> None:
        """Take note of a component of the stream."""
        if self.strict and config.name in SELF_HELP.get(config.kind, ()):
            self.strict = False
            self._log.warning(
                f"Failed messages go on instead of error_handling with strategy '{self._rules.strategy}', since the "
                f"{config.kind} '{config.name}' may look at them",
                path=config.path,
            )

    def link(self, processor: Processor, resources: Resources) -> Link:
        """A processor as part of a chain."""
        return GuardedLink(processor, resources, self)

    def chain(self, links: Sequence[Link]) -> ProcessorChain:
        """A chain that is no child of another processor."""
        return RetryingChain(links, self) if self._rules.strategy == "retry" else ProcessorChain(links)

    def backoff(self) -> Backoff:
        """The waits between attempts."""
        return Backoff(self._clock, FIRST_WAIT, LONGEST_WAIT)

    def look(self, results: Sequence[Batch], known: Collection[int], log: Log) -> None:
        """Look at what a processor has made of a batch.

        Args:
            known: Ids of the marks that its messages had before.

        Raises:
            ProcessingFailed: There is a mark, and no message shall go on with one.
        """
        failed = None
        for batch in results:
            for message in batch:
                mark = message.error
                if mark is None:
                    continue
                failed = failed or mark
                if self._rules.log and id(mark) not in known and random.random() < self._rules.ratio:
                    fields = {}
                    if self._rules.payload:
                        fields["payload"] = message.content().decode("utf-8", "replace")
                    log.error(f"Failed to process message: {mark.text}", **fields)
        if failed is not None and self.strict:
            raise ProcessingFailed(failed.text)


class GuardedLink(Link):
    """A processor whose results are looked at. Counts as one that may wait, since its batch may be handed back."""

    def __init__(self, processor: Processor, resources: Resources, guard: ErrorGuard) -> None:
        super().__init__(processor, resources)
        self._guard = guard
        self._asynchronous = self.waits
        self.waits = True

    @property
    def portable(self) -> bool:
        return False

    async def run(self, batch: Batch) -> list[Batch]:
        known = {id(message.error) for message in batch if message.error is not None}
        results = await super().run(batch) if self._asynchronous else self.run_now(batch)
        self._guard.look(results, known, self.resources.log)
        return results


class RetryingChain(ProcessorChain):
    """A chain that takes a batch as often as it takes until nothing fails."""

    def __init__(self, links: Sequence[Link], guard: ErrorGuard) -> None:
        super().__init__(links)
        self._guard = guard

    async def process(self, batches: list[Batch]) -> list[Batch]:
        results: list[Batch] = []
        for batch in batches:
            results += await self._until_done(batch)
        return results

    async def _until_done(self, batch: Batch) -> list[Batch]:
        backoff = self._guard.backoff()
        while True:
            try:
                return await super().process([batch])
            except ProcessingFailed:
                await tasks.sleep(backoff.wait() or LONGEST_WAIT)
