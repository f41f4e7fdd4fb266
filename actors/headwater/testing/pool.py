"""A pool, lanes and event loops that tell when nothing is left to do, so that tests need not sleep."""

from __future__ import annotations

import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

from headwater.clock import Clock
from headwater.runtime.lanes import Lanes
from headwater.runtime.loop import EventLoop
from headwater.runtime.pool import Mailbox, Pool
from headwater.tasks import Future

T = TypeVar("T")

LONG_SECONDS: Final = 0.5
"""Real seconds after which a call outside of the pool counts as one that waits for the world, and is waited for no
more."""


class WatchedPool(Pool):
    """Counts the turns that are due or under way, and the calls that were made to other threads."""

    def __init__(self, threads: int = 2) -> None:
        super().__init__(threads, "headwater-test")
        self._busy = 0
        self._idle = threading.Condition()
        self._outside: dict[object, float] = {}

    def submit(self, mailbox: Mailbox) -> None:
        """Give a mailbox a turn."""
        with self._idle:
            self._busy += 1
        self._share(mailbox)

    def _run(self) -> None:
        while isinstance(mailbox := self._runs.get(), Mailbox):
            try:
                mailbox.turn()
            finally:
                with self._idle:
                    self._busy -= 1
                    if not self._busy:
                        self._idle.notify_all()

    def begin(self, call: object) -> None:
        """A call to another thread begins."""
        with self._idle:
            self._outside[call] = time.monotonic()

    def end(self, call: object) -> None:
        """It has ended, and whoever waits for it has a turn."""
        with self._idle:
            self._outside.pop(call, None)
            self._idle.notify_all()

    def wait_idle(self, seconds: float) -> bool:
        """Wait until no turn is due or under way, and no call that was made lately. Returns: whether that came to be in
        time."""
        deadline = time.monotonic() + seconds
        with self._idle:
            while True:
                now = time.monotonic()
                ages = [now - since for since in self._outside.values() if now - since < LONG_SECONDS]
                if not self._busy and not ages:
                    return True
                if now >= deadline:
                    return False
                wait = deadline - now
                self._idle.wait(min(wait, LONG_SECONDS - max(ages)) if ages and not self._busy else wait)


class WatchedLanes(Lanes):
    """Lanes whose calls a pool counts."""

    def __init__(self, clock: Clock, pool: WatchedPool) -> None:
        super().__init__(clock)
        self._pool = pool

    def run(self, call: Callable[[], Any]) -> Future[Any]:
        """Make a call on a lane."""
        told: Future[Any] = Future()
        self._pool.begin(told)

        def tell(future: Future[Any]) -> None:
            error = future.error()
            if error is not None:
                told.set_exception(error)
            else:
                told.set_result(future.result())
            self._pool.end(told)

        super().run(call).add_callback(tell)
        return told


class WatchedLoop(EventLoop):
    """An event loop whose calls a pool counts."""

    def __init__(self, pool: WatchedPool, name: str = "headwater-test-loop") -> None:
        super().__init__(name)
        self._pool = pool

    def sibling(self, name: str) -> EventLoop:
        """Another one."""
        return WatchedLoop(self._pool, name)

    async def run(self, call: Callable[[], Awaitable[T]]) -> T:
        """Run a coroutine function on the loop."""
        token = object()
        self._pool.begin(token)
        try:
            return await super().run(call)
        finally:
            self._pool.end(token)
