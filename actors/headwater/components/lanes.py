"""What outputs share that hand batches on to several others: what is under way at each, and what becomes of a batch
whose messages went different ways."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, cast

from headwater import tasks
from headwater.errors import BatchFailure, ComponentError, HeadwaterError

if TYPE_CHECKING:
    from headwater.acknowledge import Failure
    from headwater.components.contracts import Output
    from headwater.components.redelivery import Redelivery
    from headwater.message import Batch, Batches

WriteMany = Callable[["Batches"], Awaitable["Sequence[Failure | None] | None"]]


class Lane:
    """The way to one output.

    Args:
        output: Where it leads.
        redelivery: Sends again what failed; None to report failures.
    """

    __slots__ = ("_redelivery", "active", "output")

    def __init__(self, output: Output, redelivery: Redelivery | None = None) -> None:
        self.output = output
        self.active = 0
        self._redelivery = redelivery

    def room(self) -> int:
        """How many more batches it can use; below 0 where some wait already."""
        waiting = 0 if self._redelivery is None else self._redelivery.waiting
        return self.output.room(self.active - waiting)

    async def write(self, batch: Batch) -> None:
        """Deliver a batch. Raises: ComponentError."""
        self.active += 1
        try:
            if self._redelivery is None:
                await self.output.write(batch)
            else:
                await self._redelivery.write(self.output, batch)
        finally:
            self.active -= 1

    async def write_many(self, batches: Batches) -> Sequence[Failure | None] | None:
        """Deliver many batches with one call, where the output takes that; what failed is sent again one by one."""
        write_many = cast("WriteMany", self.output.write_many)
        failures = await write_many(batches)
        if failures is None or self._redelivery is None:
            return failures
        places = [place for place, failure in enumerate(failures) if failure is not None]
        outcomes = await tasks.settle(*(self._again(batches[place], failures[place]) for place in places))
        results: list[Failure | None] = [None] * len(batches)
        for place, outcome in zip(places, outcomes, strict=True):
            results[place] = as_failure(outcome)
        return results

    async def _again(self, batch: Batch, failure: Failure | None) -> None:
        assert self._redelivery is not None
        await self._redelivery.after(failure, self.output, batch)


class Shares:
    """Parts of some batches for each of several lanes, and the failures of the batches as wholes.

    Args:
        batches: The batches that came in.
        lanes: Where parts of them may go.
    """

    def __init__(self, batches: Sequence[Batch], lanes: Sequence[Lane]) -> None:
        self._batches = batches
        self._lanes = lanes
        self._parts: list[list[tuple[int, Sequence[int] | None]]] = [[] for _ in lanes]
        self._failures: dict[int, dict[int, Exception]] = {}

    def add(self, lane: int, position: int, indices: Sequence[int] | None = None) -> None:
        """Send messages of a batch down a lane; all of them where no indices are given."""
        self._parts[lane].append((position, indices))

    def fail(self, position: int, index: int, error: Exception) -> None:
        """Note that a message goes nowhere."""
        self._failures.setdefault(position, {}).setdefault(index, error)

    async def deliver(self, *, many: bool, only: Sequence[int] | None = None) -> None:
        """Write all parts, down all lanes at once.

        Args:
            many: Whether to use the lanes' `write_many`.
            only: The lanes to write to; None for all.
        """
        used = [lane for lane in (range(len(self._lanes)) if only is None else only) if self._parts[lane]]
        if len(used) == 1:
            await self._deliver(used[0], many)
        elif used:
            await tasks.gather(*(self._deliver(lane, many) for lane in used))

    async def _deliver(self, lane: int, many: bool) -> None:
        parts = self._parts[lane]
        batches = [
            self._batches[position] if indices is None else [self._batches[position][index] for index in indices]
            for position, indices in parts
        ]
        if many:
            failures = await self._lanes[lane].write_many(batches)
            if failures is not None:
                for (position, indices), failure in zip(parts, failures, strict=True):
                    self.note(position, indices, failure)
            return
        outcomes = await tasks.settle(*(self._lanes[lane].write(batch) for batch in batches))
        for (position, indices), outcome in zip(parts, outcomes, strict=True):
            self.note(position, indices, as_failure(outcome))

    def note(self, position: int, indices: Sequence[int] | None, failure: Failure | None) -> None:
        """Note what became of messages of a batch; all of them where no indices are given."""
        if failure is None:
            return
        if indices is None:
            indices = range(len(self._batches[position]))
        mine = self._failures.setdefault(position, {})
        known = isinstance(failure, BatchFailure) and any(index < len(indices) for index in failure.failures)
        if isinstance(failure, BatchFailure) and known:
            for index, reason in failure.failures.items():
                if index < len(indices):
                    mine.setdefault(indices[index], reason)
        else:
            # It is about all, or about messages that nobody here knows: then all of them count as failed.
            for index in indices:
                mine.setdefault(index, failure)

    def failures(self) -> list[Failure | None] | None:
        """What became of each batch; None when all were delivered."""
        if not self._failures:
            return None
        return [self._failure(position) for position in range(len(self._batches))]

    def _failure(self, position: int) -> Failure | None:
        mine = self._failures.get(position)
        if not mine:
            return None
        if len(mine) == len(self._batches[position]):
            reasons = list(mine.values())
            if all(reason is reasons[0] for reason in reasons) and isinstance(reasons[0], ComponentError):
                return reasons[0]
        return BatchFailure(mine)

    def unharmed(self, position: int) -> list[int]:
        """The messages of a batch that nothing is known against so far."""
        mine = self._failures.get(position, {})
        return [index for index in range(len(self._batches[position])) if index not in mine]

    def raise_failure(self) -> None:
        """Raise what became of the only batch, unless it was delivered."""
        failures = self.failures()
        if failures is not None and failures[0] is not None:
            raise failures[0]


def as_failure(outcome: object) -> Failure | None:
    """The outcome of a write as a failure. What is none of our errors is a fault, and goes up."""
    if outcome is None or isinstance(outcome, ComponentError):
        return outcome
    if isinstance(outcome, HeadwaterError):
        return ComponentError(str(outcome))
    assert isinstance(outcome, BaseException)
    raise outcome
