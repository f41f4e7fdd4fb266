"""What all tortures share: the program as a real process, a sender that knows what was acked, and the account of it."""

from __future__ import annotations

import contextlib
import http.client
import json
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from array import array
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / ".venv" / "bin" / "headwater"
HOST = "127.0.0.1"
START_SECONDS = 30.0


@dataclass
class Outcome:
    """What became of the messages of a test, and what else it found."""

    sent: int = 0
    acked: int = 0
    delivered: int = 0
    lost: int = 0
    duplicated: int = 0
    reordered: int = 0
    note: str = ""
    failures: list[str] = field(default_factory=list)

    HEAD: ClassVar[str] = (
        f"{'test':16} {'result':6} {'sent':>9} {'acked':>9} {'delivered':>9} {'lost':>5} {'dup':>6} {'reord':>6} "
        f"{'seconds':>8}  note"
    )

    def row(self, name: str, seconds: float) -> str:
        """One line of the table."""
        result = "FAILED" if self.failures else "passed"
        return (
            f"{name:16} {result:6} {self.sent:9} {self.acked:9} {self.delivered:9} {self.lost:5} {self.duplicated:6} "
            f"{self.reordered:6} {seconds:8.1f}  {self.note}"
        )

    def require(self, holds: bool, otherwise: str) -> None:
        """Note a failure unless something holds."""
        if not holds:
            self.failures.append(otherwise)


def account(sent: int, acked: Collection[int], delivered: Iterable[int], note: str = "") -> Outcome:
    """Compare what was acked, each number once, with what arrived, in the order of arrival; all are below `sent`."""
    seen = bytearray(sent)  # a byte a message: runs of an hour have tens of millions of them
    arrived = duplicated = reordered = 0
    before = -1
    for number in delivered:
        arrived += 1
        if seen[number]:
            duplicated += 1
            continue
        seen[number] = 1
        reordered += number < before
        before = number
    return Outcome(
        sent=sent,
        acked=len(acked),
        delivered=arrived,
        lost=sum(1 for number in acked if not seen[number]),
        duplicated=duplicated,
        reordered=reordered,
        note=note,
    )


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


class Service:
    """`headwater` as a process of its own."""

    def __init__(self, argv: list[str], folder: Path, port: int) -> None:
        self.port = port
        self._log = folder / "log.txt"
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [str(PROGRAM), *argv], cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def wait_until_up(self, path: str = "/ping") -> None:
        """Wait for the first answer."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self.request("GET", path, timeout=2)[0] == 200:
                    return
            if self.process.poll() is not None:
                raise RuntimeError(f"the program ended with {self.process.returncode}: {self.log()[-500:]}")
            if time.monotonic() > deadline:
                raise RuntimeError("the program did not come up")
            time.sleep(0.01)

    def request(
        self, method: str, path: str, body: bytes | str | None = None, timeout: float = 10, **headers: str
    ) -> tuple[int, bytes]:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=timeout)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def kill(self) -> None:
        """kill -9, and wait for the end."""
        self.process.kill()
        self.process.wait()

    def terminate(self, timeout: float) -> tuple[int, float]:
        """SIGTERM. Returns: exit status and seconds until the end."""
        started = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(timeout)
        return status, time.monotonic() - started

    def log(self) -> str:
        """What it has printed."""
        return self._log.read_text(errors="replace")

    def resident(self) -> int:
        """Resident memory in bytes."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * 4096

    def peak(self) -> int:
        """The most resident memory that it has had, in bytes, since the last time that this was asked."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        most = next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")
        return most

    def threads(self) -> int:
        """How many threads it has."""
        return len(list(Path(f"/proc/{self.process.pid}/task").iterdir()))

    def starved(self) -> float:
        """Seconds that its threads were ready to run and had no core, so far: what other work on the machine cost it.

        Only one thread of it has the interpreter at a time, so the difference between two looks is about what an
        answer took longer than it would have on a machine of its own.
        """
        nanoseconds = 0
        for stat in Path(f"/proc/{self.process.pid}/task").glob("*/schedstat"):
            with contextlib.suppress(OSError):  # a thread that has just ended
                nanoseconds += int(stat.read_text().split()[1])
        return nanoseconds / 1e9

    def descriptors(self) -> int:
        """How many file descriptors it has."""
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))


class Sender(threading.Thread):
    """Posts numbers in order, each again until it is acked, over however many lives of the service.

    Attributes:
        pause: Seconds after each batch.
    """

    def __init__(self, port: int, path: str, batch: int = 1) -> None:
        super().__init__(daemon=True)
        self.pause = 0.0
        self._port = port
        self._path = path
        self._batch = batch
        self._ending = threading.Event()
        self.sent = 0
        self.attempts = 0
        self._acked = 0

    @property
    def acked(self) -> range:
        """The numbers that were acked: all from the first on, since each is repeated until it is."""
        return range(self._acked)

    def run(self) -> None:
        """Until `finish`."""
        connection: http.client.HTTPConnection | None = None
        number = 0
        while not self._ending.is_set():
            numbers = range(number, number + self._batch)
            self.sent = numbers[-1] + 1
            self.attempts += 1
            try:
                if connection is None:
                    connection = http.client.HTTPConnection(HOST, self._port, timeout=30)
                connection.request("POST", self._path, *_body(numbers))
                answer = connection.getresponse()
                answer.read()
                done = answer.status == 200
            except (OSError, http.client.HTTPException):
                if connection is not None:
                    connection.close()
                connection = None
                done = False
                self._ending.wait(0.01)
            if done:
                number += self._batch
                self._acked = number
                if self.pause:
                    self._ending.wait(self.pause)
            elif connection is not None:
                self._ending.wait(0.01)
        if connection is not None:
            connection.close()

    def finish(self) -> None:
        """Stop after the request under way."""
        self._ending.set()
        self.join(35)


def _body(numbers: range) -> tuple[bytes, dict[str, str]]:
    if len(numbers) == 1:
        return str(numbers[0]).encode(), {}
    parts = "".join(f"--b\r\n\r\n{number}\r\n" for number in numbers)
    return f"{parts}--b--\r\n".encode(), {"Content-Type": "multipart/form-data; boundary=b"}


class Bench:
    """A folder, a source of chance, and how much there is to do; stops in the end what was started."""

    def __init__(self, chance: random.Random, seconds: float, rounds: int | None = None) -> None:
        self.chance = chance
        self.seconds = seconds
        self.rounds = rounds
        self.folder = Path(tempfile.mkdtemp(prefix="torture-"))
        self._services: list[Service] = []
        self._started = time.monotonic()

    def __enter__(self) -> Self:
        self._started = time.monotonic()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for service in self._services:
            if service.process.poll() is None:
                service.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def left(self) -> float:
        """Seconds that are left."""
        return self.seconds - (time.monotonic() - self._started)

    def goes_on(self, rounds: int, reserve: float = 1.0) -> bool:
        """Whether there is another round after so many: at least one, and until time or number is reached.

        Args:
            reserve: Seconds that the end of the test needs.
        """
        return rounds == 0 or (self.left > reserve and (self.rounds is None or rounds < self.rounds))

    def write(self, name: str, text: str) -> Path:
        """Write a file into the folder."""
        path = self.folder / name
        path.write_text(text)
        return path

    def run(self, config: str, port: int) -> Service:
        """Start `headwater run` with a configuration."""
        self.write("config.yaml", config)
        service = Service(["run", "config.yaml"], self.folder, port)
        self._services.append(service)
        return service

    def streams(self, root: str = "", *args: str, port: int | None = None) -> Service:
        """Start streams mode."""
        port = port or free_port()
        self.write("root.yaml", f"http: {{address: '{HOST}:{port}'}}\n{root}")
        service = Service(["streams", "-o", "root.yaml", *args], self.folder, port)
        self._services.append(service)
        service.wait_until_up()
        return service

    def numbers(self, name: str) -> array[int]:
        """The numbers in a file of lines; a last line without a newline is none, as it was never acked."""
        path = self.folder / name
        found = array("q")
        if path.exists():
            with path.open("rb") as file:
                found.extend(int(line) for line in file if line.endswith(b"\n"))
        return found

    def last_number(self, name: str) -> int:
        """The last number in a file of lines, or -1."""
        path = self.folder / name
        if not path.exists():
            return -1
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 256))
            lines = file.read().split(b"\n")[:-1]
        return int(lines[-1]) if lines else -1


def until(condition: Callable[[], Any], seconds: float, what: str) -> Any:
    """Wait for something. Raises: TimeoutError, naming what was waited for."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"after {seconds:g} s still not: {what}")
        time.sleep(0.01)
    return found


def stream(**sections: Any) -> str:
    """A stream's configuration as JSON."""
    return json.dumps(sections)
