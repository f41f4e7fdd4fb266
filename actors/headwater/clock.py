"""Time, as everything here sees it: handed in, never looked up, so that tests own it.

`SystemClock` is the real one: one thread for all timers of a system, started at the first timer. `FakeClock` stands
still until a test moves it.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

_logger = logging.getLogger("headwater.runtime")


class Timer(Protocol):
    """A call that is due later."""

    def cancel(self) -> None:
        """Forget the call; harmless when it was made or forgotten already."""


class Clock(Protocol):
    """What can be asked of time."""

    def now(self) -> float:
        """Monotonic seconds, for distances."""

    def time_ns(self) -> int:
        """Wall clock: nanoseconds since 1970 UTC."""

    def after(self, seconds: float, call: Callable[[], None]) -> Timer:
        """Make a call once that many seconds have passed, on a thread of the clock's own.

        The call must neither block nor raise: it hands over to somebody's mailbox.
        """


class _Entry:
    """A timer in the heap; cancelling drops the call at once and leaves the husk until it is due or swept."""

    __slots__ = ("call", "clock", "due")

    def __init__(self, clock: _Heap, due: float, call: Callable[[], None]) -> None:
        self.clock = clock
        self.due = due
        self.call: Callable[[], None] | None = call

    def cancel(self) -> None:
        if self.call is not None:
            self.call = None
            self.clock.forget()


class _Heap:
    """Timers by due time. Husks of cancelled ones are swept when they outnumber the living."""

    def __init__(self) -> None:
        self._entries: list[tuple[float, int, _Entry]] = []
        self._order = itertools.count()
        self._husks = 0
        self._lock = threading.Lock()

    def add(self, due: float, call: Callable[[], None]) -> tuple[_Entry, bool]:
        """The new entry, and whether it is the next one due."""
        entry = _Entry(self, due, call)
        with self._lock:
            heapq.heappush(self._entries, (due, next(self._order), entry))
            return entry, self._entries[0][2] is entry

    def forget(self) -> None:
        with self._lock:
            self._husks += 1
            if self._husks > 64 and self._husks * 2 > len(self._entries):
                self._entries = [item for item in self._entries if item[2].call is not None]
                heapq.heapify(self._entries)
                self._husks = 0

    def due(self, now: float) -> tuple[list[Callable[[], None]], float | None]:
        """The calls that are due, and the time of the next one."""
        calls: list[Callable[[], None]] = []
        with self._lock:
            entries = self._entries
            while entries:
                due, _, entry = entries[0]
                call = entry.call
                if call is None:
                    heapq.heappop(entries)
                    self._husks = max(0, self._husks - 1)
                elif due <= now:
                    heapq.heappop(entries)
                    entry.call = None
                    calls.append(call)
                else:
                    return calls, due
        return calls, None

    def __len__(self) -> int:
        """Timers that are neither made nor cancelled."""
        with self._lock:
            return sum(1 for item in self._entries if item[2].call is not None)


class SystemClock:
    """The real time. `close` ends its thread; timers that are not due by then are never called."""

    now = staticmethod(time.monotonic)
    time_ns = staticmethod(time.time_ns)

    def __init__(self, name: str = "headwater-timer") -> None:
        self._name = name
        self._heap = _Heap()
        self._wake = threading.Condition(threading.Lock())
        self._thread: threading.Thread | None = None
        self._changed = False
        self._closed = False

    def after(self, seconds: float, call: Callable[[], None]) -> Timer:
        entry, is_next = self._heap.add(time.monotonic() + max(0.0, seconds), call)
        if is_next:
            with self._wake:
                if self._thread is None and not self._closed:
                    self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                    self._thread.start()
                self._changed = True
                self._wake.notify()
        return entry

    def _run(self) -> None:
        while True:
            calls, due = self._heap.due(time.monotonic())
            for call in calls:
                try:
                    call()
                except Exception:  # the clock must outlive whoever uses it wrongly
                    _logger.exception("A timer's call failed")
            if calls:
                continue
            with self._wake:
                if self._closed:
                    return
                if not self._changed:
                    self._wake.wait(None if due is None else max(0.0, due - time.monotonic()))
                if self._closed:
                    return
                self._changed = False

    def pending(self) -> int:
        """How many timers are waiting."""
        return len(self._heap)

    def close(self) -> None:
        """End the thread; waits for it unless called from it."""
        with self._wake:
            self._closed = True
            self._wake.notify()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()


class FakeClock:
    """A clock for tests: `advance` moves it, making each call at its own time and in order."""

    def __init__(self, time_ns: int = 1_700_000_000_000_000_000) -> None:
        self._heap = _Heap()
        self._now = 0.0
        self._epoch_ns = time_ns

    def now(self) -> float:
        return self._now

    def time_ns(self) -> int:
        return self._epoch_ns + round(self._now * 1e9)

    def after(self, seconds: float, call: Callable[[], None]) -> Timer:
        return self._heap.add(self._now + max(0.0, seconds), call)[0]

    def next_due(self) -> float | None:
        """Seconds from now until the next timer, or None."""
        calls, due = self._heap.due(-1.0)
        assert not calls
        return None if due is None else max(0.0, due - self._now)

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        end = self._now + seconds
        while (wait := self.next_due()) is not None and self._now + wait <= end:
            self._now += wait
            for call in self._heap.due(self._now)[0]:
                call()
        self._now = end

    def pending(self) -> int:
        """How many timers are waiting."""
        return len(self._heap)

    def close(self) -> None:
        """Nothing to end."""
