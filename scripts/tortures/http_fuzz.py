"""Broken HTTP at both servers: chunking, slow senders, huge headers, pipelining, smuggling; others do not notice."""

from __future__ import annotations

import contextlib
import socket
import threading
import time

from scripts.tortures.bench import HOST, Bench, Outcome, Service, stream

SLOW = 40
WORST_SECONDS = 2.0

BROKEN: tuple[bytes, ...] = (
    b"\x00\xff\x13\x37" * 20 + b"\r\n\r\n",
    b"GET\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET /ping HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 5000 + b"\r\n",
    b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\n\r\n",
    b"GET /ping HTTP/1.1\r\nHost: a\r\nX-Huge: " + b"h" * 300_000 + b"\r\n\r\n",
    b"POST /ok/post HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nZZZ\r\nhello\r\n0\r\n\r\n",
    b"POST /ok/post HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n",
    b"POST /ok/post HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\nhello",
    b"POST /ok/post HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    b"POST /ok/post HTTP/1.1\r\nHost: a\r\nContent-Length: abc\r\n\r\n",
    b"POST /ok/post HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 7\r\n\r\nhello12",
    b"POST /ok/post HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /ping",
    b"POST /ok/post HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999\r\n\r\nx",
    b"GET /ping HTTP/1.1\r\nHost: a\r\n\r\n" * 50,
    b"GET /%zz%ff%00 HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /ping HTTP/1.1\r\nHost: a\r\nbad header\r\n\r\n",
    b"POST /streams/x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n\xff\xfe\xfd",
    b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
)


def run(bench: Bench) -> Outcome:
    """Half of the time for each server."""
    outcome = Outcome()
    notes = []
    for place, server in enumerate(("waitress", "uvicorn")):
        service = bench.streams("logger: {level: ERROR}", "--server", server)
        sent, worst = _attack(bench, service, outcome, bench.seconds * (0.5 + place * 0.45))
        notes.append(f"{server}: {sent} attacks, others waited {worst * 1000:.0f} ms at the most")
        outcome.require("Traceback" not in service.log(), f"{server}: a traceback is in the log")
        service.kill()
    outcome.note = "; ".join(notes)
    outcome.failures = outcome.failures[:10]
    return outcome


def _attack(bench: Bench, service: Service, outcome: Outcome, until: float) -> tuple[int, float]:
    config = stream(
        input={"http_server": {"path": "/post"}},
        pipeline={"processors": [{"mapping": "root = content().uppercase()"}]},
        output={"sync_response": {}},
    )
    status, _ = service.request("POST", "/streams/ok", config)
    outcome.require(status == 200, f"create answered {status}")
    slow = [_begin_slowly(service.port) for _ in range(SLOW)]
    stop = threading.Event()
    waits: list[float] = []

    def bystander() -> None:
        while not stop.is_set():
            started = time.monotonic()
            try:
                status, body = service.request("POST", "/ok/post", "a", timeout=20)
                outcome.require((status, body) == (200, b"A"), f"a good request was answered with {status}")
            except OSError as error:
                outcome.failures.append(f"a good request failed: {error}")
            waits.append(time.monotonic() - started)
            time.sleep(0.005)

    thread = threading.Thread(target=bystander)
    thread.start()
    sent = 0
    while bench.seconds - bench.left < until:
        _throw(service.port, bench.chance.choice(BROKEN), bench.chance.random() < 0.3)
        sent += 1
    stop.set()
    thread.join()
    for each in slow:
        each.close()
    outcome.require(service.process.poll() is None, "the program died")
    status, _ = service.request("GET", "/streams")
    outcome.require(status == 200, f"GET /streams answered {status}")
    worst = max(waits, default=0.0)
    outcome.require(worst < WORST_SECONDS, f"a good request took {worst:.2f} s")
    return sent, worst


def _begin_slowly(port: int) -> socket.socket:
    """A sender that never gets to the end of its body."""
    connection = socket.create_connection((HOST, port))
    connection.sendall(b"POST /ok/post HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nx")
    return connection


def _throw(port: int, data: bytes, cut: bool) -> None:
    with contextlib.suppress(OSError), socket.create_connection((HOST, port), timeout=1) as connection:
        connection.sendall(data[: len(data) // 2] if cut else data)
        if not cut:
            connection.settimeout(0.05)
            connection.recv(65536)
