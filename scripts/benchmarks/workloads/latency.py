"""How long a message takes from its making to the output's door, at 1,000 a second."""

from __future__ import annotations

import json
import time

from scripts.benchmarks import client
from scripts.benchmarks.process import Failed
from scripts.benchmarks.workload import Aim, Bench, Figure, Measure, Sample, Workload
from scripts.benchmarks.workloads.generated import DROP, MAPPED, Config, generate, pipeline

A_SECOND = 1000
STAMP = "root.t = timestamp_unix_nano()"
FIRST = 500
"""Messages of the first half second, which are left out."""

LOAD: Config = {"input": generate(0), "pipeline": pipeline(*MAPPED), "output": DROP}


def probe(count: int, target: str, *, buffer: bool) -> Config:
    """A stream that writes how many nanoseconds each message was under way.

    Args:
        buffer: Whether there is a stage more, a memory buffer.
    """
    return {
        "input": {"generate": {"mapping": STAMP, "interval": "1ms", "count": count}},
        "buffer": {"memory": {}} if buffer else {"none": {}},
        "pipeline": pipeline({"mapping": "root = this"}),
        "output": {
            "file": {"path": target, "codec": "lines"},
            "processors": [{"mapping": "root = timestamp_unix_nano() - this.t"}],
        },
    }


def latency(*, load: Config | None = None, buffer: bool = True) -> Measure:
    """Runs of the probe, alone or beside another stream."""

    def measure(bench: Bench) -> Sample:
        target = bench.path("latency.txt")
        target.unlink(missing_ok=True)
        count = FIRST + round(bench.seconds * A_SECOND)
        with bench.program.streams(bench.path("service.json")) as server, client.connected(server.port) as connection:
            if load is not None:
                client.create(connection, "load", load)
                client.wait_for_first(connection, stream="load")
                time.sleep(bench.seconds / 5)
            before = server.cpu()
            client.create(connection, "probe", probe(count, str(target), buffer=buffer))
            deadline = time.monotonic() + 3 * count / A_SECOND + client.SECONDS
            time.sleep(count / A_SECOND)
            while json.loads(connection.wanted("GET", "/streams"))["probe"]["active"]:
                if time.monotonic() > deadline:
                    raise Failed("the probe has not come to its end")
                time.sleep(0.1)
            cpu, peak = server.cpu() - before, server.peak()
        found = [int(line) for line in target.read_text(encoding="ascii").split()]
        if len(found) != count:
            raise Failed(f"of {count} messages {len(found)} arrived")
        values = sorted(found[FIRST:])
        return Sample((at(values, 0.5), at(values, 0.99), at(values, 0.999)), cpu, peak)

    return measure


def at(values: list[int], part: float) -> float:
    """A percentile of sorted nanoseconds, in milliseconds."""
    return values[min(len(values) - 1, int(len(values) * part))] / 1e6


def _figures(p50: Aim | None = None, p99: Aim | None = None) -> tuple[Figure, ...]:
    return Figure("ms", "p50", p50), Figure("ms", "p99", p99), Figure("ms", "p99.9")


WORKLOADS = (
    Workload(
        "latency/idle",
        "a message through four stages (input, memory buffer, pipeline, output) at 1,000 a second, nothing else to do",
        latency(),
        _figures(p50=Aim(0.1, at_least=False)),
    ),
    Workload(
        "latency/loaded",
        "the same beside a stream that saturates a core",
        latency(load=LOAD),
        _figures(p99=Aim(2.0, at_least=False)),
    ),
    Workload(
        "latency/three-stages",
        "the same without the buffer, nothing else to do",
        latency(buffer=False),
        _figures(),
    ),
)
