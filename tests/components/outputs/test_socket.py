"""Output `socket`: bytes for whoever listens."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

Deliver = Callable[..., list[str]]


def read_all(connection: socket.socket, size: int) -> bytes:
    connection.settimeout(5)
    data = b""
    while len(data) < size:
        data += connection.recv(100)
    return data


def test_tcp(deliver: Deliver) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        assert deliver(f"output: {{socket: {{network: tcp, address: '{address}'}}}}", "a", ["b", "c"]) == ["", ""]
        connection, _ = server.accept()
        with connection:
            assert read_all(connection, 6) == b"a\nb\nc\n"


def test_unix(deliver: Deliver, tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        assert deliver(f"output: {{socket: {{network: unix, address: '{path}', codec: 'delim:|'}}}}", "a", "b") == [
            "",
            "",
        ]
        connection, _ = server.accept()
        with connection:
            assert read_all(connection, 4) == b"a|b|"


def test_udp_sends_a_datagram_a_message(deliver: Deliver) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(5)
        address = f"127.0.0.1:{server.getsockname()[1]}"
        assert deliver(f"output: {{socket: {{network: udp, address: '{address}'}}}}", ["a", "b"]) == [""]
        assert [server.recv(100), server.recv(100)] == [b"a\n", b"b\n"]


def test_a_broken_connection_is_made_anew(deliver: Deliver, system: object) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        assert deliver(f"output: {{socket: {{network: tcp, address: '{address}'}}}}", "a") == [""]
        first, _ = server.accept()
        assert read_all(first, 2) == b"a\n"
        first.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        first.close()
        channel = system.channel("in")  # type: ignore[attr-defined]
        with channel:
            channel.post("b").wait(5)
            channel.post("c").wait(5)
        second, _ = server.accept()
        with second:
            assert read_all(second, 2).endswith(b"\n")
