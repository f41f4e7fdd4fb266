"""The event loop for libraries that are written for asyncio: one thread a system, started when first used."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from headwater.tasks import Future

if TYPE_CHECKING:  # most streams need none, and importing it takes as long as reading a configuration
    import asyncio

T = TypeVar("T")


class EventLoop:
    """An asyncio loop on a thread of its own. Safe to use from any thread."""

    def __init__(self, name: str = "headwater-loop") -> None:
        self._name = name
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._calls: deque[Callable[[], object]] = deque()
        self._woken = False

    def sibling(self, name: str) -> EventLoop:
        """Another loop of the same type."""
        return type(self)(name)

    @property
    def begun(self) -> bool:
        """Whether it runs."""
        return self._loop is not None

    def get(self) -> asyncio.AbstractEventLoop:
        """The loop, running."""
        with self._lock:
            if self._loop is None:
                self._loop = _new_loop()
                self._thread = threading.Thread(target=self._run, args=(self._loop,), name=self._name, daemon=True)
                self._thread.start()
            return self._loop

    @staticmethod
    def _run(loop: asyncio.AbstractEventLoop) -> None:
        import asyncio

        asyncio.set_event_loop(loop)
        loop.run_forever()
        pending = asyncio.all_tasks(loop)
        for task in pending:
            task.cancel()
        if pending:
            loop.run_until_complete(asyncio.wait(pending, timeout=1.0))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()

    # HOT: once a call
    def _call(self, loop: asyncio.AbstractEventLoop, call: Callable[[], object]) -> None:
        """Make a call on the loop. A wake-up costs more than most calls: those that come together share one."""
        self._calls.append(call)
        if not self._woken:
            self._woken = True
            loop.call_soon_threadsafe(self._make_calls)

    def _make_calls(self) -> None:
        # Down before looking: who finds the flag up has added its call before this looks.
        self._woken = False
        calls = self._calls
        while calls:
            calls.popleft()()

    async def run(self, call: Callable[[], Awaitable[T]]) -> T:
        """Run a coroutine function on the loop and wait; when the caller is cancelled, so is it."""
        loop = self.get()
        cancelled = _cancelled_error()
        future: Future[T] = Future()
        running: list[asyncio.Task[Any]] = []

        async def work() -> None:
            try:
                value = await call()
            except cancelled:
                future.set_exception(RuntimeError("cancelled"))
                raise
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(value)

        def begin() -> None:
            running.append(loop.create_task(work()))

        self._call(loop, begin)
        try:
            return await future
        finally:
            if not future.done():
                self._call(loop, lambda: running[0].cancel())

    def close(self) -> bool:
        """End the loop and its thread; what still runs on it is cancelled. Returns: whether the thread has ended."""
        with self._lock:
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is None or thread is None:
            return True
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=5.0)
        return not thread.is_alive()


def _new_loop() -> asyncio.AbstractEventLoop:
    """A loop of uvloop where it is installed: it takes a third off what a request costs."""
    try:
        import uvloop
    except ImportError:
        import asyncio

        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def _cancelled_error() -> type[BaseException]:
    from asyncio import CancelledError

    return CancelledError
