"""Peers that vanish in the middle: what was whole comes through, `/ready` tells, and the stream goes on."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from headwater.system import StreamSystem
from headwater_api.servers.listener import listen

Until = Callable[..., Any]
HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


class Server:
    """Says one thing to each who comes, and hangs up; from a closed port on it can come back."""

    def __init__(self, *said: bytes) -> None:
        self.said = list(said)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listening.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, args=(self._listening,))
        self._thread.start()

    def _serve(self, listening: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while self.said:
                connection, _ = listening.accept()
                with connection:
                    if self.said[0].startswith(b"HTTP"):
                        connection.recv(10_000)
                    connection.sendall(self.said.pop(0))
        listening.close()

    def come_back(self, *said: bytes) -> None:
        self._thread.join()
        self.said = list(said)
        host, _, port = self.address.rpartition(":")
        self._listening = socket.create_server((host, int(port)))
        self._thread = threading.Thread(target=self._serve, args=(self._listening,))
        self._thread.start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._thread.join()


@pytest.fixture
def server() -> Iterator[Callable[..., Server]]:
    made: list[Server] = []

    def start(*said: bytes) -> Server:
        made.append(Server(*said))
        return made[-1]

    yield start
    for each in made:
        each.close()


CASES = {
    "socket": ("socket: {{network: tcp, address: '{address}'}}", b"a\nb\nhal", b"c\n", ["a", "b", "hal", "c"]),
    "http_client": (
        "http_client: {{url: 'http://{address}/', retries: 0, retry_period: 1ms, stream: {{enabled: true}}}}",
        HEAD + chunk(b"a\nb\nhal"),
        HEAD + chunk(b"c\n") + b"0\r\n\r\n",
        ["a", "b", "hal", "c"],
    ),
}


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_source_that_breaks_off_and_comes_back(
    system: StreamSystem, server: Callable[..., Server], until: Until, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    text, first, second, expected = CASES[name]
    peer = server(first)
    system.create("s", f"input: {{{text.format(address=peer.address)}}}\noutput: {{inproc: out}}")
    seen: list[str] = []
    with system.channel("out") as sink:

        def take(wanted: int) -> None:
            while len(seen) < wanted:
                received = sink.receive(timeout=10)
                seen.extend(payload.decode() for payload in received.payloads)
                received.ack()

        take(len(expected) - 1)
        until(lambda: system.ready() == ("s",))
        assert "error" in system.stream_ready("s")[0]
        peer.come_back(second)
        take(len(expected))
    assert seen == expected
    if name == "http_client":
        assert "Failed to read message: unexpected EOF" in caplog.text


def test_a_sender_that_goes_away_in_the_middle_of_a_request(until: Until) -> None:
    with StreamSystem(listener=listen, stop_timeout=2.0) as system:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        system.create(
            "s", f"input: {{http_server: {{address: '127.0.0.1:{port}', path: /p}}}}\noutput: {{inproc: out}}"
        )
        until(lambda: system.stream_ready("s")[0]["connected"])
        head = b"POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
        with socket.create_connection(("127.0.0.1", port), 5) as peer:
            peer.sendall(head % 100 + b"half of it")
        with socket.create_connection(("127.0.0.1", port), 5) as peer:
            peer.sendall(head % 4 + b"gone")  # all of it, and does not wait for the answer
        with system.channel("out") as sink, socket.create_connection(("127.0.0.1", port), 5) as peer:
            received = sink.receive(timeout=5)
            assert received.payloads == [b"gone"]
            received.ack()
            peer.sendall(head % 5 + b"whole")
            received = sink.receive(timeout=5)
            assert received.payloads == [b"whole"]
            received.ack()
            assert peer.recv(1000).startswith(b"HTTP/1.1 200")
