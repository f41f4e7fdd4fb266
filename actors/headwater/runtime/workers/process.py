"""One worker process as its parent sees it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
import sys
from collections import deque
from collections.abc import Sequence
from time import monotonic
from typing import TYPE_CHECKING, Final

from headwater.runtime.workers.protocol import LENGTH, Answer, answers

if TYPE_CHECKING:
    from headwater.runtime.workers.pool import Job

PIPE_SIZE: Final = 1 << 20
"""What a pipe should hold: a chunk or two, so that they are written without waiting."""

_AT_ONCE: Final = 1 << 16
"""Bytes of one read: what fits into the cache of a core costs a third of what does not."""


class Worker:
    """A child program and the two pipes to it. Not thread-safe: its pool has the lock.

    Attributes:
        jobs: What it was given and has not answered, by number, the oldest first.
        opened: The chains that it has.
        ready: Whether it has said that it is there.
        head_since: Since when it is at its oldest job.

    Raises:
        OSError: It cannot be started.
    """

    def __init__(self) -> None:
        path = os.environ.get("PYTHONPATH")
        command = [sys.executable, "-P", "-m", "headwater.runtime.workers", str(os.getpid())]
        # It finds what its parent finds, and sees the variables that its parent has.
        self.process = subprocess.Popen(
            command if path is None else [*command, path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, map(os.path.abspath, sys.path)))},
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.sink = self.process.stdin.fileno()
        self.source = self.process.stdout.fileno()
        for descriptor in (self.sink, self.source):
            os.set_blocking(descriptor, False)
            if hasattr(fcntl, "F_SETPIPE_SZ"):
                with contextlib.suppress(OSError):
                    fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, PIPE_SIZE)
        self.jobs: dict[int, Job] = {}
        self.opened: set[int] = set()
        self.ready = False
        self.head_since = monotonic()
        self.watched = False
        self._out: deque[memoryview] = deque()
        self._read = bytearray()

    @property
    def writing(self) -> bool:
        """Whether something waits to be written."""
        return bool(self._out)

    # HOT: once a chunk
    def send(self, frame: Sequence[bytes]) -> None:
        """Write a frame, as much of it as the pipe takes now; `flush` goes on."""
        self._out.extend(map(memoryview, frame))
        self.flush()

    def flush(self) -> None:
        """Write what waits. That the other end is gone is not seen here: reading tells."""
        out = self._out
        try:
            while out:
                written = os.writev(self.sink, list(out)[:64])
                while out and written >= len(out[0]):
                    written -= len(out.popleft())
                if written:
                    out[0] = out[0][written:]
        except BlockingIOError:
            return
        except OSError:
            out.clear()

    # HOT: once a chunk
    def receive(self) -> list[Answer]:
        """The answers that have come by now.

        Raises:
            EOFError: The process has ended.
        """
        found: list[Answer] = []
        buffer = self._read
        try:
            while data := os.read(self.source, _AT_ONCE):
                buffer += data
                if len(data) < _AT_ONCE:
                    break
            else:
                raise EOFError
        except BlockingIOError:
            pass
        except OSError:
            raise EOFError from None
        at = 0
        while len(buffer) - at >= LENGTH.size:
            (size,) = LENGTH.unpack_from(buffer, at)
            end = at + LENGTH.size + size
            if len(buffer) < end:
                break
            with memoryview(buffer) as view, view[at + LENGTH.size : end] as body:
                found.append(answers.decode(body))
            at = end
        if at:
            del buffer[:at]
        return found

    def hang_up(self) -> None:
        """Let it end by itself: it does when its pipe ends."""
        assert self.process.stdin is not None
        self.process.stdin.close()

    def end(self, seconds: float = 0.0) -> int:
        """Wait so long for its end, then kill it; its exit status."""
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()
        try:
            if seconds <= 0:
                self.process.kill()
            return self.process.wait(seconds or None)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()
