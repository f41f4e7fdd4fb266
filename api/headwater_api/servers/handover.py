"""Results on their way from the engine's threads to the event loop."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

from headwater.tasks import Future


class Handover:
    """Wakes coroutines of an event loop when futures of the engine are settled: many of them with one wake-up."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._settled: deque[asyncio.Future[None]] = deque()
        self._scheduled = False

    # HOT: once a request
    async def wait(self, future: Future[Any]) -> None:
        """Wait until a future is settled; the caller looks at it then."""
        if not future.done():
            waiter: asyncio.Future[None] = self.loop.create_future()
            future.add_callback(lambda _: self._settle(waiter))
            await waiter

    def _settle(self, waiter: asyncio.Future[None]) -> None:
        # On any thread. The flag is lowered before the queue is emptied: what was queued while it was up is seen.
        self._settled.append(waiter)
        if not self._scheduled:
            self._scheduled = True
            try:
                self.loop.call_soon_threadsafe(self._wake)
            except RuntimeError:  # the loop is closed, and nobody waits any more
                self._settled.clear()

    def _wake(self) -> None:
        self._scheduled = False
        settled = self._settled
        while settled:
            waiter = settled.popleft()
            if not waiter.done():
                waiter.set_result(None)
