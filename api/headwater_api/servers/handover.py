"""Results on their way from the engine's threads to the event loop."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from headwater.tasks import Future

T = TypeVar("T")


class Handover:
    """Wakes coroutines of an event loop when futures of the engine are settled: many of them with one wake-up."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._settled: deque[Callable[[], Any]] = deque()
        self._scheduled = False

    # HOT: once a request
    async def wait(self, future: Future[Any]) -> None:
        """Wait until a future is settled; the caller looks at it then."""
        if not future.done():
            waiter: asyncio.Future[None] = self.loop.create_future()
            future.add_callback(lambda _: self._settle(partial(_release, waiter)))
            await waiter

    # HOT: once a request
    def when(self, future: Future[T], call: Callable[[Future[T]], None]) -> None:
        """Make a call on the loop once a future is settled."""
        future.add_callback(lambda settled: self._settle(partial(call, settled)))

    def _settle(self, call: Callable[[], Any]) -> None:
        # On any thread. The flag is lowered before the queue is emptied: what was queued while it was up is seen.
        self._settled.append(call)
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
            call = settled.popleft()
            try:
                call()
            except Exception as error:  # one caller's connection must not cost the others their answers
                self.loop.call_exception_handler({"message": "an answer could not be sent", "exception": error})


def _release(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
