"""Processes that are measured: run to their end, or kept up while something is asked of them."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LONGEST_SECONDS = 900.0
"""After which a process counts as hanging."""

MOST_BYTES = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 3
"""Of memory; what takes more is killed before the machine begins to swap."""

START_SECONDS = 60.0
STOP_SECONDS = 60.0
LOOK_SECONDS = 0.2
"""Between two looks at the memory of a process and its children; less in the first moments."""

_TICK = os.sysconf("SC_CLK_TCK")

Words = Sequence[str | Path]


class Failed(Exception):
    """A process did not do what it should; the message holds what it said."""


@dataclass(frozen=True)
class Run:
    """One process from start to end.

    Attributes:
        seconds: From its start to its end.
        cpu: CPU seconds of it and of the children that it waited for.
        peak: The most memory it had, resident, in bytes; with children that of all together, looked at now and then.
        output: What it wrote to standard output and standard error.
    """

    seconds: float
    cpu: float
    peak: int
    output: str


def one_core() -> set[int]:
    """The core that what runs on one core is held to."""
    return {min(os.sched_getaffinity(0))}


def run(
    command: Words,
    *,
    cores: set[int] | None = None,
    environment: Mapping[str, str] | None = None,
    limit: float = LONGEST_SECONDS,
) -> Run:
    """Run a process to its end.

    Args:
        cores: What it may run on; all where None.
        environment: Variables to add.
        limit: Seconds after which it is killed.

    Raises:
        Failed: Its exit status is not 0, or it took too long.
    """
    with tempfile.TemporaryFile() as log:
        own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        started = time.perf_counter()
        process = _start(command, log.fileno(), cores, environment)
        watch = _Watch(process.pid, limit)
        try:
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - started
        except BaseException:
            process.kill()
            process.wait()
            raise
        finally:
            watch.end()
        process.returncode = os.waitstatus_to_exitcode(status)
        log.seek(0)
        output = log.read().decode(errors="replace")
    if watch.killed:
        raise Failed(f"{_shown(command)} was killed: {watch.killed}\n{output[-2000:]}")
    if process.returncode:
        raise Failed(f"{_shown(command)}: exit status {process.returncode}\n{output[-2000:]}")
    # The system counts what this process had when it started the other one. What is not more says nothing.
    exact = usage.ru_maxrss * 1024 if usage.ru_maxrss > own else 0
    return Run(seconds, usage.ru_utime + usage.ru_stime, max(exact, watch.peak), output)


class Server:
    """A process that is up. What it takes is asked of the system while it runs."""

    def __init__(self, pid: int, port: int) -> None:
        self.pid = pid
        self.port = port

    def cpu(self) -> float:
        """CPU seconds that it and its children have used."""
        return sum(_cpu(pid) for pid in tree(self.pid))

    def resident(self) -> int:
        """Bytes of memory that it and its children have now."""
        return sum(_status(pid, "VmRSS") for pid in tree(self.pid))

    def peak(self) -> int:
        """The most that it and its children had, each at its own time."""
        return sum(_status(pid, "VmHWM") for pid in tree(self.pid))


@contextlib.contextmanager
def serve(
    command: Words, port: int, *, cores: set[int] | None = None, environment: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """Start a process, wait until its port is open, stop it with SIGTERM at the end.

    Raises:
        Failed: It did not come up, or was killed because it took too much.
    """
    with tempfile.TemporaryFile() as log:
        process = _start(command, log.fileno(), cores, environment)
        watch = _Watch(process.pid, LONGEST_SECONDS)
        try:
            deadline = time.monotonic() + START_SECONDS
            while not is_open(port):
                if process.poll() is not None or time.monotonic() > deadline:
                    log.seek(0)
                    said = log.read().decode(errors="replace")[-2000:]
                    raise Failed(f"{_shown(command)} did not come up on port {port}\n{said}")
                time.sleep(0.005)
            try:
                yield Server(process.pid, port)
            except Exception as error:
                if watch.killed:
                    raise Failed(f"{_shown(command)} was killed: {watch.killed}") from error
                raise
        finally:
            watch.end()
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_open(port: int) -> bool:
    """Whether somebody listens."""
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def tree(pid: int) -> list[int]:
    """A process and all that came of it."""
    found = [pid]
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            children = Path(f"/proc/{pid}/task/{task}/children").read_text(encoding="ascii").split()
            for child in children:
                found += tree(int(child))
    return found


class _Watch:
    """Looks at a process while another thread waits for it: the memory of its tree, and whether it hangs.

    Attributes:
        peak: The most memory that was seen: of one process all that it had so far, of several what they have together.
        killed: Why it was.
    """

    def __init__(self, pid: int, limit: float) -> None:
        self.peak = 0
        self.killed = ""
        self._pid = pid
        self._deadline = time.monotonic() + limit
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        wait = LOOK_SECONDS / 20
        while not self._over.wait(wait):
            wait = min(LOOK_SECONDS, wait * 1.2)
            pids = tree(self._pid)
            resident = sum(_status(pid, "VmRSS") for pid in pids)
            self.peak = max(self.peak, resident if len(pids) > 1 else _status(self._pid, "VmHWM"))
            if time.monotonic() > self._deadline:
                self.killed = "it took too long"
            elif resident > MOST_BYTES:
                self.killed = f"it took {resident / 1e9:.1f} GB of memory"
            if self.killed:
                for pid in reversed(pids):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                return

    def end(self) -> None:
        """Look no more."""
        self._over.set()
        self._thread.join()


def _start(
    command: Words, log: int, cores: set[int] | None, environment: Mapping[str, str] | None
) -> subprocess.Popen[bytes]:
    pin = (lambda: os.sched_setaffinity(0, cores)) if cores else None
    try:
        return subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**os.environ, **environment} if environment else None,
            preexec_fn=pin,
        )
    except OSError as error:
        raise Failed(f"{_shown(command)}: {error.strerror}") from error


def _shown(command: Words) -> str:
    """A command without the text of the programs in it."""
    return " ".join(word if len(word) < 100 and "\n" not in word else "…" for word in map(str, command))


def _status(pid: int, name: str) -> int:
    """A size of a process in bytes; 0 when it is gone."""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as file:
        for line in file:
            if line.startswith(name):
                return int(line.split()[1]) * 1024
    return 0


def _cpu(pid: int) -> float:
    with contextlib.suppress(OSError), open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
        values = file.read().rpartition(")")[2].split()
        return (int(values[11]) + int(values[12])) / _TICK
    return 0.0
