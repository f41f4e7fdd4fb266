"""Output `http_server`: messages for whoever asks, without a server in between."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from headwater import tasks
from headwater.components.http_requests import decode_multipart, media_type
from headwater.endpoints import Request, Response
from headwater.errors import Closed
from headwater.system import StreamSystem

Until = Callable[[Callable[[], Any]], Any]
CONFIG = "input: {inproc: in}\noutput: {http_server: {path: /get, timeout: 50ms, %s}}"


def ask(system: StreamSystem, path: str, method: str = "GET") -> tasks.Future[Response]:
    found = system.endpoints.find(path)
    assert found is not None
    assert found[0].handler is not None
    return found[0].handler(Request(method, path, {}, (), (), b""))


def start(system: StreamSystem, until: Until, more: str = "") -> None:
    system.create("s", CONFIG % more, chilled=True)
    until(lambda: system.endpoints.find("/s/get"))


def test_a_message_is_acked_when_it_is_taken(system: StreamSystem, until: Until) -> None:
    start(system, until)
    with system.channel("in") as channel:
        sent = channel.post("hello")
        answer = ask(system, "/s/get").wait(5)
        sent.wait(5)
    assert (answer.status, answer.body) == (200, b"hello")


def test_a_batch_comes_as_multipart(system: StreamSystem, until: Until) -> None:
    start(system, until)
    with system.channel("in") as channel:
        channel.post(["a", "b"])
        answer = ask(system, "/s/get").wait(5)
    kind, parameters = media_type(dict(answer.headers)["Content-Type"])
    assert kind == "multipart/form-data"
    assert [body for _, body in decode_multipart(answer.body, parameters["boundary"])] == [b"a", b"b"]


def test_callers_do_not_wait_for_ever(system: StreamSystem, until: Until) -> None:
    start(system, until)
    answer = ask(system, "/s/get").wait(5)
    assert (answer.status, answer.body) == (408, b"Timed out waiting for message\n")


def test_other_verbs_are_refused(system: StreamSystem, until: Until) -> None:
    start(system, until, "allowed_verbs: [POST]")
    answer = ask(system, "/s/get").wait(5)
    assert (answer.status, answer.body) == (405, b"Incorrect method\n")


def test_the_stream_path_gives_a_message_a_line(system: StreamSystem, until: Until) -> None:
    start(system, until)
    answer = ask(system, "/s/get/stream").wait(5)
    assert answer.chunks is not None
    assert answer.closed is not None
    with system.channel("in") as channel:
        first = channel.post("a")
        assert answer.chunks().wait(5) == b"a\n"
        assert not first.done()
        second = channel.post(["b", "c"])
        assert answer.chunks().wait(5) == b"b\nc\n\n"
        first.wait(5)
        answer.closed()
        again = ask(system, "/s/get")
        kind, _ = media_type(dict(again.wait(5).headers)["Content-Type"])
        second.wait(5)
    assert kind.startswith("multipart/")


def test_events(system: StreamSystem, until: Until) -> None:
    start(system, until, "stream_format: event_source, heartbeat: 10ms")
    answer = ask(system, "/s/get/stream").wait(5)
    assert answer.chunks is not None
    assert dict(answer.headers)["Content-Type"] == "text/event-stream"
    assert answer.chunks().wait(5) == b":\n\n"
    with system.channel("in") as channel:
        channel.post("a\nb")
        pieces = []
        while not pieces or pieces[-1] == b":\n\n":
            pieces.append(answer.chunks().wait(5))
        assert pieces[-1] == b"data: a\ndata: b\n\n"
        answer.chunks().wait(5)  # what was sent counts as delivered now


class Peer:
    """A websocket whose other end is a test."""

    def __init__(self, path: str) -> None:
        self.request = Request("GET", path, {}, (), (), b"")
        self.frames: list[bytes | str] = []
        self.gone: tasks.Future[bytes | str] = tasks.Future()
        self.code = 0

    def send(self, data: bytes | str) -> tasks.Future[None]:
        done: tasks.Future[None] = tasks.Future()
        if self.gone.done():
            done.set_exception(Closed())
        else:
            self.frames.append(data)
            done.fire()
        return done

    def receive(self) -> tasks.Future[bytes | str]:
        return self.gone

    def close(self, code: int = 1000, reason: str = "") -> None:
        self.code = code


def test_websockets_get_a_frame_a_message(system: StreamSystem, until: Until) -> None:
    start(system, until, "ws_message_type: text")
    found = system.endpoints.find("/s/get/ws")
    assert found is not None
    assert found[0].socket_handler is not None
    peer = Peer("/s/get/ws")
    running = found[0].socket_handler(peer)
    with system.channel("in") as channel:
        channel.send(["a", "b"], timeout=5)
        assert peer.frames == ["a", "b"]
        peer.gone.set_exception(Closed())
        running.wait(5)


def test_a_stopped_output_lets_its_callers_go(system: StreamSystem, until: Until) -> None:
    start(system, until)
    found = system.endpoints.find("/s/get")
    assert found is not None
    handler = found[0].handler
    assert handler is not None
    waiting = ask(system, "/s/get/stream").wait(5)
    assert waiting.chunks is not None
    chunk = waiting.chunks()
    system.delete("s")
    assert chunk.wait(5) is None
    assert found[0].disabled
    late = handler(Request("GET", "/s/get", {}, (), (), b"")).wait(5)
    assert (late.status, late.body) == (503, b"Server closed\n")
