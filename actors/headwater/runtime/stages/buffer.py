"""The buffer stage: acks what its buffer has taken, and reads from it on downstream's demand."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, ClassVar, cast

from headwater import tasks
from headwater.acknowledge import Failure
from headwater.components.contracts import Buffer
from headwater.errors import ComponentError
from headwater.message import Batch, Batches
from headwater.runtime.messages import Address, Chunk, Demand, End, Flush, Force, Receipt, Settlement, Start, tell
from headwater.runtime.stages.base import Setting, Stage
from headwater.runtime.stages.feed import Feed
from headwater.runtime.stages.window import Window


class BufferStage(Stage):
    """Owns a stream's buffer: an output to what is before it, an input to what is behind it."""

    def __init__(self, setting: Setting, buffer: Buffer) -> None:
        super().__init__(setting)
        self._buffer = buffer
        self._feed = Feed(self.actor_ref, buffer.read)
        self._main: tasks.Task[None] | None = None
        self._upstream: Address | None = None
        # A commit takes about as long for many batches as for one.
        self._window = Window(minimum=16 if buffer.write_many is None else 256)
        self._granted = 0
        self._under_way = 0
        self._acked: dict[Receipt, list[int]] = {}
        self._writes = tasks.TaskGroup()
        self._open = False
        self._closing = False
        self._no_more = False

    def connect_to(self, upstream: Address, downstream: Address) -> None:
        """Say whom to ask for more and where chunks go; before the start."""
        self._upstream = upstream
        self._feed.downstream = downstream

    def _on_settlement(self, message: Settlement) -> None:
        if not self._closing:
            message.receipt.apply(message.indices, message.failure)

    def _on_flush(self, _: Flush) -> None:
        """What the buffer holds goes out when upstream has ended."""

    def _on_demand(self, message: Demand) -> None:
        self._feed.demand(message.count)

    def _on_start(self, _: Start) -> None:
        self._main = tasks.Task(self._run(), self, "buffer")
        self._main.step()
        self._started()

    async def _run(self) -> None:
        await self._buffer.connect()
        self._open = True
        self._grant()
        if self._no_more:
            await self._buffer.end()
        await self._feed.run()
        await self._close(True)

    # -- towards the input

    def _on_chunk(self, chunk: Chunk) -> None:
        batches = chunk.batches
        count = len(batches)
        self._granted -= count
        self._under_way += count
        indices = range(count) if chunk.indices is None else chunk.indices
        started = time.perf_counter()
        if self._buffer.write_many is not None:
            self._writes.spawn(self._write_many(batches, chunk.receipt, indices, started), "write")
            return
        taken = 0
        if self._buffer.accept is not None:
            taken = self._buffer.accept(batches)
            self._under_way -= taken
            if taken:
                self._acked.setdefault(chunk.receipt, []).extend(indices[:taken])
        for place in range(taken, count):
            self._writes.spawn(self._write(batches[place], chunk.receipt, indices[place]), "write")
        if not self._under_way:
            self._window.passed(count, started, time.perf_counter())

    # HOT: once a chunk
    async def _write_many(self, batches: Batches, receipt: Receipt, indices: Sequence[int], started: float) -> None:
        write_many = cast("Callable[[Batches], Awaitable[list[Failure | None] | None]]", self._buffer.write_many)
        try:
            failures = await write_many(batches)
        except ComponentError as error:
            failures = [error] * len(batches)
        finally:
            self._under_way -= len(batches)
        self._window.passed(len(batches), started, time.perf_counter())
        if failures is None:
            self._acked.setdefault(receipt, []).extend(indices)
            return
        for index, failure in zip(indices, failures, strict=True):
            if failure is None:
                self._acked.setdefault(receipt, []).append(index)
            else:
                receipt.settle([index], failure)

    async def _write(self, batch: Batch, receipt: Receipt, index: int) -> None:
        try:
            await self._buffer.write(batch)
        except ComponentError as error:
            receipt.settle([index], error)
        else:
            self._acked.setdefault(receipt, []).append(index)
        finally:
            self._under_way -= 1

    def on_turn_end(self) -> None:
        """Ack what was taken in this turn, and ask for more."""
        if self._acked:
            acked, self._acked = self._acked, {}
            for receipt, indices in acked.items():
                receipt.settle(None if len(indices) == receipt.size else indices, None)
        self._grant()

    def _grant(self) -> None:
        if self._open and not self._no_more:
            room = self._window.limit - self._granted
            if self._buffer.bounded:
                room -= self._under_way
            if room > 0:
                self._granted += room
                tell(self._upstream, Demand(room))

    # -- the end

    def _on_end(self, _: End) -> None:
        self._no_more = True
        if self._open:
            tasks.Task(self._buffer.end(), self, "end").step()

    def _on_force(self, _: Force) -> None:
        self._writes.cancel()
        if self._main is not None:
            self._main.cancel()
        if not self._ended:
            tasks.Task(self._close(False), self, "close").step()

    async def _close(self, orderly: bool) -> None:
        if self._closing:
            return
        self._closing = True
        try:
            await self._buffer.close()
        finally:
            if orderly:
                tell(self._feed.downstream, End())
            self._end()

    HANDLERS: ClassVar[dict[type, Callable[[Any, Any], None]]] = {
        Chunk: _on_chunk,
        Settlement: _on_settlement,
        Demand: _on_demand,
        Start: _on_start,
        Flush: _on_flush,
        End: _on_end,
        Force: _on_force,
    }
