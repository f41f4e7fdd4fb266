"""The pipeline stage: runs all processors over what comes in, in one actor, and keeps account of what becomes of it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final

from headwater import tasks
from headwater.acknowledge import Failure
from headwater.errors import BatchFailure, Unserved
from headwater.message import Batch, Message, Payloads
from headwater.runtime.chain import ProcessorChain
from headwater.runtime.messages import Address, Chunk, Demand, End, Flush, Force, Receipt, Start, tell
from headwater.runtime.stages.base import Setting, Stage

if TYPE_CHECKING:
    from headwater.runtime.workers.crew import Crew

MOST: Final = 2048
"""Transactions that a pipeline takes at once while its processors do not wait."""


class PipelineStage(Stage):
    """Owns a stream's processors.

    Args:
        threads: Transactions that may wait in processors at once. With 1 order is kept.
        crew: Workers that single messages may go to.
    """

    def __init__(self, setting: Setting, chain: ProcessorChain, threads: int, crew: Crew | None = None) -> None:
        super().__init__(setting)
        self._chain = chain
        self._threads = max(1, threads)
        self._single = chain.single
        self._capacity = self._threads if chain.waits else MOST
        self._credit = 0
        self._granted = 0
        self._active = 0
        self._queue: deque[tuple[Batch, Receipt, int]] = deque()
        self._results: list[tuple[Batch, Receipt, int]] = []
        self._dropped: dict[Receipt, list[int]] = {}
        self._tasks = tasks.TaskGroup()
        self._upstream: Address | None = None
        self._downstream: Address | None = None
        self._flush: Flush | None = None
        self._crew = crew
        if crew is not None:
            crew.attach(self, self._collect)

    def connect_to(self, upstream: Address, downstream: Address) -> None:
        """Say whom to ask for more and where chunks go; before the start."""
        self._upstream = upstream
        self._downstream = downstream

    def doing(self) -> str:
        return f"processing {self._active}" if self._active else ""

    def _on_start(self, _: Start) -> None:
        self._started()

    def _on_demand(self, message: Demand) -> None:
        self._credit += message.count

    # HOT: once a chunk
    def _on_chunk(self, chunk: Chunk) -> None:
        self._granted -= len(chunk.batches)
        if self._crew is None or not self._crew.takes(chunk):
            self._process(chunk)

    def _process(self, chunk: Chunk) -> None:
        batches = chunk.batches
        if self._chain.waits:
            receipt = chunk.receipt
            for place, batch in enumerate(batches):
                self._queue.append((batch, receipt, place if chunk.indices is None else chunk.indices[place]))
            self._work()
        elif self._single and (isinstance(batches, Payloads) or max(map(len, batches)) == 1):
            started = time.perf_counter_ns()
            made = (
                self._chain.process_payloads(batches)
                if isinstance(batches, Payloads)
                else self._chain.process_singles([batch[0] for batch in batches])
            )
            if self._crew is not None:
                self._crew.load.spent(time.perf_counter_ns() - started, len(batches))
            self._send_singles(made, chunk)
        else:
            for place, batch in enumerate(batches):
                results = self._chain.process_now([batch])
                self._keep(results, chunk.receipt, place if chunk.indices is None else chunk.indices[place])

    def _send_singles(self, made: Payloads | list[Message | None], chunk: Chunk) -> None:
        if isinstance(made, Payloads):
            self._credit -= len(made)
            tell(self._downstream, Chunk(made, chunk.receipt, chunk.indices))
            return
        if None not in made:
            self._credit -= len(made)
            tell(self._downstream, Chunk([[m] for m in made if m is not None], chunk.receipt, chunk.indices))
            return
        kept: list[Batch] = []
        places: list[int] = []
        dropped: list[int] = []
        for place, message in enumerate(made):
            index = place if chunk.indices is None else chunk.indices[place]
            if message is None:
                dropped.append(index)
            else:
                kept.append([message])
                places.append(index)
        chunk.receipt.settle(dropped, None)
        if kept:
            self._credit -= len(kept)
            tell(self._downstream, Chunk(kept, chunk.receipt, places))

    def _collect(self) -> None:
        """Something came back from a worker."""
        crew = self._crew
        assert crew is not None
        while (found := crew.next()) is not None:
            chunk, made = found
            if made is None:
                self._process(chunk)
                if self._results:
                    self._send()  # before what comes behind it
            else:
                self._send_singles(made, chunk)
        if self._flush is not None and not crew.held:
            self._pass_flush()

    # -- processors that wait

    def _work(self) -> None:
        while self._queue and self._active < self._threads:
            batch, receipt, index = self._queue.popleft()
            self._active += 1
            task = self._tasks.spawn(self._run(batch, receipt, index), "process")
            if not task.done():
                self._capacity = self._threads  # it does wait: take no more than can be worked on
            elif self._capacity < MOST:
                self._capacity *= 2

    async def _run(self, batch: Batch, receipt: Receipt, index: int) -> None:
        try:
            results = await self._chain.process([batch])
        except Unserved as error:
            receipt.settle([index], error)
        else:
            self._keep(results, receipt, index)
        finally:
            self._active -= 1
        if self._queue:
            self.wake(self._work)
        elif self._flush is not None and not self._active:
            self.wake(self._pass_flush)

    # -- what became of a transaction

    def _keep(self, results: list[Batch], receipt: Receipt, index: int) -> None:
        if len(results) == 1:
            self._results.append((results[0], receipt, index))
        elif not results:
            self._dropped.setdefault(receipt, []).append(index)
        else:
            parts = _Parts(receipt, index, results)
            self._results += [(part, parts.receipt, place) for place, part in enumerate(results)]

    def on_turn_end(self) -> None:
        """Send on what this turn made, and ask for more."""
        if self._dropped:
            dropped, self._dropped = self._dropped, {}
            for receipt, indices in dropped.items():
                receipt.settle(indices, None)
        if self._results:
            self._send()
        crew = self._crew
        if crew is None or not crew.engaged:
            wanted = min(self._capacity, self._credit) - self._granted - self._active - len(self._queue)
        else:
            wanted = crew.wanted(self._credit) - self._granted
        if wanted > 0:
            self._granted += wanted
            tell(self._upstream, Demand(wanted))

    def _send(self) -> None:
        results, self._results = self._results, []
        self._credit -= len(results)
        start = 0
        for end in range(1, len(results) + 1):
            if end == len(results) or results[end][1] is not results[start][1]:
                group = results[start:end]
                chunk = Chunk([entry[0] for entry in group], group[0][1], [entry[2] for entry in group])
                tell(self._downstream, chunk)
                start = end

    # -- the end

    def _on_flush(self, message: Flush) -> None:
        self._flush = message
        if not self._queue and not self._active and not (self._crew is not None and self._crew.held):
            self.wake(self._pass_flush)

    def _pass_flush(self) -> None:
        if self._results:
            self._send()
        if self._flush is not None:
            self._flush = None
            tell(self._downstream, Flush())

    def _on_end(self, _: End) -> None:
        tasks.Task(self._close(True), self, "close").step()

    def _on_force(self, _: Force) -> None:
        self._tasks.cancel()
        self._queue.clear()
        if self._crew is not None:
            self._crew.close()
        if not self._ended:
            tasks.Task(self._close(False), self, "close").step()

    async def _close(self, orderly: bool) -> None:
        try:
            if self._crew is not None:
                self._crew.close()
            await self._chain.close()
        finally:
            if orderly:
                tell(self._downstream, End())
            self._end()

    HANDLERS: ClassVar[dict[type, Callable[[Any, Any], None]]] = {
        Chunk: _on_chunk,
        Demand: _on_demand,
        Start: _on_start,
        Flush: _on_flush,
        End: _on_end,
        Force: _on_force,
    }


class _Parts:
    """A transaction that became several batches: settled when all of them are.

    Attributes:
        receipt: Settles the parts.
    """

    __slots__ = ("_failures", "_index", "_parts", "_pending", "_upstream", "_whole", "receipt")

    def __init__(self, upstream: Receipt, index: int, parts: list[Batch]) -> None:
        self._upstream = upstream
        self._index = index
        self._parts = parts
        self._pending = len(parts)
        self._failures: dict[int, Exception] = {}
        self._whole: Failure | None = None
        self.receipt = Receipt(upstream.owner, len(parts), self._settle)

    # Runs in turns of the stage that read the transaction: the receipt's owner is the upstream one's.
    def _settle(self, _: Receipt, indices: Sequence[int] | None, failure: Failure | None) -> None:
        places = range(len(self._parts)) if indices is None else indices
        for place in places:
            self._pending -= 1
            if failure is not None:
                self._note(self._parts[place], failure)
        if self._pending == 0:
            outcome: Failure | None = self._whole
            if outcome is None and self._failures:
                outcome = BatchFailure(self._failures)
            self._upstream.apply([self._index], outcome)

    def _note(self, part: list[Message], failure: Failure) -> None:
        if isinstance(failure, BatchFailure):
            self._failures.update(failure.failures)
            return
        for message in part:
            if message.origin < 0:
                self._whole = failure
            else:
                self._failures.setdefault(message.origin, failure)
