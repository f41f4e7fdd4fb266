"""Both servers over real sockets: the same table of endpoints, bounded waiting, clean ends."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from headwater import tasks
from headwater.endpoints import Endpoint, Request, Response, Socket
from headwater.errors import Closed, ConfigError
from headwater.system import StreamSystem
from headwater_api.servers.address import bind, shown, split_address
from headwater_api.servers.uvicorn import Uvicorn
from headwater_api.servers.waitress import Waitress

ECHO = (
    b"input: {http_server: {path: /post}}\n"
    b"pipeline: {processors: [{mapping: 'root = content().uppercase()'}]}\n"
    b"output: {sync_response: {}}\n"
)


def given(response: Response) -> tasks.Future[Response]:
    future: tasks.Future[Response] = tasks.Future()
    future.set_result(response)
    return future


def test_a_stream_is_created_fed_and_removed(served: Any) -> None:
    assert served.ask("POST", "/streams/foo", ECHO)[0] == 200
    status, body, headers = served.ask("POST", "/foo/post", b"hello")
    assert (status, body) == (200, b"HELLO")
    assert headers["content-type"] == "application/octet-stream"
    assert served.ask("POST", "/benthos/foo/post", b"x")[:2] == (200, b"X")
    assert served.ask("GET", "/foo/post")[0] == 405
    assert served.ask("DELETE", "/streams/foo")[:2] == (200, b"")
    assert served.ask("POST", "/foo/post", b"x")[:2] == (503, b"Service unavailable\n")
    assert served.ask("POST", "/bar/post", b"x")[:2] == (404, b"404 page not found\n")


def test_the_api_shadows_components(served: Any) -> None:
    served.system.endpoints.register(Endpoint("/streams/foo", "", lambda request: given(Response(200, b"mine"))))
    assert served.ask("GET", "/streams/foo")[0] == 404


def test_a_handler_that_raises_is_500(served: Any, caplog: pytest.LogCaptureFixture) -> None:
    def handler(request: Request) -> tasks.Future[Response]:
        raise ValueError("secret detail")

    served.system.endpoints.register(Endpoint("/x", "", handler))
    assert served.ask("GET", "/x")[:2] == (500, b"Internal Server Error\n")
    assert "secret detail" in caplog.text


def test_a_caller_who_goes_away_is_noticed(served: Any, held: Any) -> None:
    with socket.create_connection(("127.0.0.1", int(served.address.rpartition(":")[2]))) as caller:
        caller.sendall(b"POST /held/post HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        held.wait()
    deadline = time.monotonic() + 5
    while not held.requests[0].gone and time.monotonic() < deadline:
        time.sleep(0.01)
    assert held.requests[0].gone


def test_an_answer_may_come_in_pieces_until_the_caller_goes(served: Any) -> None:
    closed = threading.Event()
    count = iter(range(1_000_000))

    def chunks() -> tasks.Future[bytes | None]:
        future: tasks.Future[bytes | None] = tasks.Future()
        threading.Timer(0.005, lambda: future.set_result(b"%d\n" % next(count))).start()
        return future

    served.system.endpoints.register(
        Endpoint("/pieces", "", lambda request: given(Response(200, chunks=chunks, closed=closed.set)))
    )
    connection = http.client.HTTPConnection(served.address, timeout=5)
    connection.request("GET", "/pieces")
    answer = connection.getresponse()
    assert answer.getheader("transfer-encoding") == "chunked"
    assert answer.read(6) == b"0\n1\n2\n"
    answer.close()
    connection.close()
    assert closed.wait(5)


def test_an_answer_in_pieces_may_end(served: Any) -> None:
    pieces = iter([b"a", b"b", None])

    def chunks() -> tasks.Future[bytes | None]:
        future: tasks.Future[bytes | None] = tasks.Future()
        future.set_result(next(pieces))
        return future

    served.system.endpoints.register(Endpoint("/pieces", "", lambda request: given(Response(200, chunks=chunks))))
    assert served.ask("GET", "/pieces")[:2] == (200, b"ab")


def test_a_taken_address_is_refused_in_words(served: Any) -> None:
    other = type(served.server)(served.system, {"address": served.address})
    with pytest.raises(ConfigError, match=f"listen tcp {served.address}: bind: address already in use"):
        other.start()


@pytest.mark.parametrize("kind", [Waitress, Uvicorn])
def test_nothing_is_left_behind(system: StreamSystem, kind: Callable[..., Any]) -> None:
    before = set(threading.enumerate())
    for _ in range(2):
        server = kind(system, {"address": "127.0.0.1:0"})
        address = server.start()
        connection = http.client.HTTPConnection(address, timeout=5)
        connection.request("GET", "/ping")
        assert connection.getresponse().read() == b"pong"
        server.stop(1.0)
        connection.close()
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(split_address(address), timeout=1)
    assert {thread for thread in threading.enumerate() if "http" in thread.name or "waitress" in thread.name} <= before


def test_who_is_being_answered_is_waited_for(served: Any, held: Any) -> None:
    asked = served.later("POST", "/held/post", b"x")
    held.wait()
    stopping = threading.Thread(target=served.server.stop, args=(5.0,))
    stopping.start()
    time.sleep(0.05)
    held.answer()
    assert asked.answer()[:2] == (200, b"done")
    stopping.join(5)
    assert not stopping.is_alive()


def test_during_shutdown_callers_are_told(served: Any) -> None:
    served.system.endpoints.register(Endpoint("/x", "", lambda request: given(Response())))
    served.system.closing = True
    for path in ("/streams", "/x", "/nope"):
        assert served.ask("GET", path)[:2] == (503, b"Service unavailable\n")


# -- waitress: a caller holds a thread


def test_waiting_callers_never_starve_the_api(system: StreamSystem, held: Any, request: Any) -> None:
    server = Waitress(system, {"address": "127.0.0.1:0"}, waiting=3)
    address = server.start()
    try:

        def ask(method: str, path: str) -> tuple[int, bytes]:
            connection = http.client.HTTPConnection(address, timeout=5)
            connection.request(method, path)
            answer = connection.getresponse()
            return answer.status, answer.read()

        callers = [threading.Thread(target=ask, args=("POST", "/held/post"), daemon=True) for _ in range(3)]
        for caller in callers:
            caller.start()
        held.wait(3)
        status, body = ask("POST", "/held/post")
        assert status == 503
        assert b"--server uvicorn" in body
        assert ask("GET", "/streams") == (200, b"{}")
        held.answer()
        for caller in callers:
            caller.join(5)
        later = threading.Thread(target=ask, args=("POST", "/held/post"), daemon=True)
        later.start()
        held.wait()
        held.answer()
        later.join(5)
        assert not later.is_alive()
    finally:
        server.stop(1.0)


def test_waitress_says_how_to_get_websockets_and_tls(system: StreamSystem) -> None:
    with pytest.raises(ConfigError, match="uvicorn"):
        Waitress(system, {"cert_file": "a", "key_file": "b"})
    server = Waitress(system, {"address": "127.0.0.1:0"})
    address = server.start()
    try:
        system.endpoints.register(Endpoint("/ws", "", None, lambda connection: tasks.Future()))
        with pytest.raises(InvalidStatus) as refused, connect(f"ws://{address}/ws"):
            pass
        assert refused.value.response.status_code == 501
        assert b"--server uvicorn" in refused.value.response.body
    finally:
        server.stop(1.0)


# -- uvicorn: a caller is a coroutine


@pytest.fixture
def uvicorn(system: StreamSystem) -> Any:
    made = Uvicorn(system, {"address": "127.0.0.1:0"})
    made.address = made.start()  # type: ignore[attr-defined]
    yield made
    made.stop(1.0)


def test_a_thousand_callers_wait_without_threads(system: StreamSystem, uvicorn: Any, held: Any) -> None:
    before = threading.active_count()
    callers = []
    for _ in range(1_000):
        caller = socket.create_connection(split_address(uvicorn.address))
        caller.sendall(b"POST /held/post HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx")
        callers.append(caller)
    held.wait(1_000)
    assert threading.active_count() <= before + 1
    held.answer()
    for caller in callers:
        assert caller.recv(1_000).startswith(b"HTTP/1.1 200 OK\r\n")
        caller.close()


def test_websockets_carry_frames_both_ways(system: StreamSystem, uvicorn: Any) -> None:
    assert (
        system.create("foo", ECHO.replace(b"path: /post", b"path: /post, ws_path: /ws, ws_welcome_message: hi")) is None
    )
    with connect(f"ws://{uvicorn.address}/foo/ws") as peer:
        assert peer.recv(5) == "hi"
        for text in ("one", "two"):
            peer.send(text)
            received = peer.recv(5)
            assert (received if isinstance(received, str) else received.decode()) == text.upper()
        system.delete("foo")
        with pytest.raises(Exception, match="received 1001"):
            peer.recv(5)
    with pytest.raises(InvalidStatus) as refused, connect(f"ws://{uvicorn.address}/nope"):
        pass
    assert refused.value.response.status_code == 404


def test_a_component_hears_of_a_lost_websocket(system: StreamSystem, uvicorn: Any) -> None:
    seen: list[Any] = []
    over = threading.Event()

    def handler(connection: Socket) -> tasks.Future[None]:
        done: tasks.Future[None] = tasks.Future()

        def lost(future: tasks.Future[bytes | str]) -> None:
            seen.append(future.error())
            refused = connection.send("too late")
            seen.append(refused.error())
            done.set_result(None)
            over.set()

        connection.receive().add_callback(lambda first: connection.receive().add_callback(lost))
        return done

    system.endpoints.register(Endpoint("/ws", "", None, handler))
    with connect(f"ws://{uvicorn.address}/ws") as peer:
        peer.send(b"one")
    assert over.wait(5)
    assert [type(each) for each in seen] == [Closed, Closed]


def make_certificate(certificate: Path, key: Path) -> None:
    """Write a certificate of a day for localhost, and its key."""
    secret = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(secret.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(secret, hashes.SHA256())
    )
    certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    key.write_bytes(
        secret.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )


def test_tls_is_served_with_what_is_known_of_it(system: StreamSystem, tmp_path: Path, held: Any) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    make_certificate(certificate, key)
    server = Uvicorn(system, {"address": "127.0.0.1:0", "cert_file": str(certificate), "key_file": str(key)})
    address = server.start()
    try:
        context = ssl.create_default_context(cafile=str(certificate))
        context.check_hostname = False
        answers: list[bytes] = []

        def ask(path: str) -> None:
            connection = http.client.HTTPSConnection(address, timeout=5, context=context)
            connection.request("POST", path)
            answers.append(connection.getresponse().read())
            connection.close()

        ask("/ping")
        caller = threading.Thread(target=ask, args=("/held/post",), daemon=True)
        caller.start()
        held.wait()
        assert held.requests[0].tls["version"] == "TLSv1.3"
        assert held.requests[0].tls["cipher_suite"].startswith("TLS_")
        held.answer()
        caller.join(5)
        assert answers == [b"pong", b"done"]
    finally:
        server.stop(1.0)


def test_a_certificate_that_cannot_be_read_is_refused(system: StreamSystem, tmp_path: Path) -> None:
    server = Uvicorn(
        system, {"address": "127.0.0.1:0", "cert_file": str(tmp_path / "a"), "key_file": str(tmp_path / "b")}
    )
    with pytest.raises(ConfigError, match="listen tcp"):
        server.start()


# -- components with an address of their own


def test_a_component_may_have_an_address_of_its_own(system: StreamSystem) -> None:
    with bind("127.0.0.1:0") as free:
        address = shown(free)
    system.create("foo", ECHO.replace(b"path: /post", f"address: '{address}', path: /own".encode()))

    def ask(path: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(address, timeout=5)
        connection.request("POST", path, b"x")
        answer = connection.getresponse()
        return answer.status, answer.read()

    deadline = time.monotonic() + 5
    while not system.stream_ready("foo")[0]["connected"]:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert ask("/own") == (200, b"X")
    assert ask("/foo/own")[0] == 404
    assert ask("/streams")[0] == 404
    system.delete("foo")
    with bind(address):
        pass


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("127.0.0.1:80", ("127.0.0.1", 80)),
        (":4195", ("", 4195)),
        ("[::1]:1", ("::1", 1)),
        ("localhost:0", ("localhost", 0)),
    ],
)
def test_addresses(address: str, expected: tuple[str, int]) -> None:
    assert split_address(address) == expected


@pytest.mark.parametrize("address", ["localhost", "localhost:http", "x:99999", "", "no such host.invalid:1"])
def test_addresses_that_are_none(address: str) -> None:
    with pytest.raises(ConfigError, match="listen tcp"):
        bind(address)


def test_deletions_that_wait_delay_nobody_else(served: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    waiting = threading.Semaphore(0)

    def delete(stream: str, *, timeout: float | None = None) -> list[str]:
        waiting.release()
        released.wait(5)
        return []

    monkeypatch.setattr(served.system, "delete", delete)
    deletions = [served.later("DELETE", f"/streams/s{index}") for index in range(40)]
    for _ in deletions:
        assert waiting.acquire(timeout=5)
    assert served.ask("GET", "/streams")[:2] == (200, b"{}")
    released.set()
    assert {deletion.answer()[0] for deletion in deletions} == {200}
