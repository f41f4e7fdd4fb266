"""Where actors run: on a shared pool of threads, or on a thread of their own.

Pykka's own actor type gives every actor a thread and costs some 25 µs a message. These are two further types, made
with the hooks that Pykka has for implementors: an inbox, a future, and the start of the loop.

*Pooled* actors have mailboxes that are scheduled on a `Pool`: an actor runs until its mailbox is empty or its turn is
over, never on two threads at once. They must not block: what may block goes to a `Lane`, a *pinned* actor, through
`call_blocking`.
"""

from __future__ import annotations

import logging
import os
import queue
import sys
import threading
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import pykka
from pykka.messages import _ActorStop

from headwater.clock import Clock
from headwater.tasks import Future, turn

if TYPE_CHECKING:
    from pykka._envelope import Envelope

T = TypeVar("T")

TURN: Final = 64
"""Messages that an actor handles before others get their turn."""

_logger = logging.getLogger("headwater.runtime")
_making = threading.local()


class _Worker(threading.local):
    """What a thread of a pool is about to run next, without a way through the queue."""

    pool: Pool | None = None
    next: Mailbox | None = None
    mine: deque[Mailbox] | None = None


_worker = _Worker()


class Pool:
    """Threads that run the mailboxes of pooled actors. Started with the first mailbox; `close` ends them.

    What an actor tells another in its turn is run by the same thread right after that turn: only one thread at a time
    has the interpreter, so waking another would gain nothing and cost a switch. After some turns in a row the queue is
    asked.

    A turn that does not end, which no actor's should, holds its thread; while nothing moves and mailboxes wait, threads
    are added. After a while the actor's supervisor hears of it.
    """

    IN_A_ROW = 16
    STUCK_SECONDS = 0.5
    MOST = 256
    HANG_SECONDS = 60.0
    """Seconds in one turn after which an actor counts as hanging."""

    def __init__(self, threads: int | None = None, name: str = "headwater-pool", clock: Clock | None = None) -> None:
        self.size = threads or max(4, os.cpu_count() or 1)
        self._name = name
        self._clock = clock
        self._runs: queue.SimpleQueue[Mailbox | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._turns = 0
        self._watching = False
        self._under_way: dict[int, tuple[Mailbox, float]] = {}
        self._timing = False

    # HOT: once a message that finds its actor at rest
    def submit(self, mailbox: Mailbox) -> None:
        """Give a mailbox a turn."""
        worker = _worker
        if worker.pool is self:
            if worker.next is None:
                worker.next = mailbox
                return
            if worker.mine is not None:
                worker.mine.append(mailbox)
                return
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
        mine: deque[Mailbox] = deque()
        worker.pool = self
        worker.mine = mine
        try:
            result = call()
            for _ in range(self.IN_A_ROW):
                mailbox = worker.next
                if mailbox is not None:
                    worker.next = None
                elif mine:
                    mailbox = mine.popleft()
                else:
                    break
                self._turns += 1
                self._under_way[thread] = (mailbox, monotonic())
                mailbox.turn()
            return result
        finally:
            self._under_way.pop(thread, None)
            if worker.next is not None:
                mine.appendleft(worker.next)
            worker.pool = worker.next = worker.mine = None
            for left in mine:
                self.submit(left)

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
        worker = _worker
        worker.pool = self
        runs = self._runs
        thread = threading.get_ident()
        row = 0
        while True:
            mailbox = worker.next
            worker.next = None
            if mailbox is None or row >= self.IN_A_ROW:
                if mailbox is not None:
                    runs.put(mailbox)
                self._under_way.pop(thread, None)
                mailbox = runs.get()
                if mailbox is None:
                    return
                row = 0
            row += 1
            self._turns += 1
            self._under_way[thread] = (mailbox, monotonic())
            if not self._timing and self._clock is not None:
                self._timing = True
                self._clock.after(self.HANG_SECONDS / 4, self._time)
            mailbox.turn()

    def _time(self) -> None:
        """Look for turns that do not end."""
        self._timing = False
        now = monotonic()
        for thread, (mailbox, since) in tuple(self._under_way.items()):
            if now - since > self.HANG_SECONDS:
                self._under_way[thread] = (mailbox, now)
                if mailbox.actor is not None:
                    mailbox.actor.hangs(now - since)
        if self._under_way and self._clock is not None and self._threads:
            self._timing = True
            self._clock.after(self.HANG_SECONDS / 4, self._time)

    def close(self) -> None:
        """End the threads after what is queued now; waits for them unless called from one, but not for ever."""
        threads = self._threads
        for _ in threads:
            self._runs.put(None)
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(timeout=2.0)
        self._threads = []


class Mailbox:
    """The inbox of a pooled actor; has a place on the pool's queue exactly while it holds messages."""

    __slots__ = ("_lock", "_scheduled", "actor", "items", "pool")

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
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


class Flag:
    """A flag that nobody waits for: what an actor needs of an event, at a hundredth of its size."""

    __slots__ = ("_up",)

    def __init__(self) -> None:
        self._up = False

    def set(self) -> None:
        """Raise it."""
        self._up = True

    def is_set(self) -> bool:
        """Whether it is up."""
        return self._up


class PooledActor(pykka.Actor):
    """An actor on a pool, and a host for coroutines (`headwater.tasks.Host`).

    Messages that are callables are called; all others go to `on_receive`.
    """

    def __init__(self, pool: Pool, clock: Clock, lanes: Lanes) -> None:
        _making.inbox = Mailbox(pool)
        super().__init__()
        self._mailbox: Mailbox = _making.inbox
        self._mailbox.actor = self
        self.actor_stopped = self._actor_ref.actor_stopped = cast("threading.Event", Flag())
        self._ready: list[Callable[[], None]] = []
        self.clock = clock
        self.lanes = lanes

    @staticmethod
    def _create_actor_inbox() -> Any:
        return _making.inbox  # made by the constructor, which knows the pool

    @staticmethod
    def _create_future() -> pykka.Future[Any]:
        return pykka.ThreadingFuture()

    def _start_actor_loop(self) -> None:
        self.actor_ref.tell(self._actor_loop_setup)

    # HOT: once a message
    def take_turn(self, items: deque[Envelope[Any]]) -> None:
        """Handle some messages; called by the mailbox, never twice at once."""
        if self.actor_stopped.is_set():
            self._refuse(items)
            return
        ready = self._ready
        turn.host = self
        try:
            for _ in range(TURN):
                try:
                    envelope = items.popleft()
                except IndexError:
                    break
                message = envelope.message
                try:
                    if callable(message):
                        message()
                    else:
                        response = self._handle_receive(message)
                        if envelope.reply_to is not None:
                            envelope.reply_to.set(response)
                    while ready:
                        ready.pop(0)()
                except BaseException:
                    if envelope.reply_to is not None:
                        envelope.reply_to.set_exception()
                    else:
                        self._fail()
                if self.actor_stopped.is_set():
                    break
            self.on_turn_end()
            while ready and not self.actor_stopped.is_set():
                ready.pop(0)()
                if not ready:
                    self.on_turn_end()
        except BaseException:
            self._fail()
        finally:
            turn.host = None
        if self.actor_stopped.is_set():
            self._refuse(items)

    def _fail(self) -> None:
        """A message could not be handled: the actor says so and stays, its supervisor decides."""
        error = sys.exc_info()[1]
        assert error is not None
        self.crashed(error)

    def on_turn_end(self) -> None:
        """Hook: all messages of a turn were handled; for what is better done once for many."""

    def _refuse(self, items: deque[Envelope[Any]]) -> None:
        # `put` may add while this drains, on another thread even: popleft hands each envelope to one only.
        while True:
            try:
                envelope = items.popleft()
            except IndexError:
                return
            if envelope.reply_to is None:
                continue
            if isinstance(envelope.message, _ActorStop):
                envelope.reply_to.set(None)
            else:
                dead = pykka.ActorDeadError(f"{self.actor_ref} stopped before handling the message")
                envelope.reply_to.set_exception((pykka.ActorDeadError, dead, None))

    # -- Host

    def wake(self, call: Callable[[], None]) -> None:
        """Run a callable in a turn, soon; at the end of the current message when it is this actor's own turn."""
        if getattr(turn, "host", None) is self:
            self._ready.append(call)
        elif not self.actor_stopped.is_set():
            self.actor_inbox.put(pykka._envelope.Envelope(call))

    def call_blocking(self, call: Callable[[], Any]) -> Future[Any]:
        """Run a callable that may block on a lane."""
        return self.lanes.run(call)

    def hangs(self, seconds: float) -> None:
        """Hook, called on another thread: a turn of this actor has not ended for so long."""
        _logger.error("%s has not come back for %.0f s", self, seconds)

    def crashed(self, error: BaseException) -> None:
        """Take note of a failure that nobody waits for."""
        _logger.error("Unhandled failure in %s", self, exc_info=error)


class Lane(pykka.ThreadingActor):
    """A pinned actor: one thread, for one call that may block at a time."""

    use_daemon_thread = True

    def __init__(self, lanes: Lanes) -> None:
        super().__init__()
        self._lanes = lanes

    @staticmethod
    def _create_actor_inbox() -> Any:
        return queue.SimpleQueue()

    def on_receive(self, message: Any) -> None:
        """Make the call and settle its future."""
        call, future = message
        try:
            value = call()
        except BaseException as error:
            self._lanes.give_back(self)
            future.set_exception(error)
        else:
            self._lanes.give_back(self)
            future.set_result(value)


class Lanes:
    """Threads for calls that may block: as many as there are such calls at once, kept a while for the next ones."""

    IDLE_SECONDS = 5.0
    LIMIT = 4096

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._idle: list[tuple[Lane, float]] = []
        self._count = 0
        self._waiting: deque[tuple[Callable[[], Any], Future[Any]]] = deque()
        self._sweeping = False
        self._closed = False

    def run(self, call: Callable[[], Any]) -> Future[Any]:
        """Make a call on an idle lane, or on a new one."""
        future: Future[Any] = Future()
        with self._lock:
            lane = self._idle.pop()[0] if self._idle else None
            if lane is None:
                if self._count >= self.LIMIT:
                    self._waiting.append((call, future))
                    return future
                self._count += 1
        if lane is None:
            try:
                lane = Lane.start(self)._actor_weakref()
            except RuntimeError as error:  # no more threads to be had
                with self._lock:
                    self._count -= 1
                future.set_exception(error)
                return future
        assert lane is not None
        lane.actor_ref.tell((call, future))
        return future

    def give_back(self, lane: Lane) -> None:
        """A lane has made its call."""
        with self._lock:
            if self._waiting:
                lane.actor_ref.tell(self._waiting.popleft())
                return
            if self._closed:
                self._count -= 1
                lane.stop()
                return
            self._idle.append((lane, self._clock.now()))
            sweep = not self._sweeping
            self._sweeping = True
        if sweep:
            self._clock.after(self.IDLE_SECONDS, self._sweep)

    def _sweep(self) -> None:
        with self._lock:
            before = self._clock.now() - self.IDLE_SECONDS + 0.001
            tired = [lane for lane, since in self._idle if since <= before]
            self._idle = [entry for entry in self._idle if entry[1] > before]
            self._count -= len(tired)
            self._sweeping = bool(self._idle)
            again = self._sweeping
        for lane in tired:
            lane.stop()
        if again:
            self._clock.after(self.IDLE_SECONDS, self._sweep)

    def __len__(self) -> int:
        """How many lanes there are."""
        return self._count

    def close(self) -> None:
        """End the idle lanes now and the busy ones after their call."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            self._count -= len(idle)
        for lane, _ in idle:
            lane.stop()
