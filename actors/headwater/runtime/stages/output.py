"""The output stage: takes as much as its output can use, writes it, and settles it."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, ClassVar, cast

from headwater import tasks
from headwater.acknowledge import Failure
from headwater.components.contracts import Output
from headwater.errors import BatchFailure, ComponentError, HeadwaterError
from headwater.message import Batch, Batches
from headwater.runtime.messages import Address, Chunk, Demand, End, Flush, Force, Receipt, Start, tell
from headwater.runtime.stages.base import Setting, Stage
from headwater.runtime.stages.window import Window


class OutputStage(Stage):
    """Owns a stream's output.

    Args:
        opens: Called at the start: components begin to connect.
        flushes: Called when upstream has no more: batches go out as they are.
    """

    def __init__(
        self,
        setting: Setting,
        target: Output,
        opens: Sequence[Callable[[], None]],
        flushes: Sequence[Callable[[], None]],
    ) -> None:
        super().__init__(setting)
        self._target = target
        self._opens = opens
        self._flushes = flushes
        self._upstream: Address | None = None
        self._granted = 0
        self._under_way = 0
        self._tasks = tasks.TaskGroup()
        self._queue: list[Chunk] = []
        self._pumping = False
        self._window = Window()
        self._acked: dict[Receipt, list[int]] = {}
        self._open = False
        self._ending = False

    def connect_to(self, upstream: Address) -> None:
        """Say whom to ask for more; before the start."""
        self._upstream = upstream

    def doing(self) -> str:
        return f"writing {self._under_way}" if self._under_way else "closing" if self._ending else ""

    def _on_start(self, _: Start) -> None:
        tasks.Task(self._begin(), self, "open").step()
        self._started()

    async def _begin(self) -> None:
        await self._target.connect()
        for begin in self._opens:
            begin()
        self._open = True
        self._grant()

    # HOT: once a turn
    def on_turn_end(self) -> None:
        """Send what was settled in this turn, and ask for more."""
        if self._acked:
            acked, self._acked = self._acked, {}
            for receipt, indices in acked.items():
                receipt.settle(None if len(indices) == receipt.size else indices, None)
        self._grant()

    def _grant(self) -> None:
        if not self._open or self._ending:
            return
        if self._target.takes_many:
            room = 2 * self._window.limit - self._under_way - self._granted
            if 2 * room < self._window.limit:
                return
        else:
            room = self._target.room(self._under_way) - self._granted
        if room > 0:
            self._granted += room
            tell(self._upstream, Demand(room))

    # -- one write a transaction

    def _on_chunk(self, chunk: Chunk) -> None:
        if self._target.write_many is not None:
            self._on_chunk_many(chunk)
            return
        receipt = chunk.receipt
        indices = chunk.indices
        self._granted -= len(chunk.batches)
        self._under_way += len(chunk.batches)
        for place, batch in enumerate(chunk.batches):
            self._tasks.spawn(self._write(batch, receipt, place if indices is None else indices[place]), "write")

    async def _write(self, batch: Batch, receipt: Receipt, index: int) -> None:
        try:
            await self._target.write(batch)
        except ComponentError as error:
            receipt.settle([index], by_origin(batch, error))
        except HeadwaterError as error:
            receipt.settle([index], ComponentError(str(error)))
        else:
            settled = self._acked.get(receipt)
            if settled is None:
                self._acked[receipt] = [index]
            else:
                settled.append(index)
        finally:
            self._under_way -= 1

    # -- many transactions with one write

    def _on_chunk_many(self, chunk: Chunk) -> None:
        self._granted -= len(chunk.batches)
        self._under_way += len(chunk.batches)
        if self._target.overlapping:
            self._tasks.spawn(self._write_chunks([chunk]), "write")
            return
        self._queue.append(chunk)
        if not self._pumping:
            self._pumping = True
            self._tasks.spawn(self._pump(), "write")

    # HOT: once a chunk
    async def _pump(self) -> None:
        try:
            while self._queue:
                chunks, self._queue = self._queue, []
                await self._write_chunks(chunks)
        finally:
            self._pumping = False

    async def _write_chunks(self, chunks: list[Chunk]) -> None:
        write_many = cast(
            "Callable[[Batches], Awaitable[Sequence[Failure | None] | None]]", self._target.write_many
        )
        batches = joined([chunk.batches for chunk in chunks])
        started = time.perf_counter()
        failures = await write_many(batches)
        self._window.observe(len(batches), time.perf_counter() - started)
        self._under_way -= len(batches)
        self._settle_many(chunks, failures)

    def _settle_many(self, chunks: list[Chunk], failures: Sequence[Failure | None] | None) -> None:
        place = 0
        for chunk in chunks:
            count = len(chunk.batches)
            mine = None if failures is None else failures[place : place + count]
            place += count
            if mine is None or not any(mine):
                indices = chunk.indices
                whole = count == chunk.receipt.size
                chunk.receipt.settle(None if whole else (indices if indices is not None else range(count)), None)
                continue
            numbers = chunk.indices if chunk.indices is not None else range(count)
            acked = [numbers[at] for at in range(count) if mine[at] is None]
            if acked:
                chunk.receipt.settle(acked, None)
            for at, failure in enumerate(mine):
                if failure is not None:
                    chunk.receipt.settle([numbers[at]], by_origin(chunk.batches[at], failure))

    # -- the end

    def _on_flush(self, _: Flush) -> None:
        for flush in self._flushes:
            flush()

    def _on_end(self, _: End) -> None:
        if not self._ending:
            self._ending = True
            tasks.Task(self._close(), self, "close").step()

    async def _close(self) -> None:
        try:
            await self._target.close()
        finally:
            self._end()

    def _on_force(self, _: Force) -> None:
        self._tasks.cancel()
        self._ending = True
        if not self._ended:
            tasks.Task(self._close(), self, "close").step()

    HANDLERS: ClassVar[dict[type, Callable[[Any, Any], None]]] = {
        Chunk: _on_chunk,
        Start: _on_start,
        Flush: _on_flush,
        End: _on_end,
        Force: _on_force,
    }


def joined(parts: list[Batches]) -> Batches:
    """Batches of several chunks, in order."""
    return parts[0] if len(parts) == 1 else [batch for part in parts for batch in part]


def by_origin(batch: Batch, failure: Failure) -> Failure:
    """A failure of some messages, told by where they come from in their transaction instead of where they stand."""
    if not isinstance(failure, BatchFailure):
        return failure
    origins: dict[int, Exception] = {}
    for index, error in failure.failures.items():
        if index >= len(batch) or batch[index].origin < 0:
            return ComponentError(str(failure), failure.kind)
        origins[batch[index].origin] = error
    return BatchFailure(origins)
