"""Input `websocket`: a server of the test's own at the other end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from websockets.sync.server import Server, ServerConnection, serve

from headwater.errors import BuildError
from headwater.system import StreamSystem

Texts = Callable[..., list[list[str]]]


class Feed:
    """Sends each connection its frames, and keeps what was said to it."""

    def __init__(self) -> None:
        self.frames: list[list[str | bytes]] = []
        self.listens = 0
        self.heard: list[str | bytes] = []
        self.codes: list[int] = []
        self.server: Server = serve(self._talk, "127.0.0.1", 0)
        self.url = f"ws://127.0.0.1:{self.server.socket.getsockname()[1]}/feed"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def _talk(self, connection: ServerConnection) -> None:
        for _ in range(self.listens):
            self.heard.append(connection.recv())
        for frame in self.frames.pop(0) if self.frames else []:
            connection.send(frame)
        connection.close(self.codes.pop(0) if self.codes else 1011)

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()


@pytest.fixture
def feed() -> Iterator[Feed]:
    made = Feed()
    yield made
    made.close()


def config(url: str, **fields: Any) -> dict[str, Any]:
    return {"input": {"websocket": {"url": url, **fields}}}


def test_frames_are_messages_over_connections(texts: Texts, feed: Feed) -> None:
    feed.frames = [["a", b"b"], ["c"]]
    assert texts(config(feed.url), 3) == [["a"], ["b"], ["c"]]


def test_an_orderly_end_is_the_end(texts: Texts, feed: Feed) -> None:
    feed.frames = [["a"]]
    feed.codes = [1000]
    assert texts(config(feed.url)) == [["a"]]


@pytest.mark.parametrize(("kind", "expected"), [("text", "hello"), ("binary", b"hello")])
def test_something_is_said_first(texts: Texts, feed: Feed, kind: str, expected: str | bytes) -> None:
    feed.frames = [["a"]]
    feed.listens = 1
    assert texts(config(feed.url, open_message="hello", open_message_type=kind), 1) == [["a"]]
    assert feed.heard == [expected]


def test_several_things_are_said_first(texts: Texts, feed: Feed) -> None:
    feed.frames = [["a"]]
    feed.listens = 2
    assert texts(config(feed.url, open_messages=["one", "two"]), 1) == [["a"]]
    assert feed.heard == [b"one", b"two"]


def test_attempts_to_connect_can_be_counted(texts: Texts) -> None:
    assert texts(config("ws://127.0.0.1:1/", connection={"max_retries": 1})) == []


def test_one_or_several_things(system: StreamSystem, feed: Feed) -> None:
    with pytest.raises(BuildError, match="both open_message and open_messages cannot be set"):
        system.create(
            "s", {**config(feed.url, open_message="a", open_messages=["b"]), "output": {"drop": {}}}, chilled=True
        )
