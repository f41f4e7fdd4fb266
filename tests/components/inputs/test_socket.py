"""Input `socket`: a server of the test's own at the other end."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from headwater.errors import BuildError
from headwater.system import StreamSystem

Texts = Callable[..., list[list[str]]]


class Talker:
    """Accepts connections, one after the other, and sends each its piece."""

    def __init__(self, listening: socket.socket, *pieces: bytes) -> None:
        self.listening = listening
        self.pieces = pieces
        self.heard: list[bytes] = []
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        for piece in self.pieces:
            try:
                peer, _ = self.listening.accept()
            except OSError:
                return
            with peer:
                peer.settimeout(0.2)
                try:
                    self.heard.append(peer.recv(100))
                except TimeoutError:
                    self.heard.append(b"")
                peer.sendall(piece)

    def close(self) -> None:
        self.listening.close()


@pytest.fixture
def talk() -> Iterator[Callable[..., Any]]:
    """Start a server on a free port; its address, and itself."""
    made: list[Talker] = []

    def start(*pieces: bytes, path: Path | None = None) -> tuple[str, Talker]:
        if path is None:
            listening = socket.create_server(("127.0.0.1", 0))
            address = f"127.0.0.1:{listening.getsockname()[1]}"
        else:
            listening = socket.socket(socket.AF_UNIX)
            listening.bind(str(path))
            listening.listen()
            address = str(path)
        made.append(Talker(listening, *pieces))
        return address, made[-1]

    yield start
    for each in made:
        each.close()


Talk = Callable[..., tuple[str, Talker]]


def config(address: str, network: str = "tcp", **fields: Any) -> dict[str, Any]:
    return {"input": {"socket": {"network": network, "address": address, **fields}}}


def test_lines_of_one_connection_after_the_other(texts: Texts, talk: Talk) -> None:
    address, _ = talk(b"a\nb", b"c\n")
    assert texts(config(address), 3) == [["a"], ["b"], ["c"]]


def test_unix_sockets(texts: Texts, talk: Talk, tmp_path: Path) -> None:
    address, _ = talk(b"a\n", path=tmp_path / "s.sock")
    assert texts(config(address, "unix"), 1) == [["a"]]


def test_something_is_said_first(texts: Texts, talk: Talk) -> None:
    address, talker = talk(b"a\n")
    assert texts(config(address, open_message_mapping='root = "hello"'), 1) == [["a"]]
    assert talker.heard == [b"hello"]


def test_other_scanners(texts: Texts, talk: Talk) -> None:
    address, _ = talk(b"aXbXc")
    assert texts(config(address, scanner={"lines": {"custom_delimiter": "X"}}), 3) == [["a"], ["b"], ["c"]]


def test_nobody_listens(system: StreamSystem, caplog: pytest.LogCaptureFixture, until: Callable[..., Any]) -> None:
    free = socket.create_server(("127.0.0.1", 0))
    address = f"127.0.0.1:{free.getsockname()[1]}"
    free.close()
    system.create("s", {**config(address), "output": {"drop": {}}})
    until(lambda: f"Failed to connect to socket: dial tcp {address}: connect: connection refused" in caplog.text)
    assert system.stream_ready("s")[0]["connected"] is False


def test_other_networks_are_refused(system: StreamSystem) -> None:
    with pytest.raises(BuildError, match="socket network 'udp' is not supported by this input"):
        system.create("s", {**config("a", "udp"), "output": {"drop": {}}}, chilled=True)
