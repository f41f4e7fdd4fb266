"""A pool that tells when nothing is left to do, so that tests need not sleep."""

from __future__ import annotations

import threading

from headwater.runtime.pool import Mailbox, Pool


class WatchedPool(Pool):
    """Counts the turns that are due or under way."""

    def __init__(self, threads: int = 2) -> None:
        super().__init__(threads, "headwater-test")
        self._busy = 0
        self._idle = threading.Condition()

    def submit(self, mailbox: Mailbox) -> None:
        """Give a mailbox a turn."""
        with self._idle:
            self._busy += 1
        super().submit(mailbox)

    def _run(self) -> None:
        while (mailbox := self._runs.get()) is not None:
            try:
                mailbox.turn()
            finally:
                with self._idle:
                    self._busy -= 1
                    if not self._busy:
                        self._idle.notify_all()

    def wait_idle(self, seconds: float) -> bool:
        """Wait until no turn is due or under way. Returns: whether that came to be in time."""
        with self._idle:
            return self._idle.wait_for(lambda: not self._busy, seconds)
