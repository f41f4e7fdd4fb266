"""Where actors run: on a shared pool of threads, or on a thread of their own.

Pykka's own actor type gives every actor a thread and costs some 25 µs a message. These are two further types, made
with the hooks that Pykka has for implementors: an inbox, a future, and the start of the loop.

*Pooled* actors have mailboxes that are scheduled on a `Pool`: an actor runs until its mailbox is empty or its turn is
over, never on two threads at once. They must not block: what may block goes to a `Lane`, a *pinned* actor, through
`call_blocking`.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar, cast

import pykka
from pykka.messages import _ActorStop

from headwater.clock import Clock
from headwater.runtime.lanes import Lanes
from headwater.runtime.pool import Mailbox, Pool
from headwater.tasks import Future, turn

if TYPE_CHECKING:
    from pykka._envelope import Envelope

T = TypeVar("T")

TURN: Final = 64
"""Messages that an actor handles before others get their turn."""

_logger = logging.getLogger("headwater.runtime")
_making = threading.local()


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

    URGENT: ClassVar[bool] = False
    """Whether its turns come before those of all others: for actors that manage some, and do little themselves."""

    def __init__(self, pool: Pool, clock: Clock, lanes: Lanes) -> None:
        _making.inbox = Mailbox(pool, self.URGENT)
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

    def hangs(self, seconds: float, place: str = "somewhere") -> None:
        """Hook, called on another thread: a turn of this actor has not ended for so long."""
        _logger.error("%s has not come back for %.0f s from %s", self, seconds, place)

    def crashed(self, error: BaseException) -> None:
        """Take note of a failure that nobody waits for."""
        _logger.error("Unhandled failure in %s", self, exc_info=error)
