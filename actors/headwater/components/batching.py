"""Batching: transactions joined into batches by count, size, age or a check, and taken apart when they are settled.

Both ends of a stream use it. What sends (the batching of outputs, a buffer):

    batcher = Batcher(config.object("batching"), resources)
    for joined in batcher.add_all(delivery):        # what its transactions complete
        for part in await batcher.finish(joined):   # the policy's processors, then one or more parts to deliver
            part.settle(failure)                    # each part once; what was added is settled when all are
    batcher.wait()                                  # seconds until the rest is due: then batcher.flush("period")

What reads wraps its input: `BatchedInput(child, batcher)`.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from headwater import durations, tasks
from headwater.acknowledge import Delivery, Failure, Fragments
from headwater.components.contracts import Input
from headwater.errors import BatchFailure, ComponentError, ConfigError, EndOfInput, HeadwaterError, Unserved
from headwater.message import UNSET, Batch, Message, Payloads, numbered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from headwater.components.resources import Resources
    from headwater.config.view import Config

GUESS = 16
"""Messages of a batch where its policy does not count them."""

MOST_AT_ONCE = 2048
"""Messages that are asked for at once."""

Done = Callable[[Failure | None], None]
"""Settles one transaction: acked (None), or nacked with a failure whose indices are those of its own batch."""


class _Run:
    """Transactions of one delivery that follow each other in a batch: they are settled together where they can be."""

    __slots__ = ("delivery", "indices", "sizes")

    def __init__(self, delivery: Delivery) -> None:
        self.delivery = delivery
        self.indices: list[int] = []
        self.sizes: list[int] = []

    def settle(self, failure: Failure | None) -> None:
        """Settle all of them alike."""
        whole = len(self.indices) == len(self.delivery.batches)
        self.delivery.settle(None if whole else self.indices, failure)

    def settle_each(self, failure: BatchFailure, start: int) -> int:
        """Settle each with the failures of its own messages; `start` is the place of the first in the whole batch.

        Returns: the place behind the last.
        """
        for index, size in zip(self.indices, self.sizes, strict=True):
            end = start + size
            own = {place - start: error for place, error in failure.failures.items() if start <= place < end}
            self.delivery.settle((index,), BatchFailure(own) if own else None)
            start = end
        return start


class Joined:
    """A closed batch, and the transactions that it consists of."""

    __slots__ = ("_runs", "batch")

    def __init__(self) -> None:
        self.batch: Batch = []
        self._runs: list[_Run] = []

    def __len__(self) -> int:
        return len(self.batch)

    # HOT: once a transaction
    def add(self, delivery: Delivery, index: int) -> None:
        """Append a transaction; its messages get their places in the whole as origin."""
        mine = self.batch
        batch = delivery.batches[index]
        for message in batch:
            mine.append(
                Message(message.raw, message.parsed, message.metadata, message.error, len(mine), message.context)
            )
        runs = self._runs
        if not runs or runs[-1].delivery is not delivery:
            runs.append(_Run(delivery))
        runs[-1].indices.append(index)
        runs[-1].sizes.append(len(batch))

    # HOT: once a chunk
    def add_payloads(self, delivery: Delivery, payloads: Payloads, first: int) -> None:
        """Append a part of a delivery that is nothing but payloads; the part begins with its transaction `first`."""
        mine, metadata, count = self.batch, payloads.metadata, len(payloads)
        mine += [
            Message(content, UNSET, metadata, None, place)
            for place, content in enumerate(payloads.contents, len(mine))
        ]
        run = _Run(delivery)
        run.indices.extend(range(first, first + count))
        run.sizes.extend([1] * count)
        self._runs.append(run)

    def settle(self, failure: Failure | None) -> None:
        """Settle all transactions: each hears of its own messages only."""
        if isinstance(failure, BatchFailure):
            start = 0
            for run in self._runs:
                start = run.settle_each(failure, start)
        else:
            for run in self._runs:
                run.settle(failure)


@dataclass(slots=True)
class Part:
    """A batch to deliver, with its messages' own places as origin.

    Attributes:
        batch: What goes on.
        settle: To be called once, with a failure by index of `batch`.
    """

    batch: Batch
    settle: Done


class Batcher:
    """Gathers transactions until a policy closes the batch.

    Args:
        config: The policy, an object of `batch_policy`.
        resources: Of the component that batches.

    Raises:
        ConfigError: The policy has no trigger, or one that makes no sense.
    """

    def __init__(self, config: Config, resources: Resources) -> None:
        self._count = config.integer("count")
        self._size = config.integer("byte_size")
        period = config.text("period")
        try:
            self._period = durations.parse_seconds(period) if period else 0.0
        except durations.InvalidDuration as error:
            raise ConfigError(f"failed to parse duration string: {error}") from None
        self._check = config.mapping("check")
        self._jitter = config.number("jitter")
        if self._jitter < 0:
            raise ConfigError("jitter cannot be a negative number")
        if self._count <= 0 and self._size <= 0 and self._period <= 0 and self._check is None:
            raise ConfigError("batch policy must have at least one active trigger")
        # Wherever the policy stands in its component, this is the path that users of Benthos know it by.
        path = resources.path.removesuffix(".batching") + ".batching"
        self._chain = resources.build_chain(config.at(path).children("processors"))
        self._log = resources.log.having(path=path)
        if self._count <= 0 and self._size <= 0 and self._period <= 0:
            self._log.warning(
                "Batch policy should have at least one of count, period or byte_size set in order to provide a hard "
                "batch ceiling."
            )
        self._clock = resources.clock
        metrics = resources.metrics
        self._created = {
            mechanism: metrics.counter("batch_created", mechanism=mechanism)
            for mechanism in ("count", "size", "period", "check")
        }
        self._reset()

    @staticmethod
    def idle(config: Config) -> bool:
        """Whether a policy leaves everything as it is: nothing set, or a count of 1 alone."""
        return (
            config.integer("count") <= 1
            and config.integer("byte_size") <= 0
            and not config.text("period")
            and not config.text("check")
            and not config.children("processors")
        )

    def _reset(self) -> None:
        self._joined = Joined()
        self._bytes = 0
        self._due = 0.0

    def __len__(self) -> int:
        """How many messages wait for company."""
        return len(self._joined.batch)

    def add_all(self, delivery: Delivery) -> list[Joined]:
        """Add the transactions of a delivery. Returns: the batches that they complete."""
        if isinstance(delivery.batches, Payloads) and self._count > 0 and self._size <= 0 and self._check is None:
            return self._add_payloads(delivery, delivery.batches)
        add = self._add
        return [joined for index in range(len(delivery.batches)) if (joined := add(delivery, index)) is not None]

    # HOT: once a transaction
    def _add(self, delivery: Delivery, index: int) -> Joined | None:
        joined = self._begun()
        start = len(joined.batch)
        joined.add(delivery, index)
        mechanism = self._trigger(joined.batch, start) or self._overdue()
        return self.flush(mechanism) if mechanism else None

    # HOT: once a chunk
    def _add_payloads(self, delivery: Delivery, payloads: Payloads) -> list[Joined]:
        """The same for many that count for one message each."""
        closed: list[Joined] = []
        at = 0
        while at < len(payloads):
            joined = self._begun()
            part = payloads[at : at + self._count - len(joined.batch)]
            joined.add_payloads(delivery, part, at)
            at += len(part)
            mechanism = "count" if len(joined.batch) >= self._count else self._overdue()
            if mechanism and (full := self.flush(mechanism)) is not None:
                closed.append(full)
        return closed

    def _begun(self) -> Joined:
        """The batch that is open; its period begins with its first message."""
        joined = self._joined
        if not joined.batch and self._period > 0:
            spread = self._period * self._jitter
            self._due = self._clock.now() + self._period + (random.random() * spread if spread else 0.0)
        return joined

    def _overdue(self) -> str:
        return "period" if self._period > 0 and self._clock.now() >= self._due else ""

    def _trigger(self, messages: Batch, start: int) -> str:
        """What closes the batch now, or nothing."""
        if 0 < self._count <= len(messages):
            return "count"
        if self._size > 0:
            self._bytes += sum(len(message.content()) for message in messages[start:])
            if self._bytes >= self._size:
                return "size"
        if self._check is not None:
            for end in range(start + 1, len(messages) + 1):
                try:
                    if self._check.check(messages[end - 1], messages[:end], end - 1):
                        return "check"
                except HeadwaterError as error:
                    self._log.error(f"Failed to execute batch check query: {error}")
        return ""

    def wait(self) -> float | None:
        """Seconds until the period closes the batch; None when nothing waits for that."""
        if not self._joined.batch or self._period <= 0:
            return None
        return max(0.0, self._due - self._clock.now())

    def flush(self, mechanism: str = "") -> Joined | None:
        """Close the batch as it is; a reason that is one of the policy's is counted. Returns: None when empty."""
        if not self._joined.batch:
            return None
        joined = self._joined
        self._reset()
        created = self._created.get(mechanism)
        if created is not None:
            created.add()
        return joined

    def wanted(self, batches: int) -> int:
        """How many transactions of one message it takes for so many batches, about."""
        return min(MOST_AT_ONCE, max(1, batches * (self._count or GUESS) - len(self)))

    @property
    def processes(self) -> bool:
        """Whether the policy has processors; without, a closed batch goes on as it is."""
        return bool(len(self._chain))

    async def finish(self, joined: Joined) -> list[Part]:
        """Run the policy's processors over a closed batch. What they drop is settled here."""
        if not self.processes:
            return [Part(joined.batch, joined.settle)]
        try:
            # What they split comes together again: a closed batch is delivered as one.
            made = [message for batch in await self._chain.process([joined.batch]) for message in batch]
        except Unserved as error:
            joined.settle(error)
            return []
        if not made:
            joined.settle(None)
            return []
        return [_part(made, Fragments(1, joined.settle))]

    async def close(self) -> None:
        """Close the policy's processors."""
        await self._chain.close()


def _part(batch: Batch, fragments: Fragments) -> Part:
    """A part of what a policy's processors made; the failure of it is told by the origins that they left."""
    return Part(numbered(batch), lambda failure: fragments.settle(batch, failure))


def delivery_of(parts: Sequence[Part]) -> Delivery:
    """Parts as what an input hands over."""

    def settle(indices: Sequence[int] | None, failure: Failure | None) -> None:
        for index in range(len(parts)) if indices is None else indices:
            parts[index].settle(failure)

    return Delivery([part.batch for part in parts], settle)


class BatchedInput(Input):
    """An input whose messages are joined by a policy.

    What is gathered goes out when the policy says so, when the input ends, and when it waits for settlements.
    """

    connects = False

    def __init__(self, child: Input, batcher: Batcher) -> None:
        self._child = child
        self._batcher = batcher
        self._reading: tasks.Task[Delivery] | None = None
        self._ended = False
        self._draining = tasks.Event()
        self._failure: ComponentError | None = None
        self._closed: list[Joined] = []
        self._finishing: tasks.Task[list[Part]] | None = None
        self._parts: list[Part] = []
        self.stalled: tasks.Event = tasks.Event()

    async def connect(self) -> None:
        await self._child.connect()

    async def read(self, limit: int) -> Delivery:
        """The next batches that the policy closed."""
        while True:
            # Kept where a read that is given up leaves them to the next one.
            if not self._batcher.processes:
                self._parts.extend([Part(joined.batch, joined.settle) for joined in self._closed])
                self._closed = []
            while self._closed:
                self._finishing = self._finishing or tasks.spawn(
                    self._batcher.finish(self._closed[0]), "batch processors", watched=True
                )
                made = await self._finishing
                self._finishing = None
                del self._closed[0]
                self._parts.extend(made)
            if self._parts:
                parts, self._parts = self._parts, []
                return delivery_of(parts)
            if self._failure is not None:
                failure, self._failure = self._failure, None
                raise failure
            self._closed = await self._gather(limit)

    async def _gather(self, limit: int) -> list[Joined]:
        """Read on until at least one batch is closed."""
        batcher = self._batcher
        while True:
            if self._ended or self._draining.is_set():
                left = batcher.flush()
                if left is None:
                    raise EndOfInput
                return [left]
            reading = self._reading
            if reading is None:
                wanted = batcher.wanted(limit)
                reading = self._reading = tasks.spawn(self._child.read(wanted), "batched read", watched=True)
            if not reading.done() and not await self._wait(reading):
                left = batcher.flush("period" if batcher.wait() == 0.0 else "")
                if left is not None:
                    return [left]
                continue
            self._reading = None
            try:
                delivery = reading.result()
            except EndOfInput:
                self._ended = True
                continue
            except ComponentError as error:
                left = batcher.flush()
                if left is None:
                    raise
                self._failure = error
                return [left]
            closed = batcher.add_all(delivery)
            if closed:
                return closed

    async def _wait(self, reading: tasks.Task[Delivery]) -> bool:
        """Wait for the child as long as the policy allows. Returns: False when what is gathered shall not wait."""
        stalled = self._child.stalled
        seconds = self._batcher.wait()
        if not len(self._batcher):
            if stalled is not None and stalled.is_set():
                self.stalled.set()
                try:
                    await tasks.first(reading)
                finally:
                    self.stalled.clear()
                return True
            if stalled is None:
                await tasks.first(reading)
            else:
                await tasks.first(reading, stalled.future)
            return reading.done()
        signals: list[tasks.Future[Any]] = [reading, self._draining.future]
        if stalled is not None:
            if stalled.is_set():
                return False
            signals.append(stalled.future)
        timer = None
        if seconds is not None:
            due: tasks.Future[None] = tasks.Future()
            timer = tasks.current_host().clock.after(seconds, due.fire)
            signals.append(due)
        try:
            await tasks.first(*signals)
        finally:
            if timer is not None:
                timer.cancel()
        return reading.done()

    def drain(self) -> None:
        self._draining.set()

    async def close(self) -> None:
        """Give up what is gathered: it is not settled, so its source has it still."""
        for task in (self._reading, self._finishing):
            if task is not None:
                task.cancel()
        await self._child.close()
        await self._batcher.close()
