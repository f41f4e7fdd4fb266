"""Lanes: actors that are pinned to a thread of their own, for calls that may block."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

import pykka

from headwater.clock import Clock
from headwater.tasks import Future


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
