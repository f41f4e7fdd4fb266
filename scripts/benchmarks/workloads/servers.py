"""Requests through streams, beside bare servers of the same kind: what `wrk` gets answered."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from scripts.benchmarks import client, process
from scripts.benchmarks.process import Failed, Server
from scripts.benchmarks.workload import Aim, Bench, Figure, Measure, Sample, Workload, Yardstick, needed

BODY = '{"name": "customer", "price": 12}'
CONNECTIONS = (1, 16, 256)
WARM_SECONDS = 1
FIGURES = (Figure("requests/s"), Figure("ms", "p50"), Figure("ms", "p99"))

UVICORN = """\
import sys, uvicorn

async def app(scope, receive, send):
    body, more = b"", True
    while more:
        event = await receive()
        body += event.get("body", b"")
        more = event.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})

uvicorn.run(app, port=int(sys.argv[1]), log_level="critical", loop="uvloop", http="httptools", lifespan="off")
"""

WAITRESS = """\
import logging, sys, waitress

def app(environ, start):
    body = environ["wsgi.input"].read()
    start("200 OK", [("Content-Length", str(len(body)))])
    return [body]

logging.disable()
waitress.serve(app, host="127.0.0.1", port=int(sys.argv[1]), threads=8, connection_limit=1000)
"""

FORWARD = """\
import sys, aiohttp, uvicorn

session = None

async def app(scope, receive, send):
    global session
    if session is None:
        session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=64))
    body, more = b"", True
    while more:
        event = await receive()
        body += event.get("body", b"")
        more = event.get("more_body", False)
    async with session.post(sys.argv[2], data=body) as answer:
        await answer.read()
    await send({"type": "http.response.start", "status": answer.status, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})

uvicorn.run(app, port=int(sys.argv[1]), log_level="critical", loop="uvloop", http="httptools", lifespan="off")
"""

BARE = {"uvicorn": UVICORN, "waitress": WAITRESS}

Up = Callable[[Bench], AbstractContextManager[tuple[Server, str]]]
"""Starts a server; gives it and the path to ask."""


def load(up: Up, connections: int) -> Measure:
    """Runs of `wrk` with some connections kept alive, against a server of its own each."""

    def measure(bench: Bench) -> Sample:
        wrk = needed("wrk")
        script = bench.path("post.lua")
        script.write_text(f"wrk.method = 'POST'\nwrk.body = '{BODY}'\n", encoding="utf-8")
        with up(bench) as (server, path):
            address = f"http://127.0.0.1:{server.port}{path}"
            command = [wrk, "-t1", f"-c{connections}", "--latency", "-s", str(script), address]
            _wrk([*command, f"-d{WARM_SECONDS}s"])
            before = server.cpu()
            values = _wrk([*command, f"-d{max(1, round(bench.seconds))}s"])
            return Sample(values, server.cpu() - before, server.peak())

    return measure


def _wrk(command: list[str]) -> tuple[float, float, float]:
    made = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return parsed(made)


def parsed(text: str) -> tuple[float, float, float]:
    """Requests a second, and the 50th and 99th percentile in milliseconds, of what `wrk --latency` writes.

    Raises:
        Failed: Not all requests were answered with success.
    """
    rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
    tails = {name: number * UNITS[unit] for name, number, unit in _percentiles(text)}
    if rate is None or float(rate[1]) == 0 or not {"50", "99"} <= tails.keys():
        raise Failed(f"wrk got no answers:\n{text}")
    if "Non-2xx" in text or "Socket errors" in text:
        raise Failed(f"wrk got errors:\n{text}")
    return float(rate[1]), tails["50"], tails["99"]


UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


def _percentiles(text: str) -> Iterator[tuple[str, float, str]]:
    for name, number, unit in re.findall(r"^\s+(\d+)%\s+([\d.]+)(us|ms|s|m)\s*$", text, re.MULTILINE):
        yield name, float(number), unit


@contextmanager
def bare(code: str, *words: str) -> Iterator[Server]:
    """A server of a few lines."""
    port = process.free_port()
    with process.serve([sys.executable, "-c", code, str(port), *words], port) as server:
        yield server


def echo(kind: str) -> Up:
    """The stream that answers with what it was sent."""

    @contextmanager
    def up(bench: Bench) -> Iterator[tuple[Server, str]]:
        config = {
            "input": {"http_server": {"path": "/post"}},
            "pipeline": {"processors": [{"mapping": "root = content()"}]},
            "output": {"sync_response": {}},
        }
        with bench.program.serve(config, bench.path("config.json"), server=kind) as server:
            _expect(server.port, "/post", BODY)
            yield server, "/post"

    return up


def bare_echo(kind: str) -> Up:
    """The bare server that does so."""

    @contextmanager
    def up(bench: Bench) -> Iterator[tuple[Server, str]]:
        with bare(BARE[kind]) as server:
            _expect(server.port, "/", BODY)
            yield server, "/"

    return up


def forward(kind: str) -> Up:
    """The stream that posts on what it gets, and answers when that was accepted."""

    @contextmanager
    def up(bench: Bench) -> Iterator[tuple[Server, str]]:
        with contextlib.ExitStack() as stack:
            sink = stack.enter_context(bare(UVICORN))
            config = {
                "input": {"http_server": {"path": "/post"}},
                "output": {
                    "http_client": {"url": f"http://127.0.0.1:{sink.port}/", "verb": "POST", "max_in_flight": 64}
                },
            }
            server = stack.enter_context(bench.program.serve(config, bench.path("config.json"), server=kind))
            _expect(server.port, "/post", None)
            yield server, "/post"

    return up


@contextmanager
def bare_forward(bench: Bench) -> Iterator[tuple[Server, str]]:
    """Some lines of Python that do so."""
    with contextlib.ExitStack() as stack:
        sink = stack.enter_context(bare(UVICORN))
        server = stack.enter_context(bare(FORWARD, f"http://127.0.0.1:{sink.port}/"))
        _expect(server.port, "/", None)
        yield server, "/"


def _expect(port: int, path: str, body: str | None) -> None:
    """Ask once, and see that the answer is right."""
    status, answer = client.ask(port, "POST", path, BODY.encode())
    if status != 200 or (body is not None and json.loads(answer) != json.loads(body)):
        raise Failed(f"POST {path} answered {status} {answer[:200]!r}")


WORKLOADS = (
    *(
        Workload(
            f"http/{kind}/{connections}",
            f"http_server, mapping, sync_response: {kind}, {connections} connections",
            load(echo(kind), connections),
            FIGURES,
            (
                Yardstick(
                    f"a bare {kind} echo", load(bare_echo(kind), connections), Aim(0.8) if connections > 1 else None
                ),
            ),
        )
        for kind in ("waitress", "uvicorn")
        for connections in CONNECTIONS
    ),
    *(
        Workload(
            f"forward/{kind}/{connections}",
            f"http_server, http_client, answered when the receiver has: {kind}, {connections} connections",
            load(forward(kind), connections),
            FIGURES,
            (Yardstick("uvicorn and aiohttp by hand", load(bare_forward, connections)),),
        )
        for kind, connections in (("waitress", 16), ("uvicorn", 16), ("uvicorn", 64))
    ),
)
