"""How HTTP clients talk: connections, waits, logs, certificates. The peer is a server of aiohttp."""

from __future__ import annotations

import asyncio
import gzip
import logging
import os
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from headwater.components import http_client
from headwater.system import StreamSystem

Deliver = Callable[..., list[str]]
Process = Callable[..., list[Any]]


class Peer:
    """A server that answers as it is told, and remembers what came over which connection.

    Attributes:
        statuses: Of the answers in turn, the last one again and again.
        requests: Port of the other side, time, headers and body of each.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.statuses = [200]
        self.body = b""
        self.headers: dict[str, str] = {}
        self.requests: list[tuple[int, float, dict[str, str], bytes]] = []
        self._tls = tls
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        port = asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(5)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}/x"

    async def _start(self) -> int:
        application = web.Application()
        application.router.add_route("*", "/x", self._answer)
        self._runner = web.AppRunner(application, keepalive_timeout=60, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=self._tls)
        await site.start()
        return int(self._runner.addresses[0][1])

    async def _answer(self, request: web.Request) -> web.Response:
        assert request.transport is not None
        port = request.transport.get_extra_info("peername")[1]
        self.requests.append((port, time.monotonic(), dict(request.headers), await request.read()))
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        return web.Response(status=status, body=self.body, headers=self.headers)

    @property
    def connections(self) -> int:
        return len({port for port, *_ in self.requests})

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@pytest.fixture
def peer() -> Iterator[Peer]:
    made = Peer()
    yield made
    made.close()


def config(peer: Peer, more: str = "") -> str:
    return f"output: {{http_client: {{url: '{peer.url}', max_in_flight: 1, {more}}}}}"


# Connections ---------------------------------------------------------------------------------------------------------


def test_a_connection_is_used_again(deliver: Deliver, peer: Peer) -> None:
    assert deliver(config(peer), "a", "b", "c") == [""] * 3
    assert peer.connections == 1


def test_an_idle_connection_is_not_kept_for_longer_than_asked(system: StreamSystem, peer: Peer) -> None:
    output = config(peer, "transport: {idle_connection_timeout: 1ms}")
    system.create("s", "input: {inproc: in}\n" + output, chilled=True)
    with system.channel("in") as channel:
        for payload in "abc":
            channel.send(payload)
            time.sleep(0.02)  # it is idleness that is looked at
    assert peer.connections == 3


@pytest.mark.parametrize(("interval", "longest"), [("2s", 2.0), ("30s", 30.0), ("-1s", None)])
@pytest.mark.skipif(not os.path.exists("/proc/net/tcp"), reason="only Linux shows timers of sockets")
def test_probes_of_idle_connections(deliver: Deliver, peer: Peer, interval: str, longest: float | None) -> None:
    deliver(config(peer, f"transport: {{dial_context: {{keep_alive: {interval}}}}}"), "a")
    mine = f":{peer.requests[0][0]:04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()]
    other = f":{int(peer.url.rsplit(':', 1)[1].removesuffix('/x')):04X}"
    (timer,) = [row[5] for row in rows if row[1].endswith(mine) and row[2].endswith(other)]
    kind, due = timer.split(":")
    seconds = int(due, 16) / os.sysconf("SC_CLK_TCK")
    if longest is None:
        assert kind == "00"
    else:
        assert kind == "02"
        assert longest - 1 <= seconds <= longest


def test_a_body_does_not_wait_for_leave(deliver: Deliver, peer: Peer) -> None:
    assert deliver(config(peer, "headers: {Expect: 100-continue}"), "a") == [""]
    assert "Expect" not in peer.requests[0][2]


@pytest.mark.parametrize("more", ["disable_http2: true", "transport: {force_http2: false, max_idle_connections: 1}"])
def test_requests_are_of_http_1_1_whatever_is_said(deliver: Deliver, peer: Peer, more: str) -> None:
    assert deliver(config(peer, more), "a", "b") == ["", ""]


def test_connecting_takes_no_longer_than_asked(deliver: Deliver) -> None:
    import socket

    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = full.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(address)
        url = f"http://127.0.0.1:{address[1]}/"
        transport = "transport: {dial_context: {timeout: 50ms}}"
        started = time.monotonic()
        (outcome,) = deliver(f"output: {{http_client: {{url: '{url}', retries: 0, timeout: 30s, {transport}}}}}", "a")
        for each in waiting:
            each.close()
    assert outcome != ""
    assert time.monotonic() - started < 3


# Attempts ------------------------------------------------------------------------------------------------------------


def gaps(peer: Peer) -> list[float]:
    times = [each[1] for each in peer.requests]
    return [later - earlier for earlier, later in pairwise(times)]


def test_statuses_that_lengthen_the_wait(deliver: Deliver, peer: Peer) -> None:
    peer.statuses = [503, 503, 503, 200]
    more = "retries: 3, retry_period: 20ms, max_retry_backoff: 60ms, backoff_on: [503]"
    assert deliver(config(peer, more), "a") == [""]
    first, second, third = gaps(peer)
    assert first >= 0.02
    assert second >= 0.04
    assert third >= 0.06
    assert third < 0.4


def test_other_statuses_do_not(deliver: Deliver, peer: Peer) -> None:
    peer.statuses = [500, 500, 500, 500, 500, 200]
    assert deliver(config(peer, "retries: 5, retry_period: 5ms, max_retry_backoff: 10s, backoff_on: [503]"), "a") == [
        ""
    ]
    assert max(gaps(peer)) < 1.0


def test_429_lengthens_it_by_itself(deliver: Deliver, peer: Peer) -> None:
    peer.statuses = [429, 429, 200]
    assert deliver(config(peer, "retries: 2, retry_period: 20ms, max_retry_backoff: 10s"), "a") == [""]
    assert gaps(peer)[1] >= 0.04


# What is seen of it --------------------------------------------------------------------------------------------------


def dumps(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [vars(r)["fields"] for r in caplog.records if r.getMessage() == "HTTP request and response"]


def test_failed_responses_are_logged_too(deliver: Deliver, peer: Peer, caplog: pytest.LogCaptureFixture) -> None:
    peer.statuses = [500, 200]
    peer.body = b"sorry"
    url = peer.url.replace("http://", "http://me:secret@")
    assert deliver(
        f"output: {{http_client: {{url: '{url}', retry_period: 1ms, dump_request_log_level: WARN}}}}", "a"
    ) == [""]
    assert [(line["status"], line["response_body"]) for line in dumps(caplog)] == [(500, "sorry"), (200, "sorry")]
    assert "secret" not in str(dumps(caplog))


def test_streams_are_logged_too(system: StreamSystem, peer: Peer, caplog: pytest.LogCaptureFixture) -> None:
    peer.body = b"a\nb\n"
    system.create(
        "s",
        f"input: {{http_client: {{url: '{peer.url}', dump_request_log_level: ERROR, "
        "stream: {enabled: true, reconnect: false}}}\noutput: {inproc: out}",
    )
    with system.channel("out") as sink:
        for payload in (b"a", b"b"):
            received = sink.receive(timeout=5)
            assert received.payloads == [payload]
            received.ack()
    assert [line["status"] for line in dumps(caplog)] == [200]


# Responses -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("propagate", "expected"), [("true", [b"pong"]), ("false", [])])
def test_responses_may_go_back_to_the_input(
    system: StreamSystem, peer: Peer, propagate: str, expected: list[bytes]
) -> None:
    from headwater.endpoints import Request

    peer.body = b"pong"
    system.create("s", "input: {http_server: {path: /p}}\n" + config(peer, f"propagate_response: {propagate}"))
    found = system.endpoints.find("/s/p")
    assert found is not None
    answer = found[0].handler(Request("POST", "/s/p", {}, (), (), b"ping")).wait(5)
    assert answer.status == 200
    assert answer.body == b"".join(expected)


def test_batches_are_made_before_they_are_sent(deliver: Deliver, peer: Peer) -> None:
    more = "batch_as_multipart: true, batching: {count: 3}"
    assert deliver(config(peer, more), "a", "b", "c") == [""] * 3
    (request,) = peer.requests
    assert request[2]["Content-Type"].startswith("multipart/form-data")
    assert [body in request[3] for body in (b"a", b"b", b"c")] == [True] * 3


def test_headers_are_extracted_by_prefix_and_pattern(process: Process, peer: Peer) -> None:
    peer.headers = {"X-One": "1", "Y-Two": "2", "Other": "3"}
    extract = "extract_headers: {include_prefixes: [x-], include_patterns: ['^y-t']}"
    (message,) = process(f"[{{http: {{url: '{peer.url}', {extract}}}}}]", "a")
    assert {key: message.metadata.get(key) for key in ("x-one", "y-two", "other")} == {
        "x-one": "1",
        "y-two": "2",
        "other": None,
    }


# TLS -----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for 127.0.0.1 and its key, encrypted with the password `hush`."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-keyout", "key.pem", "-out", "cert.pem", "-days", "2",
         "-passout", "pass:hush", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"],
        cwd=tmp_path, check=True, capture_output=True,
    )  # fmt: skip
    return tmp_path / "cert.pem"


def test_encrypted_keys_of_clients(deliver: Deliver, certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"), "hush")
    context.load_verify_locations(certificate)
    context.verify_mode = ssl.CERT_REQUIRED
    peer = Peer(context)
    try:
        client = f"{{cert_file: '{certificate}', key_file: '{certificate.with_name('key.pem')}', password: hush}}"
        tls = f"tls: {{enabled: true, root_cas_file: '{certificate}', client_certs: [{client}]}}"
        assert deliver(config(peer, f"retries: 0, {tls}"), "a") == [""]
        assert peer.requests[0][3] == b"a"
    finally:
        peer.close()


@pytest.mark.parametrize("allowed", [False, True])
def test_renegotiation_needs_leave(allowed: bool) -> None:
    from headwater.components.tls import ClientTls
    from headwater.config.fields import tls
    from headwater.config.view import Config
    from headwater.yamltext.nodes import Node

    node = Node.of({"enabled": True, "enable_renegotiation": allowed})
    context = ClientTls(Config(node, tls(), "tls", "root.tls", None)).context()  # type: ignore[arg-type]
    assert bool(context.options & ssl.OP_NO_RENEGOTIATION) is not allowed


# Who asks ------------------------------------------------------------------------------------------------------------


def test_peers_that_vanish_in_the_middle_of_a_body_lose_nothing(deliver: Deliver) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            for answer in (
                b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
                b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            ):
                connection, _ = server.accept()
                connection.recv(10_000)
                connection.sendall(answer)
                connection.close()

        thread = threading.Thread(target=serve)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        assert deliver(f"output: {{http_client: {{url: '{url}', retries: 1, retry_period: 1ms}}}}", "a") == [""]
        thread.join()


def test_logs_of_levels_that_are_off_cost_no_line(
    deliver: Deliver, peer: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    assert deliver(config(peer, "dump_request_log_level: DEBUG"), "a") == [""]
    assert dumps(caplog) == []


def test_a_body_that_expands_beyond_measure_is_refused(
    process: Process, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_client, "MAX_EXPANDED", 1_000_000)
    peer.headers = {"Content-Encoding": "gzip"}
    peer.body = gzip.compress(b"0" * 50_000_000)
    (message,) = process(f"[{{http: {{url: '{peer.url}', retries: 0}}}}]", "a")
    assert message.error is not None
    assert message.error.text.endswith(": response body exceeds the limit of 1000000 bytes")
    assert message.content() == b"a"
