"""What goes over the wire: requests as they came, answers as they must be, and nonsense; with both servers."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.client
import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from headwater import tasks
from headwater.endpoints import Endpoint, Response
from headwater.system import StreamSystem
from headwater_api.servers.address import split_address
from headwater_api.servers.uvicorn import Uvicorn
from headwater_api.servers.waitress import Waitress


def given(response: Response) -> tasks.Future[Response]:
    future: tasks.Future[Response] = tasks.Future()
    future.set_result(response)
    return future


@pytest.mark.parametrize("method", ["DERP", "get", "X-Y", "LOCK"])
def test_any_verb_reaches_the_api(served: Any, method: str) -> None:
    status, body, _ = served.ask(method, "/streams")
    assert status == 400
    if served.kind == "waitress" and method == "get":
        return  # refused by waitress itself
    assert body == b"Error: method not supported\n"
    assert served.ask(method, "/ping")[:2] == (200, b"pong")


def test_a_request_is_handed_on_as_it_came(served: Any, held: Any) -> None:
    held.endpoint.path = "/held/{kind}/in"
    held.endpoint.__post_init__()
    served.system.endpoints.register(held.endpoint)
    headers = {"X-Case": "seven", "X_Under": "u", "Cookie": "a=b"}
    asked = served.later("PURR", "/held/two%20cats/in?n=1&n=2&e=", b"body", headers)
    held.wait()
    held.answer(Response(201, b"made", [("X-Id", "1")]))
    status, body, answered = asked.answer()
    assert (status, body, answered["x-id"]) == (201, b"made", "1")
    request = held.requests[0]
    assert (request.method, request.path, request.body) == ("PURR", "/held/two cats/in", b"body")
    assert dict(request.parameters) == {"kind": "two cats"}
    assert list(request.query) == [("n", "1"), ("n", "2"), ("e", "")]
    assert request.header("x-case") == "seven"
    assert request.header("x_under") == "u"
    assert request.header("cookie") == "a=b"
    assert request.remote == "127.0.0.1"


def test_headers_are_kept_apart(served: Any, held: Any) -> None:
    data = (
        b"POST /held/post HTTP/1.1\r\nHost: x\r\nX-One: a\r\nX-One: b, c\r\nX_Two: d\r\nX-Time: 12:30\r\n"
        b"Cookie: e=f\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    )
    asking = threading.Thread(target=exchange, args=(served.address, data, 2), daemon=True)
    asking.start()
    held.wait()
    held.answer()
    asking.join(5)
    sent = [(name, value) for name, value in held.requests[0].headers if name.startswith("x") or name == "cookie"]
    expected = [("x-one", "a"), ("x-one", "b, c"), ("x_two", "d"), ("x-time", "12:30"), ("cookie", "e=f")]
    assert sorted(sent) == sorted(expected)


def test_answers_of_components_are_compressed_for_those_who_accept_it(served: Any) -> None:
    import gzip

    served.system.endpoints.register(Endpoint("/x", "", lambda request: given(Response(200, b"hello"))))
    status, body, headers = served.ask("GET", "/x", None, {"Accept-Encoding": "deflate, gzip"})
    assert (status, gzip.decompress(body), headers["content-encoding"]) == (200, b"hello", "gzip")
    assert "content-encoding" not in served.ask("GET", "/x")[2]


def exchange(address: str, data: bytes, until: int) -> bytes:
    """Send bytes and read until the last line or the end."""
    received = b""
    with socket.create_connection(split_address(address), timeout=5) as peer:
        peer.sendall(data)
        while received.count(b"HTTP/1.") < until or not received.endswith(b"."):
            piece = peer.recv(65_536)
            if not piece:
                break
            received += piece
    return received


def test_pipelined_requests_are_answered_in_order(served: Any, held: Any) -> None:
    served.system.endpoints.register(Endpoint("/x", "", lambda request: given(Response(200, request.body + b"."))))
    post = b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n%s"
    chunked = b"POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nc\r\n0\r\n\r\n"
    answers: list[bytes] = []
    data = post % (b"/held/post", b"a") + post % (b"/x", b"b") + chunked + post % (b"/x", b"d")
    asking = threading.Thread(target=lambda: answers.append(exchange(served.address, data, 4)), daemon=True)
    asking.start()
    held.wait()
    assert not answers
    held.answer(Response(200, b"held."))
    asking.join(5)
    bodies = [part.partition(b"\r\n\r\n")[2] for part in answers[0].split(b"HTTP/1.1 200 OK\r\n")[1:]]
    assert bodies == [b"held.", b"b.", b"c.", b"d."]


def test_what_a_component_says_cannot_break_out_of_its_header(served: Any) -> None:
    evil = Response(200, b"x.", [("X-Id", "1\r\nSet-Cookie: evil=1")])
    served.system.endpoints.register(Endpoint("/x", "", lambda request: given(evil)))
    head = exchange(served.address, b"POST /x HTTP/1.1\r\nHost: x\r\n\r\n", 1).partition(b"\r\n\r\n")[0]
    assert b"\r\nset-cookie" not in head.lower()
    assert head.startswith(b"HTTP/1.1 200 OK")


def test_connections_are_kept_or_closed_as_asked(served: Any) -> None:
    served.system.endpoints.register(Endpoint("/x", "", lambda request: given(Response(200, b"y."))))
    answer = exchange(served.address, b"GET /x HTTP/1.0\r\n\r\n", 2)
    assert answer.endswith(b"\r\n\r\ny.")
    answer = exchange(served.address, b"GET /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 2)
    assert b"connection: close" in answer.lower()
    status, body, headers = served.ask("HEAD", "/x")
    assert (status, body, headers["content-length"]) == (200, b"", "2")


SMUGGLED = b"GET /ping HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /x HTTP/1.1\r\nHost: x\r\n"


@pytest.mark.parametrize(
    "data",
    [
        POST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
        POST + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd" + SMUGGLED,
        POST + b"Content-Length: -3\r\n\r\nabc",
        POST + b"Content-Length: 99999999999999999999\r\n\r\nabc",
        POST + b"Content-Length: 3x\r\n\r\nabc",
        POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc",
        POST + b"Transfer-Encoding: gzip, nope\r\n\r\nabc",
        POST + b"X: " + b"a" * 300_000 + b"\r\n\r\n",
        b"POST /x HTTP/9.9\r\n\r\n",
        b"GET /" + b"a" * 100_000,
        b"GET /%zz%00%2f HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        POST + b"Content-Length: 1\r\n\r\na" + b"\x00\xff garbage\r\n\r\n",
    ],
    ids=lambda data: repr(data[:60]),
)
def test_broken_requests_harm_nobody(served: Any, data: bytes) -> None:
    served.system.endpoints.register(Endpoint("/x", "", lambda request: given(Response(200, b"."))))
    with socket.create_connection(split_address(served.address), timeout=5) as peer:
        peer.sendall(data)
        peer.shutdown(socket.SHUT_WR)
        received = b""
        with contextlib.suppress(ConnectionError):
            while piece := peer.recv(65_536):
                received += piece
    assert b"HTTP/1.1 5" not in received or b" 501 " in received or b" 505 " in received
    assert served.ask("POST", "/x", b"x")[:2] == (200, b".")


def test_a_large_body_goes_the_long_way(served: Any) -> None:
    served.system.endpoints.register(
        Endpoint("/x", "", lambda request: given(Response(200, b"%d" % len(request.body))))
    )
    assert served.ask("POST", "/x", b"x" * 3_000_000)[:2] == (200, b"3000000")
    headers = {"Expect": "100-continue"}
    assert served.ask("POST", "/x", b"x" * 10, headers)[:2] == (200, b"10")


# -- what stands in front of components, whatever the server


@pytest.mark.parametrize("kind", [Waitress, Uvicorn])
def test_components_ask_for_credentials_too(system: StreamSystem, kind: Callable[..., Any]) -> None:
    digest = base64.b64encode(hashlib.sha256(b"secret").digest()).decode()
    auth = {"enabled": True, "username": "admin", "password_hash": digest}
    server = kind(system, {"address": "127.0.0.1:0", "basic_auth": auth})
    address = server.start()
    system.endpoints.register(
        Endpoint("/x", "", lambda request: given(Response(200, b".")), lambda peer: tasks.Future())
    )
    try:

        def ask(path: str, headers: dict[str, str]) -> tuple[int, str | None]:
            connection = http.client.HTTPConnection(address, timeout=5)
            connection.request("POST", path, b"x", headers)
            answer = connection.getresponse()
            return answer.status, answer.getheader("www-authenticate")

        right = {"Authorization": "Basic " + base64.b64encode(b"admin:secret").decode()}
        assert ask("/x", {}) == (401, 'Basic realm="restricted", charset="UTF-8"')
        assert ask("/x", right) == (200, None)
        assert ask("/nope", {}) == (404, None)
        if kind is Uvicorn:
            with pytest.raises(InvalidStatus) as refused, connect(f"ws://{address}/x"):
                pass
            assert refused.value.response.status_code == 401
    finally:
        server.stop(1.0)


@pytest.mark.parametrize("kind", [Waitress, Uvicorn])
def test_components_answer_other_origins_too(system: StreamSystem, kind: Callable[..., Any]) -> None:
    server = kind(system, {"address": "127.0.0.1:0", "cors": {"enabled": True, "allowed_origins": ["foo"]}})
    address = server.start()
    system.endpoints.register(Endpoint("/x", "", lambda request: given(Response(200, b"."))))
    try:

        def ask(method: str, headers: dict[str, str]) -> tuple[int, str | None]:
            connection = http.client.HTTPConnection(address, timeout=5)
            connection.request(method, "/x", None, headers)
            answer = connection.getresponse()
            return answer.status, answer.getheader("access-control-allow-origin")

        assert ask("POST", {"Origin": "foo"}) == (200, "foo")
        assert ask("POST", {"Origin": "bar"}) == (200, None)
        assert ask("OPTIONS", {"Origin": "foo", "Access-Control-Request-Method": "POST"}) == (200, "foo")
        assert ask("OPTIONS", {"Origin": "foo", "Access-Control-Request-Method": "TRACE"}) == (405, None)
    finally:
        server.stop(1.0)


def test_a_sender_that_falls_silent_is_given_up(system: StreamSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headwater_api.servers.loop_server.LoopServer.SENDER_SECONDS", 0.1)
    monkeypatch.setattr("headwater_api.servers.loop_server.LoopServer.TICK_SECONDS", 0.05)
    server = Uvicorn(system, {"address": "127.0.0.1:0"})
    address = server.start()
    waiting: tasks.Future[Response] = tasks.Future()
    system.endpoints.register(Endpoint("/x", "", lambda request: waiting))
    try:
        with (
            socket.create_connection(split_address(address), timeout=5) as mute,
            socket.create_connection(split_address(address), timeout=5) as slow,
            socket.create_connection(split_address(address), timeout=5) as patient,
        ):
            patient.sendall(b"POST /x HTTP/1.1\r\nHost: x\r\n\r\n")
            slow.sendall(b"POST /x HTTP/1.1\r\nContent-Length: 5\r\n\r\nab")
            for given_up in (mute, slow):
                with contextlib.suppress(ConnectionError):
                    assert given_up.recv(100) == b""
            waiting.set_result(Response(200, b"late"))
            assert patient.recv(1_000).endswith(b"late")
    finally:
        server.stop(1.0)
