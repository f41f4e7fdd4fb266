"""What coroutines share: flags, queues, and a number of permits."""

from __future__ import annotations

import threading
from collections import deque
from typing import Any, Generic, TypeVar

from headwater.tasks.task import Cancelled, Future

T = TypeVar("T")


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
