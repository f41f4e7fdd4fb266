"""Buffer `memory`: keeps messages in memory, up to so many bytes."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Sequence

from headwater import tasks
from headwater.acknowledge import Delivery, Failure, failed_messages
from headwater.clock import Timer
from headwater.components.batching import BatchedInput, Batcher
from headwater.components.buffers._meter import Meter, now
from headwater.components.catalogue import component
from headwater.components.contracts import Buffer, Input
from headwater.components.resources import Resources
from headwater.config.fields import batch_policy, boolean, integer, spec
from headwater.config.spec import Field
from headwater.config.view import Config
from headwater.errors import EndOfInput, Undeliverable
from headwater.message import Batch, Batches, Message
from headwater.telemetry.tracing import trace_only


def _switched_policy() -> Field:
    """A batch policy with a switch of its own."""
    from msgspec.structs import replace

    policy = batch_policy("batch_policy", "Join messages as they leave the buffer.")
    switch = boolean("enabled", "Whether messages are joined.", default=False)
    return replace(policy, fields=(switch, *policy.fields))


SPEC = spec(
    "buffer",
    "memory",
    integer("limit", "How many bytes of content are kept at the most; whoever sends more waits.", default=524288000),
    _switched_policy(),
    boolean(
        "spillover",
        "Drop messages that do not fit, instead of letting them wait.",
        default=False,
        advanced=True,
        dialect="bento",
        since="1.13.0",
    ),
    categories=("Utility",),
    summary="Keep messages in memory, and ack them at once.",
    description=(
        "What is in the buffer is lost when the process dies. When a stream is stopped the buffer is emptied first. A "
        "message that is larger than the limit is refused."
    ),
    examples=(("A hundred megabytes", "buffer:\n  memory:\n    limit: 100000000\n"),),
)

AT_ONCE = 2
"""How often a rejected batch is sent again without a wait."""


class _Entry:
    """A batch that is kept."""

    __slots__ = ("batch", "rejections", "size")

    def __init__(self, batch: Batch, size: int) -> None:
        self.batch = batch
        self.size = size
        self.rejections = 0


class _Store(Input):
    """The batches, as an input reads them: first in, first out; what was rejected goes back to the front."""

    connects = False

    def __init__(self, limit: int, meter: Meter) -> None:
        self._limit = limit
        self._meter = meter
        self._entries: deque[_Entry] = deque()
        self._bytes = 0
        self._messages = 0
        self._open = 0
        self._waits: deque[tuple[int, tasks.Future[None]]] = deque()
        self._changed = tasks.Event()
        self._ended = False
        self._host: tasks.Host | None = None
        self._timers: dict[_Entry, Timer] = {}
        self.stalled: tasks.Event = tasks.Event()

    def fits(self, size: int) -> bool:
        """Whether there is room for so many bytes now."""
        return self._bytes + size <= self._limit

    # HOT: once a batch
    def put_now(self, batch: Batch, size: int) -> bool:
        """Keep a batch if there is room and nobody waits for it."""
        if self._waits or self._bytes + size > self._limit:
            return False
        self._bytes += size
        self._keep(batch, size)
        return True

    def _keep(self, batch: Batch, size: int) -> None:
        self._entries.append(_Entry(batch, size))
        self._messages += len(batch)
        self._meter.active(self._messages)
        if not self._changed.is_set():
            self._changed.set()

    async def put(self, batch: Batch, size: int) -> None:
        """Keep a batch, once there is room."""
        if self._waits or not self.fits(size):
            room: tasks.Future[None] = tasks.Future()
            entry = (size, room)
            self._waits.append(entry)
            self._changed.set()
            try:
                await room
            except tasks.Cancelled:
                if room.done():
                    self._bytes -= size
                    self._admit()
                else:
                    self._waits.remove(entry)
                raise
        else:
            self._bytes += size
        self._keep(batch, size)

    def end(self) -> None:
        """No more will be put."""
        self._ended = True
        self._changed.set()

    # HOT: once a chunk
    async def read(self, limit: int) -> Delivery:
        if self._host is None:
            self._host = tasks.current_host()
        entries = self._entries
        while not entries:
            if self._ended and not self._open and not self._waits:
                raise EndOfInput
            self._changed.clear()
            if self._open and (self._ended or self._waits):
                # Nothing comes before some of what was read is settled: the end, or room for those that wait.
                self.stalled.set()
            try:
                await self._changed.wait()
            finally:
                self.stalled.clear()
        taken = [entries.popleft() for _ in range(min(limit, len(entries)))]
        self._open += len(taken)
        started = now()

        def settle(indices: Sequence[int] | None, failure: Failure | None) -> None:
            chosen = taken if indices is None else [taken[index] for index in indices]
            self._meter.settled(started, len(chosen))
            if failure is None:
                self._release(chosen)
            else:
                # From the back, so that several come back in the order they had.
                for entry in reversed(chosen):
                    self._reject(entry, failure)

        return Delivery([entry.batch for entry in taken], settle)

    def _release(self, entries: Sequence[_Entry]) -> None:
        for entry in entries:
            self._bytes -= entry.size
            self._messages -= len(entry.batch)
        self._open -= len(entries)
        self._meter.active(self._messages)
        if self._waits:
            self._admit()
        if self._ended:
            self._changed.set()

    def _admit(self) -> None:
        """Let those in that wait for room, in their order."""
        while self._waits and self.fits(self._waits[0][0]):
            size, room = self._waits.popleft()
            self._bytes += size
            room.fire()

    def _reject(self, entry: _Entry, failure: Failure) -> None:
        left = failed_messages(entry.batch, failure)
        if left and len(left) < len(entry.batch):
            self._messages -= len(entry.batch) - len(left)
            entry.batch = stored(left)
        entry.rejections += 1
        if entry.rejections <= AT_ONCE:
            self._again(entry)
            return
        host = self._host
        assert host is not None, "settled before it was read"
        wait = min(1.0, 0.5 * 1.1 ** (entry.rejections - AT_ONCE - 1)) * random.uniform(0.5, 1.5)
        self._timers[entry] = host.clock.after(wait, lambda: host.wake(lambda: self._again(entry)))

    async def close(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _again(self, entry: _Entry) -> None:
        self._timers.pop(entry, None)
        self._open -= 1
        self._entries.appendleft(entry)
        self._changed.set()


def stored(batch: Batch) -> Batch:
    """The messages with their places as origin, and without a way back to who sent them: that one has its answer."""
    return [
        message
        if message.origin == index and message.context is None
        else Message(message.raw, message.parsed, message.metadata, message.error, index, trace_only(message.context))
        for index, message in enumerate(batch)
    ]


@component(SPEC)
class MemoryBuffer(Buffer):
    """A bounded queue, behind a batch policy where one is enabled."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._limit = config.integer("limit")
        self._spill = config.boolean("spillover")
        self._log = resources.log
        self._meter = Meter(resources)
        self._store = _Store(self._limit, self._meter)
        self._source: Input = self._store
        policy = config.object("batch_policy")
        if policy.boolean("enabled"):
            self._source = BatchedInput(self._store, Batcher(policy, resources))
        self.accept = self._accept

    # HOT: once a chunk
    def _accept(self, batches: Batches) -> int:
        store = self._store
        for place, batch in enumerate(batches):
            size = sum([len(message.content()) for message in batch])
            if not store.put_now(stored(batch), size):
                return place
            self._meter.received(len(batch))
        return len(batches)

    async def write(self, batch: Batch) -> None:
        size = sum([len(message.content()) for message in batch])
        if size > self._limit:
            text = f"message body larger than buffer space: {size} bytes, and the limit is {self._limit}"
            self._log.error(text)
            raise Undeliverable(text)
        if self._spill and not self._store.fits(size):
            return
        await self._store.put(stored(batch), size)
        self._meter.received(len(batch))

    async def read(self, limit: int) -> Delivery:
        delivery = await self._source.read(limit)
        self._meter.sent(delivery.batches)
        return delivery

    async def end(self) -> None:
        self._store.end()

    async def close(self) -> None:
        await self._source.close()
