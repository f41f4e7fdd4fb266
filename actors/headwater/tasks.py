"""Coroutines inside actors: how a component waits without holding a thread.

A component's methods are coroutines. A stage actor is their `Host`: it runs a coroutine's next step in its own turn, so
that all components of a stage see one thread at a time and need no locks among themselves. While a coroutine waits -
for a timer, a message, another thread - its actor takes other messages, and an idle stream costs no thread at all.

    async def write(self, batch):
        await tasks.sleep(0.5)                      # a timer of the host's clock
        await tasks.blocking(file.write, data)      # a call that may block, on a thread of this host's own
        results = await tasks.gather(*(child.write(batch) for child in children))

Nothing here knows actors: a host is whoever can run a callable in its turn.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterable
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

    def give(self, value: T) -> None:
        """Settle it with a value, as a callback."""
        self._settle(value, None)

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


async def sleep(seconds: float) -> None:
    """Wait, by the clock of the host."""
    future: Future[None] = Future()
    timer = current_host().clock.after(seconds, future.fire)
    try:
        await future
    finally:
        timer.cancel()


async def blocking(call: Callable[..., T], *args: Any) -> T:
    """Make a call that may block on a thread that belongs to this host; calls of one host run one after the other.

    A cancelled caller goes on at once; the call itself cannot be interrupted and is left to end by itself.
    """
    return cast(T, await current_host().call_blocking(lambda: call(*args)))


async def first(*futures: Future[Any]) -> None:
    """Wait until one of them is settled."""
    if any(future.done() for future in futures):
        return
    signal: Future[None] = Future()

    def fire(_: Future[Any]) -> None:
        signal.fire()

    for future in futures:
        future.add_callback(fire)
    try:
        await signal
    finally:
        # Else futures that live long would collect a callback each time that somebody waits for something beside them.
        for future in futures:
            future.remove_callback(fire)


async def gather(*coroutines: Coroutine[Any, Any, T]) -> list[T]:
    """Run coroutines side by side and wait for all of them.

    The first failure is raised after all have ended; when the caller is cancelled so are they.
    """
    outcomes = await settle(*coroutines)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
    return cast("list[T]", outcomes)


async def settle(*coroutines: Coroutine[Any, Any, T]) -> list[T | BaseException]:
    """Run coroutines side by side and wait for all; the result of each, or what it failed with."""
    if len(coroutines) == 1:
        try:
            return [await coroutines[0]]
        except Exception as error:
            return [error]
    tasks = [spawn(_outcome(coroutine)) for coroutine in coroutines]
    try:
        return [await task for task in tasks]
    except Cancelled:
        for task in tasks:
            task.cancel()
        raise


async def _outcome(coroutine: Coroutine[Any, Any, T]) -> T | BaseException:
    try:
        return await coroutine
    except Exception as error:
        return error


async def within(seconds: float | None, awaitable: Awaitable[T], text: str = "action timed out") -> T:
    """Wait for something for so long at the most; it is cancelled then.

    Raises:
        TimedOut: It took longer.
    """
    if seconds is None:
        return await awaitable
    task: Task[T] = spawn(_awaiting(awaitable), watched=True)
    if not task.done():
        signal: Future[None] = Future()
        timer = task.host.clock.after(seconds, signal.fire)
        try:
            await first(task, signal)
        except Cancelled:
            task.cancel()
            raise
        finally:
            timer.cancel()
        if not task.done():
            task.cancel()
            raise TimedOut(text)
    return task.result()


async def _awaiting(awaitable: Awaitable[T]) -> T:
    return await awaitable


class Event:
    """A flag that coroutines wait for; may be set from any thread."""

    __slots__ = ("_future",)

    def __init__(self) -> None:
        self._future: Future[None] = Future()

    def set(self) -> None:
        """Raise the flag; whoever waits goes on."""
        self._future.set_result(None)

    def clear(self) -> None:
        """Lower the flag."""
        if self._future.done():
            self._future = Future()

    def is_set(self) -> bool:
        """Whether the flag is up."""
        return self._future.done()

    @property
    def future(self) -> Future[None]:
        """Settled when the flag goes up; for `first`."""
        return self._future

    async def wait(self) -> None:
        """Wait until the flag is up."""
        await self._future


class Queue(Generic[T]):
    """Items from any thread for coroutines of any host, in order; `limit` bounds what `put` may leave behind (0:
    nothing does)."""

    def __init__(self, limit: int = 0) -> None:
        self.limit = limit
        self._items: deque[T] = deque()
        self._getters: deque[Future[T]] = deque()
        self._putters: deque[tuple[Future[None], T]] = deque()
        self._lock = threading.Lock()
        self._closed: BaseException | None = None

    def __len__(self) -> int:
        return len(self._items)

    def put_now(self, item: T) -> None:
        """Add an item whatever the limit. Raises: what `close` was given."""
        with self._lock:
            if self._closed is not None:
                raise self._closed
            while self._getters:
                getter = self._getters.popleft()
                if not getter.done():
                    break
            else:
                self._items.append(item)
                return
        if not getter.set_result(item):
            self.put_back(item)

    def put_back(self, item: T) -> None:
        """Add an item in front of all others."""
        with self._lock:
            self._items.appendleft(item)
        self._match()

    async def put(self, item: T) -> None:
        """Add an item when there is room. Raises: what `close` was given."""
        with self._lock:
            if self._closed is not None:
                raise self._closed
            full = self.limit > 0 and len(self._items) >= self.limit and not self._getters
            if full:
                room: Future[None] = Future()
                entry = (room, item)
                self._putters.append(entry)
        if not full:
            self.put_now(item)
            return
        try:
            await room
        except Cancelled:
            with self._lock:
                if entry in self._putters:
                    self._putters.remove(entry)
            raise

    async def get(self) -> T:
        """Take the next item, waiting for one. Raises: what `close` was given, once it is empty."""
        with self._lock:
            if self._items:
                item = self._items.popleft()
                found = True
            elif self._closed is not None:
                raise self._closed
            else:
                getter: Future[T] = Future()
                self._getters.append(getter)
                found = False
        if found:
            self._match()
            return item
        try:
            return await getter
        except Cancelled:
            if not getter.set_exception(Cancelled()) and getter.error() is None:
                self.put_back(getter.result())
            raise

    def get_now(self) -> T | None:
        """Take the next item, or None."""
        with self._lock:
            if not self._items:
                return None
            item = self._items.popleft()
        self._match()
        return item

    def _match(self) -> None:
        """Let those in that wait to put, and hand items to those that wait to get."""
        while True:
            settled: list[tuple[Future[Any], Any]] = []
            with self._lock:
                while self._putters and (self.limit <= 0 or len(self._items) < self.limit):
                    room, item = self._putters.popleft()
                    self._items.append(item)
                    settled.append((room, None))
                while self._getters and self._items:
                    getter = self._getters.popleft()
                    if not getter.done():
                        settled.append((getter, self._items.popleft()))
            if not settled:
                return
            for future, value in settled:
                if not future.set_result(value) and value is not None:
                    with self._lock:
                        self._items.appendleft(value)

    def close(self, error: BaseException) -> list[T]:
        """Refuse new items and fail all who wait. Returns: the items that nobody took."""
        with self._lock:
            self._closed = error
            left = list(self._items) + [item for _, item in self._putters]
            self._items.clear()
            waiting: list[Future[Any]] = [*self._getters, *(room for room, _ in self._putters)]
            self._getters.clear()
            self._putters.clear()
        for future in waiting:
            future.set_exception(error)
        return left


class Semaphore:
    """At most so many at a time; first come, first served. For the coroutines of one host."""

    __slots__ = ("_free", "_waiting")

    def __init__(self, permits: int) -> None:
        self._free = permits
        self._waiting: list[Future[None]] = []

    async def __aenter__(self) -> None:
        if self._free > 0:
            self._free -= 1
            return
        turn: Future[None] = Future()
        self._waiting.append(turn)
        try:
            await turn
        except Cancelled:
            if turn.done():
                self._release()
            else:
                self._waiting.remove(turn)
            raise

    async def __aexit__(self, *_: object) -> None:
        self._release()

    def _release(self) -> None:
        if self._waiting:
            self._waiting.pop(0).set_result(None)
        else:
            self._free += 1


class TaskGroup:
    """Tasks that belong to one component and are given up with it."""

    __slots__ = ("_tasks",)

    def __init__(self) -> None:
        self._tasks: set[Task[Any]] = set()

    def spawn(self, coroutine: Coroutine[Any, Any, T], name: str = "", watched: bool = False) -> Task[T]:
        """Start a coroutine in the current host and keep track of it."""
        return spawn(self._tracked(coroutine), name, watched)

    async def _tracked(self, coroutine: Coroutine[Any, Any, T]) -> T:
        task = current_task()
        self._tasks.add(task)
        try:
            return await coroutine
        finally:
            self._tasks.discard(task)

    def __len__(self) -> int:
        return len(self._tasks)

    def tasks(self) -> Iterable[Task[Any]]:
        """Those under way."""
        return tuple(self._tasks)

    def cancel(self) -> None:
        """Give up all of them."""
        for task in tuple(self._tasks):
            task.cancel()
