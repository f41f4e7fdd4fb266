"""The field `auto_replay_nacks`, in every input that has it: what is rejected comes again, or is gone."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from websockets.sync.server import ServerConnection, serve

from headwater.components.catalogue import Catalogue
from headwater.errors import TimedOut
from headwater.system import StreamSystem

LINES = b"a\nb\nc\n"
FIELD = "auto_replay_nacks"


@contextlib.contextmanager
def file_source(folder: Path) -> Iterator[dict[str, Any]]:
    (folder / "in").write_bytes(LINES)
    yield {"file": {"paths": [str(folder / "in")]}}


@contextlib.contextmanager
def csv_source(folder: Path) -> Iterator[dict[str, Any]]:
    (folder / "in").write_bytes(LINES)
    yield {"csv": {"paths": [str(folder / "in")], "parse_header_row": False}}


@contextlib.contextmanager
def generate_source(folder: Path) -> Iterator[dict[str, Any]]:
    yield {"generate": {"count": 3, "interval": "", "mapping": 'root = ["a", "b", "c"].index(counter() - 1)'}}


@contextlib.contextmanager
def http_source(folder: Path) -> Iterator[dict[str, Any]]:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(LINES)
    with talking(head + LINES, wait=True) as address:
        yield {"http_client": {"url": f"http://{address}/", "stream": {"enabled": True, "reconnect": False}}}


@contextlib.contextmanager
def socket_source(folder: Path) -> Iterator[dict[str, Any]]:
    with talking(LINES) as address:
        yield {"socket": {"network": "tcp", "address": address}}


@contextlib.contextmanager
def socket_server_source(folder: Path) -> Iterator[dict[str, Any]]:
    path = folder / "s"

    def talk() -> None:
        deadline = time.monotonic() + 5
        with socket.socket(socket.AF_UNIX) as peer:
            while time.monotonic() < deadline:
                with contextlib.suppress(OSError):
                    peer.connect(str(path))
                    peer.sendall(LINES)
                    return
                time.sleep(0.01)

    peer = threading.Thread(target=talk)
    peer.start()
    yield {"socket_server": {"network": "unix", "address": str(path)}}
    peer.join()


@contextlib.contextmanager
def websocket_source(folder: Path) -> Iterator[dict[str, Any]]:
    def talk(connection: ServerConnection) -> None:
        for frame in ("a", "b", "c"):
            connection.send(frame)
        with contextlib.suppress(Exception):
            connection.recv()

    with serve(talk, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield {"websocket": {"url": f"ws://127.0.0.1:{server.socket.getsockname()[1]}"}}
        server.shutdown()
        thread.join()


@contextlib.contextmanager
def talking(said: bytes, *, wait: bool = False) -> Iterator[str]:
    """A server that says something to the first who comes, and keeps the others waiting."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        kept = []

        def talk() -> None:
            with contextlib.suppress(OSError):
                connection, _ = server.accept()
                if wait:
                    connection.recv(10_000)
                connection.sendall(said)
                kept.append(connection)
                if wait:
                    connection.close()

        thread = threading.Thread(target=talk)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        if not kept:
            server.shutdown(socket.SHUT_RDWR)
        thread.join()
        for connection in kept:
            connection.close()


SOURCES: dict[str, Callable[[Path], Any]] = {
    "csv": csv_source,
    "file": file_source,
    "generate": generate_source,
    "http_client": http_source,
    "socket": socket_source,
    "socket_server": socket_server_source,
    "websocket": websocket_source,
}
ELSEWHERE = {"stdin", "python"}
"""Tested below, and by the tests of the component."""


def test_no_input_with_the_field_is_left_out() -> None:
    catalogue = Catalogue(entry_points=False)
    having = {name for name in catalogue.names("input") if FIELD in catalogue.spec("input", name).root.index}
    assert having == {*SOURCES, *ELSEWHERE}


@pytest.mark.parametrize("replays", [True, False])
@pytest.mark.parametrize("name", sorted(SOURCES))
def test_what_is_rejected_comes_again_or_is_gone(
    system: StreamSystem, tmp_path: Path, name: str, replays: bool
) -> None:
    seen: list[str] = []
    with SOURCES[name](tmp_path) as source, system.channel("out") as sink:
        source[name][FIELD] = replays
        system.create("s", {"input": source, "output": {"inproc": "out"}})
        wanted = 4 if replays else 3
        while len(seen) < wanted:
            received = sink.receive(timeout=5)
            text = yaml.safe_load(received.payloads[0].decode())
            text = text[0] if isinstance(text, list) else text
            seen.append(text)
            if text == "b" and seen.count("b") == 1:
                received.reject("not now")
            else:
                received.ack()
        with pytest.raises(TimedOut):
            sink.receive(timeout=0.05)
        system.delete("s", timeout=1.0)
    assert sorted(seen) == (["a", "b", "b", "c"] if replays else ["a", "b", "c"])


@pytest.mark.parametrize(("replays", "lines"), [("true", "a b c"), ("false", "a c")])
def test_standard_input(replays: str, lines: str) -> None:
    config = f"""
http: {{enabled: false}}
logger: {{level: OFF}}
input: {{stdin: {{{FIELD}: {replays}}}}}
pipeline:
  threads: 1
  processors:
    - mapping: 'root = if count("all") == 2 {{ throw("not now") }} else {{ content() }}'
output: {{reject_errored: {{stdout: {{}}}}}}
"""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, config],
        input=LINES.decode(),
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert sorted(done.stdout.split()) == lines.split(), done.stderr


PROGRAM = """
import sys, tempfile
from headwater.cli import main
with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
    file.write(sys.argv[1])
    file.flush()
    sys.exit(main(["run", file.name]))
"""
