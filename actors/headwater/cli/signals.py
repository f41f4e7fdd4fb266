"""The signals that end the program, and whatever else wakes its main thread."""

from __future__ import annotations

import argparse
import contextlib
import os
import select
import signal
import time
from collections import deque
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Final

WORDS: Final = {signal.SIGINT: "interrupt", signal.SIGTERM: "terminated"}


class Signals:
    """While entered, SIGINT and SIGTERM arrive at `wait` instead of ending the process. Main thread only.

    `wait` looks at a pipe that the interpreter writes to the moment a signal comes. A handler alone would not do: a
    signal that comes between its last look and the wait would not end the wait.
    """

    def __init__(self) -> None:
        self._arrived: deque[signal.Signals] = deque()
        self._previous: dict[int, Any] = {}
        self._woken = False

    def __enter__(self) -> Signals:
        self._bell, self._rope = os.pipe()
        os.set_blocking(self._bell, False)
        os.set_blocking(self._rope, False)
        self._outer = signal.set_wakeup_fd(self._rope, warn_on_full_buffer=False)
        for number in WORDS:
            self._previous[number] = signal.signal(number, self._take)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, previous in self._previous.items():
            signal.signal(number, previous)
        signal.set_wakeup_fd(self._outer)
        # The pipe stays: whoever calls `wake` late must not write to what is a file of somebody else by then.

    def _take(self, number: int, frame: FrameType | None) -> None:
        self._arrived.append(signal.Signals(number))

    def wake(self) -> None:
        """Make `wait` return without a signal; from any thread."""
        self._woken = True
        with contextlib.suppress(BlockingIOError):  # full: it is about to return anyway
            os.write(self._rope, b"\0")

    def wait(self, timeout: float | None = None) -> signal.Signals | None:
        """The next signal, or None when woken or when the seconds are over."""
        until = None if timeout is None else time.monotonic() + timeout
        while not self._arrived and not self._woken:
            left = None if until is None else until - time.monotonic()
            if left is not None and left <= 0:
                return None
            if select.select([self._bell], [], [], left)[0]:
                os.read(self._bell, 4096)
        if self._arrived:
            return self._arrived.popleft()
        self._woken = False
        return None


def serve_until_signal(args: argparse.Namespace, serve: Callable[[argparse.Namespace, Signals], None]) -> int:
    """Run a service until it ends or a signal ends it. Returns: the exit status.

    Signals are taken before all else is imported: one that comes early ends the service as one that comes late.
    """
    with Signals() as signals:
        from headwater.cli.launch import Refusal, refused

        try:
            serve(args, signals)
        except Refusal as error:
            return refused(error)
    return 0
