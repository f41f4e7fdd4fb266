"""The API: creating and deleting streams, listing them, and what idle ones cost."""

from __future__ import annotations

import json
import time

from scripts.benchmarks import client
from scripts.benchmarks.client import Connection
from scripts.benchmarks.workload import Aim, Bench, Figure, Measure, Sample, Workload
from scripts.benchmarks.workloads.generated import DROP, Config

MANY = 1000
IDLE: Config = {"input": {"generate": {"mapping": "root = {}", "interval": "1h"}}, "output": DROP}
BODY = json.dumps(IDLE).encode()


def managed(server_kind: str) -> Measure:
    """Runs of: create a thousand streams, list them, let them idle, delete them; one request after the other."""

    def measure(bench: Bench) -> Sample:
        many = max(20, round(MANY * bench.scale))
        with (
            bench.program.streams(bench.path("service.json"), server=server_kind) as server,
            client.connected(server.port) as connection,
        ):
            for number in range(20):
                connection.wanted("POST", f"/streams/warm{number}", BODY)
            connection.wanted("GET", "/streams")
            before = server.resident()
            created = many / sum(_timed(connection, "POST", [f"/streams/s{n}" for n in range(many)], BODY))
            size = (server.resident() - before) / many / 1000
            listed = sorted(_timed(connection, "GET", ["/streams"] * many))
            used, started = server.cpu(), time.monotonic()
            time.sleep(bench.seconds)
            idle = 100 * (server.cpu() - used) / (time.monotonic() - started)
            deleted = many / sum(_timed(connection, "DELETE", [f"/streams/s{n}" for n in range(many)]))
            values = (
                created,
                deleted,
                1000 * listed[len(listed) // 2],
                1000 * listed[int(len(listed) * 0.99)],
                size,
                idle,
            )
            return Sample(values, server.cpu(), server.peak())

    return measure


def churn(bench: Bench) -> Sample:
    """A stream created and deleted again and again beside a hundred that stay: cycles a second, growth of memory."""
    cycles = max(50, round(5000 * bench.scale))
    with bench.program.streams(bench.path("service.json")) as server, client.connected(server.port) as connection:
        for number in range(100):
            connection.wanted("POST", f"/streams/stays{number}", BODY)
        _cycle(connection, cycles // 10)
        before, started = server.resident(), time.perf_counter()
        _cycle(connection, cycles)
        seconds = time.perf_counter() - started
        grown = (server.resident() - before) / cycles
        return Sample((cycles / seconds, grown), server.cpu(), server.peak())


def _cycle(connection: Connection, count: int) -> None:
    for number in range(count):
        connection.wanted("POST", f"/streams/comes{number}", BODY)
        connection.wanted("DELETE", f"/streams/comes{number}")


def _timed(connection: Connection, method: str, paths: list[str], body: bytes = b"") -> list[float]:
    """Seconds of each request."""
    found = []
    for path in paths:
        started = time.perf_counter()
        connection.wanted(method, path, body)
        found.append(time.perf_counter() - started)
    return found


def _figures(*, aims: bool) -> tuple[Figure, ...]:
    figures = (
        Figure("streams/s", "create", Aim(850)),
        Figure("streams/s", "delete", Aim(1500)),
        Figure("ms", "list p50"),
        Figure("ms", "list p99", Aim(10, at_least=False)),
        Figure("KB a stream", "memory", Aim(60, at_least=False)),
        Figure("% of a core", "idle"),
    )
    return figures if aims else tuple(Figure(each.unit, each.name) for each in figures)


WORKLOADS = (
    *(
        Workload(
            f"api/{kind}",
            f"a thousand idle streams: created, listed and deleted over {kind}, one request after the other",
            managed(kind),
            _figures(aims=kind == "waitress"),
        )
        for kind in ("waitress", "uvicorn")
    ),
    Workload(
        "api/churn",
        "streams created and deleted in turn beside a hundred that stay",
        churn,
        (Figure("cycles/s"), Figure("bytes a cycle", "growth")),
    ),
)
