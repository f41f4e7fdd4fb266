"""Input `http_server`: answers, metadata, batches, limits, websockets, ends. Without a server in between."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from headwater import tasks
from headwater.components.http_requests import decode_multipart, media_type
from headwater.endpoints import Request, Response
from headwater.errors import BuildError, Closed
from headwater.system import StreamSystem

Until = Callable[[Callable[[], Any]], Any]
ECHO = """
input: {http_server: {path: /post, ws_path: /ws, %s}}
pipeline: {threads: 1, processors: [{mapping: '%s'}]}
output: {sync_response: {}}
"""


@pytest.fixture
def post(system: StreamSystem, until: Until) -> Callable[..., Response]:
    """Make a stream once, send it a request, and wait for the answer."""

    def send(
        config: str,
        body: bytes = b"",
        *,
        method: str = "POST",
        path: str = "/s/post",
        headers: tuple[tuple[str, str], ...] = (),
        query: tuple[tuple[str, str], ...] = (),
    ) -> Response:
        if "s" not in system.list():
            system.create("s", config, chilled=True)
        endpoint, parameters = until(lambda: system.endpoints.find(path))
        assert endpoint.handler is not None
        request = Request(method, path, parameters, query, headers, body, "10.0.0.9")
        answer: Response = endpoint.handler(request).wait(5)
        return answer

    return send


Post = Callable[..., Response]


def echo(mapping: str = "root = content().uppercase()", fields: str = "") -> str:
    return ECHO % (fields, mapping)


def test_a_response_comes_back(post: Post) -> None:
    answer = post(echo(), b"hello")
    assert (answer.status, answer.body) == (200, b"HELLO")
    assert dict(answer.headers) == {"Content-Type": "application/octet-stream"}


def test_without_a_response_a_delivered_message_is_200(post: Post) -> None:
    answer = post("input: {http_server: {path: /post}}\noutput: {drop: {}}", b"hello")
    assert (answer.status, answer.body, list(answer.headers)) == (200, b"", [])


def test_an_empty_body_is_an_empty_message(post: Post) -> None:
    assert post(echo('root = "<" + content().string() + ">"')).body == b"<>"


def test_a_rejected_message_is_502_with_the_reason(post: Post) -> None:
    answer = post("input: {http_server: {path: /post}}\noutput: {reject: 'no ${! content() }'}", b"a")
    assert (answer.status, answer.body) == (502, b"no a\n")


def test_a_filtered_message_counts_as_delivered(post: Post) -> None:
    config = "input: {http_server: {}}\npipeline: {processors: [{mapping: root = deleted()}]}\noutput: {reject: x}"
    assert post(config, b"a").status == 200


def test_other_verbs_are_refused(post: Post) -> None:
    answer = post(echo(), method="GET")
    assert (answer.status, answer.body) == (405, b"Incorrect method\n")


def test_facts_of_the_request_are_metadata(post: Post) -> None:
    config = """
input: {http_server: {path: '/in/{kind}'}}
pipeline: {processors: [{mapping: root = @}]}
output: {sync_response: {}}
"""
    answer = post(
        config,
        b"x",
        path="/s/in/cats",
        headers=(
            ("x-case", "seven"),
            ("x-case", "eight"),
            ("cookie", 'a=b; c="d e"'),
            ("user-agent", "me/1"),
            ("host", "h"),
        ),
        query=(("n", "1"), ("n", "2")),
    )
    import orjson

    assert orjson.loads(answer.body) == {
        "X-Case": "seven",
        "Cookie": 'a=b; c="d e"',
        "User-Agent": "me/1",
        "a": "b",
        "c": "d e",
        "n": "1",
        "kind": "cats",
        "http_server_user_agent": "me/1",
        "http_server_request_path": "/s/in/cats",
        "http_server_verb": "POST",
        "http_server_remote_ip": "10.0.0.9",
    }


PARTS = b"--cut\r\nContent-Type: text/plain\r\n\r\none\r\n--cut\r\n\r\ntwo\r\n--cut--\r\n"


def test_the_parts_of_a_request_are_a_batch_and_a_batch_comes_back_in_parts(post: Post) -> None:
    answer = post(
        echo('root = "%v/%v ".format(batch_index(), batch_size()) + content().string()'),
        PARTS,
        headers=(("content-type", "multipart/mixed; boundary=cut"),),
    )
    kind, parameters = media_type(dict(answer.headers)["Content-Type"])
    assert kind == "multipart/form-data"
    parts = decode_multipart(answer.body, parameters["boundary"])
    assert [content for _, content in parts] == [b"0/2 one", b"1/2 two"]
    assert parts[0][0] == {"Content-Type": "text/plain; charset=utf-8"}


@pytest.mark.parametrize(("body", "parts"), [(b"", 0), (b"junk", 0), (PARTS.rstrip(b"-\r\n"), 2)])
def test_a_multipart_body_may_lack_its_end(post: Post, body: bytes, parts: int) -> None:
    answer = post(echo(), body, headers=(("content-type", "multipart/mixed; boundary=cut"),))
    assert answer.status == 200
    assert answer.body.count(b"Content-Type") == parts


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/mixed", PARTS),
        ("multipart/mixed; boundary=cut", PARTS[:-10]),
        (";", b"x"),
    ],
)
def test_a_broken_multipart_body_is_400(post: Post, content_type: str, body: bytes) -> None:
    answer = post(echo(), body, headers=(("content-type", content_type),))
    assert (answer.status, answer.body) == (400, b"Bad request\n")


def test_one_rejected_part_is_502(post: Post) -> None:
    config = """
input: {http_server: {path: /post}}
output: {switch: {cases: [{check: 'content() == "two"', output: {reject: not two}}, {output: {drop: {}}}]}}
"""
    answer = post(config, PARTS, headers=(("content-type", "multipart/mixed; boundary=cut"),))
    assert (answer.status, answer.body) == (502, b"not two\n")


def test_status_and_headers_are_interpolated(post: Post) -> None:
    fields = """sync_response: {status: '${! meta("status") }', headers: {x-id: '${! json("id") }'},
      metadata_headers: {include_prefixes: [kept_]}}"""
    mapping = "root = this\n\n\n  meta status = 200 + this.id\n\n\n  meta kept_a = 1\n\n\n  meta other = 2"
    answer = post(echo(mapping, fields), b'{"id":1}')
    assert answer.status == 201
    assert dict(answer.headers) == {"X-Id": "1", "Kept_a": "1", "Content-Type": "text/plain; charset=utf-8"}


def test_a_status_that_is_none_is_502(post: Post) -> None:
    assert post(echo("root = this", "sync_response: {status: 'fine'}"), b"{}").status == 502


def test_who_waits_too_long_gets_408_and_the_message_goes_on(post: Post, system: StreamSystem) -> None:
    config = "input: {http_server: {path: /post, timeout: 30ms}}\noutput: {inproc: late}"
    answer = post(config, b"a")
    assert (answer.status, answer.body) == (408, b"Request timed out\n")
    with system.channel("late") as channel:
        assert channel.receive(timeout=5).payloads == [b"a"]


def test_a_rate_limit_is_429(post: Post, system: StreamSystem) -> None:
    system.set_resource("rate_limit", "slow", "local: {count: 1, interval: 60s}")
    config = "input: {http_server: {path: /post, rate_limit: slow}}\noutput: {drop: {}}"
    assert post(config, b"a").status == 200
    answer = post(config, b"b")
    assert (answer.status, answer.body) == (429, b"Too Many Requests\n")
    assert int(dict(answer.headers)["Retry-After"]) > 50


def test_a_rate_limit_has_to_be_there(system: StreamSystem) -> None:
    with pytest.raises(BuildError, match="rate limit resource 'nope' was not found"):
        system.create("s", "input: {http_server: {rate_limit: nope}}\noutput: {drop: {}}")


def test_a_stopped_stream_refuses(post: Post, system: StreamSystem) -> None:
    config = "input: {http_server: {path: /post}}\noutput: {drop: {}}"
    assert post(config).status == 200
    endpoint, _ = system.endpoints.find("/s/post") or (None, None)
    assert endpoint is not None
    handler = endpoint.handler
    assert handler is not None
    system.delete("s")
    assert endpoint.disabled
    answer = handler(Request("POST", "/s/post", {}, (), (), b"")).wait(5)
    assert (answer.status, answer.body) == (503, b"Service unavailable\n")


def test_callers_of_a_stream_that_is_ended_by_force_are_told(system: StreamSystem, until: Until) -> None:
    system.create("s", "input: {http_server: {path: /post, timeout: 30s}}\noutput: {inproc: nobody}")
    endpoint, _ = until(lambda: system.endpoints.find("/s/post"))
    waiting = endpoint.handler(Request("POST", "/s/post", {}, (), (), b"a"))
    system.delete("s", timeout=0.2)
    answer = waiting.wait(5)
    assert (answer.status, answer.body) == (503, b"Server closing\n")


def test_many_callers_at_once_each_get_their_own(post: Post, system: StreamSystem) -> None:
    post(echo())
    endpoint, _ = system.endpoints.find("/s/post") or (None, None)
    assert endpoint is not None
    assert endpoint.handler is not None
    handler = endpoint.handler
    waiting = [handler(Request("POST", "/s/post", {}, (), (), b"m%d" % number)) for number in range(300)]
    assert [each.wait(5).body for each in waiting] == [b"M%d" % number for number in range(300)]


class Peer:
    """The far end of a websocket."""

    def __init__(self, frames: list[str | bytes]) -> None:
        self.request = Request("GET", "/s/ws", {}, (("q", "1"),), (), b"")
        self.frames = frames
        self.sent: tasks.Queue[bytes | str] = tasks.Queue()
        self.received: list[bytes | str] = []
        self.closed: list[int] = []

    def send(self, data: bytes | str) -> tasks.Future[None]:
        self.received.append(data)
        done: tasks.Future[None] = tasks.Future()
        done.set_result(None)
        return done

    def receive(self) -> tasks.Future[bytes | str]:
        frame: tasks.Future[bytes | str] = tasks.Future()
        if self.frames:
            frame.set_result(self.frames.pop(0))
        else:
            frame.set_exception(Closed())
        return frame

    def close(self, code: int = 1000, reason: str = "") -> None:
        self.closed.append(code)


def test_frames_are_messages_and_responses_are_frames(system: StreamSystem, until: Until) -> None:
    system.create("s", echo("root = content().uppercase()", "ws_welcome_message: hi"))
    endpoint, _ = until(lambda: system.endpoints.find("/s/ws"))
    peer = Peer(["one", b"two", b"\xff"])
    endpoint.socket_handler(peer).wait(5)
    assert peer.received == ["hi", "ONE", "TWO", b"\xff"] or peer.received[:3] == ["hi", "ONE", "TWO"]
    assert peer.closed


def test_a_rejected_frame_closes_nothing(system: StreamSystem, until: Until) -> None:
    config = """
input: {http_server: {ws_path: /ws}}
pipeline: {processors: [{mapping: 'root = if content() == "bad" { throw("x") }'}]}
output: {reject_errored: {sync_response: {}}}
"""
    system.create("s", config)
    endpoint, _ = until(lambda: system.endpoints.find("/s/ws"))
    peer = Peer(["bad", "good"])
    endpoint.socket_handler(peer).wait(5)
    assert peer.received == ["good"]


def test_frames_beyond_the_rate_limit_are_answered_with_a_message(system: StreamSystem, until: Until) -> None:
    system.set_resource("rate_limit", "slow", "local: {count: 1, interval: 60s}")
    system.create("s", echo("root = content()", "rate_limit: slow, ws_rate_limit_message: wait"))
    endpoint, _ = until(lambda: system.endpoints.find("/s/ws"))
    peer = Peer(["one", "two"])
    endpoint.socket_handler(peer).wait(5)
    assert peer.received == ["one", "wait"]


def test_origins_need_to_be_named(system: StreamSystem) -> None:
    with pytest.raises(BuildError, match="must specify at least one allowed origin"):
        system.create("s", "input: {http_server: {address: '127.0.0.1:1', cors: {enabled: true}}}\noutput: {drop: {}}")


def test_other_origins(until: Until) -> None:
    tables: list[Any] = []

    class Server:
        def close(self) -> None:
            tables.clear()

    def listen(address: str, table: Any, tls: Any) -> Server:
        tables.append(table)
        return Server()

    with StreamSystem(listener=listen) as system:
        config = """
input: {http_server: {address: '127.0.0.1:1', path: own, cors: {enabled: true, allowed_origins: [https://a.example]}}}
output: {sync_response: {}}
"""
        system.create("s", config)
        until(lambda: tables)
        assert system.endpoints.find("/s/own") is None
        handler = tables[0].find("/own")[0].handler
        asked = (("origin", "https://a.example"), ("access-control-request-method", "POST"))
        preflight = handler(Request("OPTIONS", "/own", {}, (), asked, b"")).wait(5)
        assert dict(preflight.headers) == {"Access-Control-Allow-Origin": "https://a.example"}
        answer = handler(Request("POST", "/own", {}, (), asked[:1], b"x")).wait(5)
        assert answer.body == b"x"
        assert dict(answer.headers)["Access-Control-Allow-Origin"] == "https://a.example"
        stranger = handler(Request("POST", "/own", {}, (), (("origin", "https://b.example"),), b"x")).wait(5)
        assert "Access-Control-Allow-Origin" not in dict(stranger.headers)
    assert not tables


@pytest.mark.parametrize("reuse", [False, True])
def test_several_may_listen_at_one_port_where_all_say_so(until: Until, reuse: bool) -> None:
    from headwater_api.servers.address import bind, shown
    from headwater_api.servers.listener import listen

    with bind("127.0.0.1:0") as free:
        address = shown(free)
    config = f"""
input: {{http_server: {{address: '{address}', path: /post, tcp: {{reuse_port: {str(reuse).lower()}}}}}}}
output: {{drop: {{}}}}
"""
    with StreamSystem(listener=listen, stop_timeout=2.0) as system:
        for name in ("one", "two"):
            system.create(name, config)
        until(lambda: system.stream_ready("one")[0]["connected"])
        if reuse:
            assert until(lambda: system.stream_ready("two")[0]["connected"])
        else:
            assert until(lambda: "address already in use" in system.stream_ready("two")[0].get("error", ""))
