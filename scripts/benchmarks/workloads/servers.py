"""Requests through streams, beside bare servers of the same kind: what `wrk` gets answered."""

from __future__ import annotations

import contextlib
import json
import math
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
MOST_REFUSED = 0.5
"""Of the requests; a run where more are refused is no measurement."""

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
        wrk = needed("wrk", "apt-get install wrk, or https://github.com/wg/wrk")
        script = bench.path("post.lua")
        script.write_text(f"wrk.method = 'POST'\nwrk.body = '{BODY}'\n", encoding="utf-8")
        with up(bench) as (server, path):
            address = f"http://127.0.0.1:{server.port}{path}"
            command = [wrk, "-t1", f"-c{connections}", "--latency", "-s", str(script), address]
            _wrk([*command, f"-d{WARM_SECONDS}s"])
            before = server.cpu()
            values, note = _wrk([*command, f"-d{max(1, round(bench.seconds))}s"])
            return Sample(values, server.cpu() - before, server.peak(), note)

    return measure


def _wrk(command: list[str]) -> tuple[tuple[float, float, float], str]:
    return parsed(subprocess.run(command, capture_output=True, text=True, check=False).stdout)


def parsed(text: str) -> tuple[tuple[float, float, float], str]:
    """Answers with success a second, and the 50th and 99th percentile of all in milliseconds, of what wrk writes.

    With a note where some were refused, as servers do that have more callers than they can hold, or came too late.

    Raises:
        Failed: There were few answers, or connections broke.
    """
    rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
    total = re.search(r"(\d+) requests in", text)
    tails = {name: number * UNITS[unit] for name, number, unit in _percentiles(text)}
    if rate is None or total is None or not int(total[1]) or not {"50", "99"} <= tails.keys():
        raise Failed(f"wrk got no answers:\n{text}")
    refused = int(found[1]) / int(total[1]) if (found := re.search(r"Non-2xx or 3xx responses: (\d+)", text)) else 0.0
    errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
    if refused > MOST_REFUSED or (errors and any(int(count) for count in errors.groups()[:3])):
        raise Failed(f"wrk got errors:\n{text}")
    notes = [f"up to {math.ceil(refused * 100)} % of the requests were refused, and do not count"] if refused else []
    notes += ["some answers took more than two seconds"] if errors else []
    return (float(rate[1]) * (1 - refused), tails["50"], tails["99"]), "; ".join(notes)


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
