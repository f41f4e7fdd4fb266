"""Output `websocket`: frames for a server."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from websockets.sync.server import ServerConnection, serve

from headwater.system import StreamSystem


def test_each_message_is_a_frame(
    system: StreamSystem, deliver: Callable[..., list[str]], until: Callable[..., Any]
) -> None:
    frames: list[Any] = []
    headers: list[str] = []

    def receive(connection: ServerConnection) -> None:
        assert connection.request is not None
        headers.append(connection.request.headers.get("X-Mine", ""))
        frames.extend(connection)

    with serve(receive, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            url = f"ws://127.0.0.1:{server.socket.getsockname()[1]}/in"
            config = f"output: {{websocket: {{url: '{url}', headers: {{X-Mine: mine}}}}}}"
            assert deliver(config, "a", ["b", "c"]) == ["", ""]
            until(lambda: len(frames) == 3)
            system.delete("under-test")
        finally:
            server.shutdown()
            thread.join()
    assert frames == [b"a", b"b", b"c"]
    assert headers == ["mine"]


def test_a_server_that_goes_away_is_noticed(
    system: StreamSystem, deliver: Callable[..., list[str]], until: Callable[..., Any]
) -> None:
    frames: list[list[Any]] = []

    def receive(connection: ServerConnection) -> None:
        mine: list[Any] = []
        frames.append(mine)
        mine.append(connection.recv(5))
        connection.close()

    with serve(receive, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            url = f"ws://127.0.0.1:{server.socket.getsockname()[1]}/in"
            assert deliver(f"output: {{websocket: {{url: '{url}'}}}}", "a") == [""]
            until(lambda: frames == [[b"a"]])
            with system.channel("in") as channel:
                while len(frames) < 2:
                    channel.send("b", timeout=5)
                    time.sleep(0.01)
            until(lambda: frames[1] == [b"b"])
            system.delete("under-test")
        finally:
            server.shutdown()
            thread.join()
