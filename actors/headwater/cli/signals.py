"""The signals that end the program, and whatever else wakes its main thread."""

from __future__ import annotations

import argparse
import queue
import signal
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Final

WORDS: Final = {signal.SIGINT: "interrupt", signal.SIGTERM: "terminated"}


class Signals:
    """While entered, SIGINT and SIGTERM arrive at `wait` instead of ending the process. Main thread only."""

    def __init__(self) -> None:
        self._arrived: queue.SimpleQueue[signal.Signals | None] = queue.SimpleQueue()
        self._previous: dict[int, Any] = {}

    def __enter__(self) -> Signals:
        for number in WORDS:
            self._previous[number] = signal.signal(number, self._take)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, previous in self._previous.items():
            signal.signal(number, previous)

    def _take(self, number: int, frame: FrameType | None) -> None:
        self._arrived.put(signal.Signals(number))

    def wake(self) -> None:
        """Make `wait` return without a signal; from any thread."""
        self._arrived.put(None)

    def wait(self, timeout: float | None = None) -> signal.Signals | None:
        """The next signal, or None when woken or when the seconds are over."""
        try:
            return self._arrived.get(timeout=timeout)
        except queue.Empty:
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
