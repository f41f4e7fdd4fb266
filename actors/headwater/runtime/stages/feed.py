"""Reading on demand, and keeping account until all is settled: what the input stage and the buffer stage have in
common."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence

from headwater import tasks
from headwater.acknowledge import Delivery, Failure
from headwater.errors import EndOfInput
from headwater.runtime.messages import Address, Chunk, Flush, Receipt, tell
from headwater.runtime.stages.window import Window

Read = Callable[[int], Awaitable[Delivery]]


class Feed:
    """Reads from a component as much as downstream asks for, sends it on, and hands settlements back.

    Belongs to one stage and is used in its turns only.
    """

    def __init__(self, owner: Address, read: Read) -> None:
        self._owner = owner
        self._read = read
        self._demand = 0
        self._demanded = tasks.Event()
        self._settled = tasks.Event()
        self._window = Window()
        self._task: tasks.Task[None] | None = None
        self.downstream: Address | None = None
        self.in_flight = 0
        self.stopping = False

    def demand(self, count: int) -> None:
        """Downstream takes so many more."""
        self._demand += count
        if self._demand > 0:
            self._demanded.set()

    async def run(self) -> None:
        """Read until the component has no more or `stop` is called, then wait until all is settled."""
        while not self.stopping:
            self._task = tasks.spawn(self._pump(), "read", watched=True)
            try:
                await self._task
            except tasks.Cancelled:
                if not self._task.cancelled:
                    self._task.cancel()
                    raise  # the stage itself is given up
                # A read was given up, by `stop` or because what was read from is there no more: the next one finds out.
            else:
                self.stopping = True
        tell(self.downstream, Flush())
        while self.in_flight:
            self._settled.clear()
            await self._settled.wait()

    # HOT: once a chunk
    async def _pump(self) -> None:
        window = self._window
        while not self.stopping:
            if self._demand <= 0:
                self._demanded.clear()
                await self._demanded.wait()
                continue
            try:
                delivery = await self._read(min(self._demand, window.limit))
            except EndOfInput:
                return
            batches = delivery.batches
            count = len(batches)
            if not count:
                continue
            self._demand -= count
            self.in_flight += count
            settle = delivery.settle

            def apply(
                receipt: Receipt,
                indices: Sequence[int] | None,
                failure: Failure | None,
                settle: Callable[..., None] = settle,
            ) -> None:
                self._apply(receipt, indices)
                settle(indices, failure)

            tell(self.downstream, Chunk(batches, Receipt(self._owner, count, apply)))

    def _apply(self, receipt: Receipt, indices: Sequence[int] | None) -> None:
        count = receipt.size if indices is None else len(indices)
        self._window.passed(count, receipt.sent, time.perf_counter())
        self.in_flight -= count
        if not self.in_flight:
            self._settled.set()

    def stop(self) -> None:
        """Read nothing more."""
        self.stopping = True
        self._demanded.set()
        if self._task is not None:
            self._task.cancel()
