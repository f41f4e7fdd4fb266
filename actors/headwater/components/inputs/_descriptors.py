"""Reading a descriptor that may have nothing to say for long, in a way that can be broken off."""

from __future__ import annotations

import contextlib
import os
import queue
import select
import threading

from headwater import tasks
from headwater.errors import ComponentError, EndOfInput

BLOCK = 65536


class DescriptorReader:
    """Reads blocks of a pipe, a terminal or a file on a thread of its own, one at a time and on request.

    Not on the host's lane of blocking calls: others that share the host would wait behind a silent terminal.
    """

    def __init__(self, descriptor: int, name: str) -> None:
        self._descriptor = descriptor
        self._name = name
        self._requests: queue.SimpleQueue[tasks.Future[bytes] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._wake: tuple[int, int] | None = None

    def read(self) -> tasks.Future[bytes]:
        """Ask for the next block; no bytes mean the end."""
        if self._thread is None:
            self._wake = os.pipe()
            name = f"headwater-{self._name}"
            self._thread = threading.Thread(target=self._run, args=(self._wake[0],), name=name, daemon=True)
            self._thread.start()
        future: tasks.Future[bytes] = tasks.Future()
        self._requests.put(future)
        return future

    def _run(self, wake: int) -> None:
        while (future := self._requests.get()) is not None:
            try:
                data = None
                while data is None:
                    if self._wait(wake):
                        future.set_exception(EndOfInput())
                        return
                    with contextlib.suppress(BlockingIOError):  # somebody else reads it too
                        data = os.read(self._descriptor, BLOCK)
            except (OSError, ValueError) as error:
                future.set_exception(ComponentError(f"read {self._name}: {error}"))
            else:
                future.set_result(data)

    def _wait(self, wake: int) -> bool:
        """Wait until there is something to read. Returns: whether it shall be broken off."""
        ready, _, _ = select.select([self._descriptor, wake], [], [])
        return wake in ready

    def close(self) -> None:
        """End the thread; the descriptor stays open."""
        thread, wake = self._thread, self._wake
        self._thread = self._wake = None
        if thread is None or wake is None:
            return
        os.write(wake[1], b"x")
        self._requests.put(None)
        thread.join()
        os.close(wake[0])
        os.close(wake[1])
