"""Transactions that come back when they are rejected: for components that keep what they hand out."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Sequence

from headwater import tasks
from headwater.acknowledge import Delivery, Failure, failed_messages
from headwater.clock import Timer
from headwater.errors import Closed
from headwater.message import Batch, numbered

AT_ONCE = 2
"""How often a rejected transaction comes back without a wait."""

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 1.0
GROWTH = 1.1


class Transaction:
    """A batch that is kept until it is delivered; `delivered` is called then, with the failure if it is given up."""

    __slots__ = ("batch", "delivered", "rejections")

    def __init__(self, batch: Batch, delivered: Callable[[Failure | None], None]) -> None:
        self.batch = batch
        self.delivered = delivered
        self.rejections = 0

    def narrow(self, failure: Failure) -> None:
        """Keep only the messages that a failure is about."""
        left = failed_messages(self.batch, failure)
        if left and len(left) < len(self.batch):
            self.batch = numbered(left)

    def pause(self) -> float:
        """Note a rejection. Returns: seconds to wait before the next attempt."""
        self.rejections += 1
        if self.rejections <= AT_ONCE:
            return 0.0
        wait = min(LONGEST_PAUSE, FIRST_PAUSE * GROWTH ** (self.rejections - AT_ONCE - 1))
        return wait * random.uniform(0.5, 1.5)


class Replays:
    """Hands out transactions, first in, first out; rejected ones come back in front of all others.

    For the turns of one host. `stalled` is up while `take` waits for settlements alone.
    """

    def __init__(self, stalled: tasks.Event | None = None) -> None:
        self._due: deque[Transaction] = deque()
        self._changed = tasks.Event()
        self._stalled = stalled or tasks.Event()
        self._open = 0
        self._waiting = 0
        self._draining = False
        self._host: tasks.Host | None = None
        self._timers: dict[Transaction, Timer] = {}

    def __len__(self) -> int:
        """How many are not delivered."""
        return len(self._due) + self._open + self._waiting

    def due(self) -> int:
        """How many can be handed out now."""
        return len(self._due)

    def changed(self) -> tasks.Future[None]:
        """Settled when something was added, came back or was settled; ask for it anew each time."""
        self._changed.clear()
        return self._changed.future

    def add(self, transaction: Transaction) -> None:
        """Hand it out when its turn comes."""
        self._due.append(transaction)
        self._changed.set()

    def reject(self, transaction: Transaction, failure: Failure) -> None:
        """It came back: hand it out again after its pause, in front of all others."""
        if self._draining:
            transaction.delivered(failure)
            self._changed.set()
            return
        transaction.narrow(failure)
        pause = transaction.pause()
        if not pause:
            self._due.appendleft(transaction)
            self._changed.set()
            return
        host = self._host
        assert host is not None, "settled before it was handed out"
        self._waiting += 1
        self._timers[transaction] = host.clock.after(pause, lambda: host.wake(lambda: self._return(transaction)))

    def _return(self, transaction: Transaction) -> None:
        self._waiting -= 1
        self._timers.pop(transaction, None)
        if self._draining:
            transaction.delivered(Closed())
        else:
            self._due.appendleft(transaction)
        self._changed.set()

    def watch(self) -> None:
        """Say whose turns these are; before anything is rejected."""
        if self._host is None:
            self._host = tasks.current_host()

    async def take(self, limit: int, more: Callable[[], bool]) -> Delivery | None:
        """Wait for transactions to hand out.

        Args:
            more: Whether others may still come in; else the end has come when all are delivered.

        Returns: None at the end.
        """
        self.watch()
        while not self._due:
            if not more():
                if not self._open and not self._waiting:
                    return None
                self._stalled.set()
            self._changed.clear()
            try:
                await self._changed.wait()
            finally:
                self._stalled.clear()
        taken = [self._due.popleft() for _ in range(min(limit, len(self._due)))]
        self._open += len(taken)

        def settle(indices: Sequence[int] | None, failure: Failure | None) -> None:
            for transaction in taken if indices is None else [taken[index] for index in indices]:
                self._open -= 1
                if failure is None:
                    transaction.delivered(None)
                else:
                    self.reject(transaction, failure)
            if not self._due and not self._open:
                self._changed.set()

        return Delivery([transaction.batch for transaction in taken], settle)

    def touch(self) -> None:
        """Look again whether more may come."""
        self._changed.set()

    def close(self) -> None:
        """Forget all; nothing more is said about it."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def drain(self) -> None:
        """Hand out nothing again: what is rejected from now on, or waits for its pause, is given up."""
        self._draining = True
        due, self._due = self._due, deque()
        for transaction in due:
            transaction.delivered(Closed())
        self._changed.set()
