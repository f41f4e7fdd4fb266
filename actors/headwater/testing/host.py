"""A host for coroutines without actors: steps run on the calling thread, time moves when nothing else can.

host = TestHost()
batches = host.run(processor.process([Message(b"{}")]))
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, cast

from headwater.clock import FakeClock
from headwater.tasks import Future, Host, Task

T = TypeVar("T")


class TestHost:
    """Runs coroutines to their end. With nothing to do, the fake clock jumps to the next timer."""

    __test__ = False  # not a class of tests, whatever its name says to pytest

    def __init__(self, clock: FakeClock | None = None) -> None:
        self.clock: FakeClock = clock or FakeClock()
        self.failures: list[BaseException] = []
        self._calls: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._blocking = 0

    def wake(self, call: Callable[[], None]) -> None:
        """Run a callable in a turn, soon."""
        self._calls.put(call)

    def call_blocking(self, call: Callable[[], Any]) -> Future[Any]:
        """Run a callable on another thread."""
        future: Future[Any] = Future()
        self._blocking += 1

        def work() -> None:
            try:
                value = call()
            except BaseException as error:
                self.wake(self._blocking_done)
                future.set_exception(error)
            else:
                self.wake(self._blocking_done)
                future.set_result(value)

        threading.Thread(target=work, daemon=True).start()
        return future

    def _blocking_done(self) -> None:
        self._blocking -= 1

    def crashed(self, error: BaseException) -> None:
        """Keep the failure of a task that nobody waits for."""
        self.failures.append(error)

    def start(self, coroutine: Coroutine[Any, Any, T]) -> Task[T]:
        """Begin a coroutine; `step` or `run` take it further."""
        task = Task(coroutine, cast("Host", self), watched=True)  # its clock is a more special one
        task.step()
        return task

    def step(self) -> bool:
        """Run what is ready. Returns: whether there was anything."""
        worked = False
        while not self._calls.empty():
            self._calls.get()()
            worked = True
        return worked

    def run(self, coroutine: Coroutine[Any, Any, T], timeout: float = 5.0) -> T:
        """Run a coroutine to its end; its result, or what it raises.

        Raises:
            AssertionError: It still waits after `timeout` real seconds, or nothing is left that it could wait for.
        """
        task = self.start(coroutine)
        deadline = time.monotonic() + timeout
        while not task.done():
            if self.step():
                continue
            due = self.clock.next_due()
            if due is not None and not self._blocking:
                self.clock.advance(due)
                continue
            try:
                self._calls.get(timeout=max(0.01, deadline - time.monotonic()))()
            except queue.Empty:
                raise AssertionError(f"{task.name} still waits after {timeout} s") from None
        return task.result()
