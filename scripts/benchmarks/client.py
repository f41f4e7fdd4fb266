"""An HTTP client that does as little as possible itself."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import time
from collections.abc import Iterator
from typing import Any

from scripts.benchmarks.process import Failed

SECONDS = 60.0


class Connection:
    """A connection that is kept alive."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._rest = b""

    def ask(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        """Send a request; the status and the body of the answer."""
        head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        self._socket.sendall(head + body)
        while b"\r\n\r\n" not in self._rest:
            self._more()
        head, _, self._rest = self._rest.partition(b"\r\n\r\n")
        fields = head.lower()
        if b"transfer-encoding: chunked" in fields:
            answer = self._chunks()
        else:
            length = re.search(rb"\r\ncontent-length: *(\d+)", fields)
            answer = self._take(int(length[1]) if length else 0)
        return int(head.split(b" ", 2)[1]), answer

    def wanted(self, method: str, path: str, body: bytes = b"") -> bytes:
        """The same, where any status but 200 is a failure."""
        status, answer = self.ask(method, path, body)
        if status != 200:
            raise Failed(f"{method} {path} answered {status}: {answer[:500].decode(errors='replace')}")
        return answer

    def close(self) -> None:
        """Close it."""
        self._socket.close()

    def _chunks(self) -> bytes:
        parts = []
        while True:
            while b"\r\n" not in self._rest:
                self._more()
            size, _, self._rest = self._rest.partition(b"\r\n")
            parts.append(self._take(int(size, 16) + 2)[:-2])
            if not parts[-1]:
                return b"".join(parts)

    def _take(self, length: int) -> bytes:
        while len(self._rest) < length:
            self._more()
        taken, self._rest = self._rest[:length], self._rest[length:]
        return taken

    def _more(self) -> None:
        try:
            more = self._socket.recv(1 << 16)
        except OSError as error:
            raise Failed(f"no answer: {error}") from error
        if not more:
            raise Failed("the server closed the connection")
        self._rest += more


@contextlib.contextmanager
def connected(port: int) -> Iterator[Connection]:
    """A connection for as long as the block lasts."""
    connection = Connection(port)
    try:
        yield connection
    finally:
        connection.close()


def ask(port: int, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
    """One request on a connection of its own."""
    with connected(port) as connection:
        return connection.ask(method, path, body)


def create(connection: Connection, name: str, config: dict[str, Any]) -> None:
    """Make a stream."""
    connection.wanted("POST", f"/streams/{name}", json.dumps(config).encode())


def sent(connection: Connection, *, stream: str = "") -> int:
    """Messages that outputs have sent, of one stream or of all."""
    status, text = connection.ask("GET", "/metrics")
    if status != 200:  # another program, without an exporter
        names = [stream] if stream else json.loads(connection.wanted("GET", "/streams"))
        stats = [json.loads(connection.wanted("GET", f"/streams/{name}/stats")) for name in names]
        return sum(value for each in stats for key, value in each.items() if key.startswith("output_sent"))
    total = 0.0
    for labels, value in re.findall(r"^output_sent(?:_total)?\{([^}]*)\} (\S+)", text.decode(), re.MULTILINE):
        if not stream or f'stream="{stream}"' in labels:
            total += float(value)
    return int(total)


def wait_for_first(connection: Connection, *, stream: str = "") -> None:
    """Wait until outputs have sent something.

    Raises:
        Failed: They do not.
    """
    deadline = time.monotonic() + SECONDS
    while not sent(connection, stream=stream):
        if time.monotonic() > deadline:
            raise Failed("no message has come through")
        time.sleep(0.05)


def flow(connection: Connection, seconds: float, *, stream: str = "") -> float:
    """Messages a second that outputs send, over some seconds, or more while nothing comes.

    Raises:
        Failed: Nothing does.
    """
    first, started = sent(connection, stream=stream), time.perf_counter()
    while True:
        time.sleep(seconds)
        last, ended = sent(connection, stream=stream), time.perf_counter()
        if last > first:
            return (last - first) / (ended - started)
        if ended - started > SECONDS:
            raise Failed(f"nothing has come through in {ended - started:.0f} s")
