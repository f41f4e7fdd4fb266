"""An input whose rejected messages are read again, for sources that cannot give a message twice.

A rejected transaction comes back twice at once, then after waits of half a second to a second. Of a batch only the
messages come back that were rejected. When the source has ended, the end is passed on only after everything was
delivered.
"""

from __future__ import annotations

from collections.abc import Sequence

from headwater import tasks
from headwater.acknowledge import Delivery, Failure, failed_messages
from headwater.clock import Timer
from headwater.components.contracts import Input
from headwater.errors import BatchFailure, Closed, EndOfInput, Undeliverable
from headwater.message import Batch, Message
from headwater.runtime.connection import Backoff
from headwater.tasks import Event, Host, Task

AT_ONCE = 2
"""Replays of a message without a wait."""


class _Transaction:
    """A batch that is under way, and how often it was rejected."""

    __slots__ = ("backoff", "batch", "delivery", "index", "rejections")

    def __init__(self, batch: Batch, delivery: Delivery, index: int) -> None:
        self.batch = batch
        self.delivery = delivery
        self.index = index
        self.rejections = 0
        self.backoff: Backoff | None = None


class ReplayingInput(Input):
    """Reads from a child, and again what was rejected of it."""

    connects = False

    def __init__(self, child: Input) -> None:
        self._child = child
        self._due: list[_Transaction] = []
        self._changed = Event()
        self._under_way = 0
        self._waiting: dict[_Transaction, Timer] = {}
        self._ended = False
        self._draining = False
        self._reading: Task[Delivery] | None = None
        self._host: Host | None = None
        self.stalled: Event = Event()

    async def connect(self) -> None:
        await self._child.connect()

    def drain(self) -> None:
        """Read nothing again from now on: the stream is being stopped, and what is rejected stays so."""
        self._draining = True
        for timer in self._waiting.values():
            timer.cancel()
        for transaction in (*self._due, *self._waiting):
            self._give_up(transaction, Closed())
        self._due.clear()
        self._waiting.clear()
        self._changed.set()

    # HOT: once a chunk
    async def read(self, limit: int) -> Delivery:
        if self._host is None:
            self._host = tasks.current_host()
        while not self._due:
            if self._ended:
                if not self._under_way and not self._waiting:
                    raise EndOfInput
                self._changed.clear()
                self.stalled.set()
                try:
                    await self._changed.wait()
                finally:
                    self.stalled.clear()
                continue
            if not self._waiting and self._reading is None and not self._under_way:
                # Nothing can come back meanwhile: no need to listen for it.
                try:
                    return self._track(await self._child.read(limit))
                except EndOfInput:
                    self._ended = True
                    continue
            if self._reading is None:
                self._reading = tasks.spawn(self._child.read(limit), "read", watched=True)
            reading = self._reading
            if not reading.done():
                self._changed.clear()
                try:
                    await tasks.first(reading, self._changed.future)
                except tasks.Cancelled:
                    if not reading.done():
                        self._reading = None
                        reading.cancel()
                        raise
            if reading.done():
                self._reading = None
                try:
                    return self._track(reading.result())
                except EndOfInput:
                    self._ended = True
        return self._again(limit)

    def _track(self, delivery: Delivery) -> Delivery:
        batches = delivery.batches
        self._under_way += len(batches)

        def settle(indices: Sequence[int] | None, failure: Failure | None) -> None:
            if failure is None or self._draining or isinstance(failure, Undeliverable):
                self._settled(len(batches) if indices is None else len(indices))
                delivery.settle(indices, failure)
                return
            for index in range(len(batches)) if indices is None else indices:
                self._reject(_Transaction(batches[index], delivery, index), failure)

        return Delivery(batches, settle)

    def _settled(self, count: int) -> None:
        self._under_way -= count
        if self._ended and not self._under_way:
            self._changed.set()

    def _again(self, limit: int) -> Delivery:
        transactions = self._due[:limit]
        del self._due[:limit]
        self._under_way += len(transactions)

        def settle(indices: Sequence[int] | None, failure: Failure | None) -> None:
            for index in range(len(transactions)) if indices is None else indices:
                transaction = transactions[index]
                if failure is None:
                    self._settled(1)
                    transaction.delivery.settle([transaction.index], None)
                elif self._draining or isinstance(failure, Undeliverable):
                    self._settled(1)
                    self._give_up(transaction, failure)
                else:
                    self._reject(transaction, failure)

        return Delivery([transaction.batch for transaction in transactions], settle)

    def _reject(self, transaction: _Transaction, failure: Failure) -> None:
        self._under_way -= 1
        if isinstance(failure, BatchFailure):
            transaction.batch = [
                message if message.origin == index else _at(message, index)
                for index, message in enumerate(failed_messages(transaction.batch, failure))
            ] or transaction.batch
        transaction.rejections += 1
        if transaction.rejections <= AT_ONCE:
            self._due.append(transaction)
            self._changed.set()
            return
        if transaction.backoff is None:
            transaction.backoff = Backoff(0.5, 1.0, 1.1)
        host = self._host
        assert host is not None, "settled before it was read"
        self._waiting[transaction] = host.clock.after(
            transaction.backoff.next(), lambda: host.wake(lambda: self._is_due(transaction))
        )

    def _is_due(self, transaction: _Transaction) -> None:
        if self._waiting.pop(transaction, None) is not None:
            self._due.append(transaction)
            self._changed.set()

    @staticmethod
    def _give_up(transaction: _Transaction, failure: Failure) -> None:
        transaction.delivery.settle([transaction.index], failure)

    async def close(self) -> None:
        for timer in self._waiting.values():
            timer.cancel()
        if self._reading is not None:
            self._reading.cancel()
        await self._child.close()


def _at(message: Message, origin: int) -> Message:
    return Message(message.raw, message.parsed, message.metadata, message.error, origin, message.context)
