"""The shared threads, and the mailboxes of the actors that run on them."""

from __future__ import annotations

import os
import queue
import sys
import sysconfig
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, TypeVar

from headwater.clock import Clock

if TYPE_CHECKING:
    from pykka._envelope import Envelope

    from headwater.runtime.dispatcher import PooledActor

T = TypeVar("T")

_LOOK: Final = "look"
"""Wakes a thread that is to look for urgent mailboxes."""

_OURS: Final = str(Path(__file__).parents[1])
_LIBRARY: Final = sysconfig.get_path("stdlib")


class _Worker(threading.local):
    """What a thread of a pool is about to run next, without a way through the queue that all of them share."""

    def __init__(self) -> None:
        self.pool: Pool | None = None
        self.mine: deque[Mailbox] = deque()
        self.lent = False


_worker = _Worker()


class Pool:
    """Threads that run the mailboxes of pooled actors. Started with the first mailbox; `close` ends them.

    What an actor tells others in its turn is run by the same thread after that turn: only one thread at a time has
    the interpreter, so waking another would gain nothing and cost two switches, and the data of a stream stays in the
    cache of one core. What waits behind a turn that takes long is handed to the other threads; after a while it is
    the turn of what all of them share; and actors that manage others come before all else, so that a system whose
    streams are all busy can still be told to stop one.

    A turn that does not end, which no actor's should, holds its thread; while nothing moves and mailboxes wait, threads
    are added. After a while the actor's supervisor hears of it.
    """

    IN_A_ROW = 16
    """Turns that a lent thread runs."""
    SLICE_SECONDS = 0.002
    """After so long with what its own turns cause a thread takes what waits for all."""
    OWN = 64
    """Mailboxes that a thread keeps to itself; more are for all."""
    LONG_SECONDS = 0.02
    """Seconds in one turn after which others take over what waits behind it."""
    STUCK_SECONDS = 0.5
    MOST = 256
    HANG_SECONDS = 60.0
    """Seconds in one turn after which an actor counts as hanging."""

    def __init__(self, threads: int | None = None, name: str = "headwater-pool", clock: Clock | None = None) -> None:
        self.size = threads or max(4, os.cpu_count() or 1)
        self._name = name
        self._clock = clock
        self._runs: queue.SimpleQueue[Mailbox | str | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._turns = 0
        self._watching = False
        self._under_way: dict[int, tuple[Mailbox, float]] = {}
        self._own: dict[int, deque[Mailbox]] = {}
        self._urgent: deque[Mailbox] = deque()
        self._timing = False

    # HOT: once a message that finds its actor at rest
    def submit(self, mailbox: Mailbox) -> None:
        """Give a mailbox a turn."""
        worker = _worker
        if worker.pool is self:
            if mailbox.urgent:
                if worker.lent:
                    worker.mine.appendleft(mailbox)
                else:
                    self._urgent.append(mailbox)  # this thread looks there after its turn
                return
            if len(worker.mine) < self.OWN:
                worker.mine.append(mailbox)
                return
        elif mailbox.urgent:
            self._urgent.append(mailbox)
            self._share(_LOOK)
            return
        self._share(mailbox)

    def _share(self, mailbox: Mailbox | str) -> None:
        """Let any thread take a mailbox."""
        self._runs.put(mailbox)
        if not self._threads:
            with self._lock:
                if not self._threads:
                    self._add(self.size)
        if not self._watching and self._clock is not None and self._runs.qsize() > self.size:
            self._watch()

    # HOT: once a request that holds a thread of its own
    def lend(self, call: Callable[[], T]) -> T:
        """Make a call, and run the turns that it causes on this thread, which is about to wait for them anyway.

        So nobody has to be woken. What is not done after some turns in a row is left to the pool.
        """
        worker = _worker
        if worker.pool is not None:
            return call()
        thread = threading.get_ident()
        mine = self._begin(thread)
        worker.lent = True
        try:
            result = call()
            for _ in range(self.IN_A_ROW):
                try:
                    mailbox = mine.popleft()
                except IndexError:
                    break
                self._take(thread, mailbox)
            return result
        finally:
            self._under_way.pop(thread, None)
            worker.pool = None
            worker.lent = False
            del self._own[thread]
            for left in mine:
                self.submit(left)

    def _begin(self, thread: int) -> deque[Mailbox]:
        """Make the calling thread one of the pool's."""
        worker = _worker
        worker.pool = self
        worker.mine = self._own[thread] = deque()
        return worker.mine

    # HOT: once a turn
    def _take(self, thread: int, mailbox: Mailbox) -> None:
        self._turns += 1
        self._under_way[thread] = (mailbox, monotonic())
        if not self._timing and self._clock is not None:
            self._timing = True
            self._clock.after(self.LONG_SECONDS, self._time)
        mailbox.turn()

    def _add(self, count: int) -> None:
        for _ in range(count):
            name = f"{self._name}-{len(self._threads)}"
            thread = threading.Thread(target=self._run, name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def _watch(self) -> None:
        """Look again in a while whether anything has moved."""
        assert self._clock is not None
        self._watching = True
        before = self._turns

        def look() -> None:
            self._watching = False
            if self._runs.empty() or not self._threads:
                return
            if self._turns == before and len(self._threads) < self.MOST:
                with self._lock:
                    self._add(1)
            self._watch()

        self._clock.after(self.STUCK_SECONDS, look)

    def _run(self) -> None:
        runs, urgent = self._runs, self._urgent
        thread = threading.get_ident()
        mine = self._begin(thread)
        until = 0.0
        closing = False
        while True:
            mailbox: Mailbox | str | None
            try:
                if urgent:
                    mailbox = urgent.popleft()
                elif mine and (runs.empty() or monotonic() < until):
                    mailbox = mine.popleft()
                elif closing and not mine:
                    return
                else:
                    mailbox = runs.get_nowait() if mine else self._wait(thread)
                    until = monotonic() + self.SLICE_SECONDS
            except (IndexError, queue.Empty):  # others took it just now
                continue
            if isinstance(mailbox, Mailbox):
                self._take(thread, mailbox)
            elif mailbox is None:
                closing = True

    def _wait(self, thread: int) -> Mailbox | str | None:
        """The next mailbox that is for all, or `_LOOK`; None when there will be no more."""
        self._under_way.pop(thread, None)
        return self._runs.get()

    def _time(self) -> None:
        """Look for turns that take long, and for those that do not end."""
        self._timing = False
        now = monotonic()
        for thread, (mailbox, since) in tuple(self._under_way.items()):
            if now - since > self.LONG_SECONDS:
                self._hand_over(self._own.get(thread))
            if now - since > self.HANG_SECONDS:
                self._under_way[thread] = (mailbox, now)
                if mailbox.actor is not None:
                    mailbox.actor.hangs(now - since, place_of(thread))
        if self._urgent and self._runs.empty():
            self._runs.put(_LOOK)
        if not self._runs.empty() and self._all_stuck(now):
            with self._lock:
                self._add(1)
        if self._under_way and self._clock is not None and self._threads:
            self._timing = True
            self._clock.after(self.LONG_SECONDS, self._time)

    def _all_stuck(self, now: float) -> bool:
        """Whether no thread is left for what waits, however little that is."""
        if not 0 < len(self._threads) < self.MOST:
            return False
        turns = [self._under_way.get(thread.ident or 0) for thread in self._threads]
        return all(turn is not None and now - turn[1] > self.STUCK_SECONDS for turn in turns)

    def _hand_over(self, waiting: deque[Mailbox] | None) -> None:
        while waiting:
            try:
                self._runs.put(waiting.popleft())
            except IndexError:
                return

    def close(self) -> None:
        """End the threads after what is queued now; waits for them unless called from one, but not for ever."""
        threads = self._threads
        for _ in threads:
            self._runs.put(None)
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(timeout=2.0)
        self._threads = []


def place_of(thread: int) -> str:
    """Where the code of a thread is: the innermost place outside of this package and of Python's own library, as a
    component's author knows it, or the innermost of all."""
    frame = innermost = sys._current_frames().get(thread)
    while frame is not None and _is_known(frame.f_code.co_filename):
        frame = frame.f_back
    found = frame or innermost
    if found is None:
        return "somewhere"
    return f"{found.f_code.co_qualname} ({found.f_code.co_filename}:{found.f_lineno})"


def _is_known(file: str) -> bool:
    return file.startswith(_OURS) or (file.startswith(_LIBRARY) and "site-packages" not in file)


class Mailbox:
    """The inbox of a pooled actor; has a place on the pool's queue exactly while it holds messages."""

    __slots__ = ("_lock", "_scheduled", "actor", "items", "pool", "urgent")

    def __init__(self, pool: Pool, urgent: bool = False) -> None:
        self.pool = pool
        self.urgent = urgent
        self.items: deque[Envelope[Any]] = deque()
        self.actor: PooledActor | None = None
        self._scheduled = False
        self._lock = threading.Lock()

    def put(self, envelope: Envelope[Any]) -> None:
        """Add a message. Its actor may have stopped meanwhile: then whoever asks is told so."""
        self.items.append(envelope)
        if not self._scheduled:
            with self._lock:
                if self._scheduled or not self.items:
                    return
                self._scheduled = True
            self.pool.submit(self)

    def get(self) -> Envelope[Any]:
        """The oldest message. Raises: IndexError when there is none."""
        return self.items.popleft()

    def empty(self) -> bool:
        """Whether there is no message."""
        return not self.items

    def turn(self) -> None:
        """Let the actor handle messages, and queue up again if there are more."""
        actor = self.actor
        if actor is not None:
            actor.take_turn(self.items)
        # First the flag, then the look: a `put` that still saw the flag up has added its message before this looks.
        with self._lock:
            self._scheduled = False
            if not self.items:
                return
            self._scheduled = True
        self.pool.submit(self)
