"""Futures, tasks, and the hosts whose turns they run in."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Coroutine, Generator
from typing import Any, Generic, Protocol, TypeVar, cast

from headwater.clock import Clock
from headwater.errors import TimedOut

T = TypeVar("T")

_settle = threading.Lock()
turn = threading.local()
"""What this thread is at: `host`, whose turn it is (set by hosts), and `task`, whose coroutine is running."""


class Cancelled(BaseException):
    """Thrown into a coroutine that is given up. Clean up and let it pass."""


class Host(Protocol):
    """Where coroutines run: one step at a time, in turns that never overlap."""

    clock: Clock

    def wake(self, call: Callable[[], None]) -> None:
        """Run a callable in a turn, soon. May be called from any thread."""

    def call_blocking(self, call: Callable[[], Any]) -> Future[Any]:
        """Run a callable that may block on another thread."""

    def crashed(self, error: BaseException) -> None:
        """Take note of a task that failed with nobody waiting for it."""


class Future(Generic[T]):
    """A value that will be there once; thread-safe. The first one to settle it wins."""

    __slots__ = ("_callbacks", "_done", "_error", "_value")

    def __init__(self) -> None:
        self._done = False
        self._value: T | None = None
        self._error: BaseException | None = None
        self._callbacks: list[Callable[[Future[T]], None]] = []

    def done(self) -> bool:
        """Whether it is settled."""
        return self._done

    def result(self) -> T:
        """The value; raises what it failed with. Only for settled ones."""
        if self._error is not None:
            raise self._error
        return cast(T, self._value)

    def error(self) -> BaseException | None:
        """What it failed with, if it did."""
        return self._error

    def set_result(self, value: T) -> bool:
        """Settle it with a value. Returns: False when it was settled already."""
        return self._settle(value, None)

    def fire(self) -> None:
        """Settle it with no value: for futures that are signals."""
        self._settle(None, None)

    def set_exception(self, error: BaseException) -> bool:
        """Settle it with a failure. Returns: False when it was settled already."""
        return self._settle(None, error)

    def _settle(self, value: T | None, error: BaseException | None) -> bool:
        with _settle:
            if self._done:
                return False
            self._value = value
            self._error = error
            self._done = True
        self._drain()
        return True

    def wait(self, timeout: float | None = None) -> T:
        """Block a thread until it is settled; for the edges of a system only, never in an actor.

        Args:
            timeout: Seconds; None to wait for ever.

        Raises:
            TimedOut: It was not settled in time.
            BaseException: What it failed with.
        """
        if not self._done:
            signal = threading.Event()
            self.add_callback(lambda _: signal.set())
            if not signal.wait(timeout):
                raise TimedOut
        return self.result()

    def add_callback(self, call: Callable[[Future[T]], None]) -> None:
        """Make a call once it is settled, on the thread that settles it; at once if it is."""
        self._callbacks.append(call)
        if self._done:
            self._drain()

    def remove_callback(self, call: Callable[[Future[T]], None]) -> None:
        """Forget a call that was not made yet; harmless when it was."""
        with contextlib.suppress(ValueError):
            self._callbacks.remove(call)

    def _drain(self) -> None:
        # Settling and adding may race: both drain, and list.pop hands each callback to one of them only.
        callbacks = self._callbacks
        while callbacks:
            try:
                call = callbacks.pop(0)
            except IndexError:
                return
            call(self)

    def __await__(self) -> Generator[Future[T], None, T]:
        if not self._done:
            yield self
        return self.result()


class Task(Future[T]):
    """A coroutine under way in a host."""

    __slots__ = ("_cancelling", "_coroutine", "_waits_for", "host", "name", "watched")

    def __init__(self, coroutine: Coroutine[Any, Any, T], host: Host, name: str = "", watched: bool = False) -> None:
        super().__init__()
        self.watched = watched
        self.host = host
        self.name = name or getattr(coroutine, "__qualname__", "task")
        self._coroutine = coroutine
        self._waits_for: Future[Any] | None = None
        self._cancelling = False

    def step(self, error: BaseException | None = None) -> None:
        """Run the coroutine until it waits or ends. Only in the host's turn."""
        self._waits_for = None
        previous = getattr(turn, "task", None)
        turn.task = self
        try:
            awaited = self._coroutine.send(None) if error is None else self._coroutine.throw(error)
        except StopIteration as stop:
            self.set_result(stop.value)
        except BaseException as failure:
            watched = self.watched or bool(self._callbacks)
            self.set_exception(failure)
            if not watched and not isinstance(failure, Cancelled):
                self.host.crashed(failure)
        else:
            self._waits_for = awaited
            awaited.add_callback(self._awaited_is_done)
        finally:
            turn.task = previous

    def _awaited_is_done(self, future: Future[Any]) -> None:
        self.host.wake(lambda: self._resume(future))

    def _resume(self, future: Future[Any]) -> None:
        if self._waits_for is future:
            self.step()

    def cancel(self) -> None:
        """Throw `Cancelled` into the coroutine at its next turn. May be called from any thread."""
        if not self._done and not self._cancelling:
            self._cancelling = True
            self.host.wake(self._cancel_now)

    def _cancel_now(self) -> None:
        self._cancelling = False
        if not self._done:
            self.step(Cancelled())

    @property
    def cancelled(self) -> bool:
        """Whether it was given up."""
        return isinstance(self._error, Cancelled)


def current_task() -> Task[Any]:
    """The task whose coroutine is running. Raises: RuntimeError outside of one."""
    task = getattr(turn, "task", None)
    if task is None:
        raise RuntimeError("no task is running on this thread: this call belongs in a coroutine of a component")
    return cast("Task[Any]", task)


def current_host() -> Host:
    """The host whose turn it is. Raises: RuntimeError outside of all turns."""
    task = getattr(turn, "task", None)
    host = getattr(turn, "host", None) if task is None else task.host
    if host is None:
        raise RuntimeError("no turn of an actor is under way on this thread: this call belongs into a component")
    return cast(Host, host)


def spawn(coroutine: Coroutine[Any, Any, T], name: str = "", watched: bool = False) -> Task[T]:
    """Start a coroutine in the current host; its first step runs at once.

    A task that fails with nobody waiting for it fails its stage, unless it is `watched`: the caller looks at it later.
    """
    task = Task(coroutine, current_host(), name, watched)
    task.step()
    return task


def start(coroutine: Coroutine[Any, Any, T], host: Host, name: str = "", watched: bool = False) -> Task[T]:
    """Start a coroutine in a host from any thread; its first step runs in a turn of the host."""
    task = Task(coroutine, host, name, watched)
    host.wake(task.step)
    return task
