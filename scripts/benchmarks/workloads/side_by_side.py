"""Streams that run in one process: many side by side, and a chain of four."""

from __future__ import annotations

import time
from dataclasses import dataclass

from scripts.benchmarks import client
from scripts.benchmarks.workload import Bench, Measure, Sample, Workload, Yardstick
from scripts.benchmarks.workloads.generated import DOCUMENT, DROP, MAPPED, Config, generate, pipeline

COUNTS = (1, 100, 1000)


@dataclass(frozen=True)
class Streams:
    """Streams that do not end.

    Attributes:
        configs: By their names.
        last: The one whose output is looked at; all where it is empty.
        wait: Seconds from the creation of the first until it begins.
    """

    configs: dict[str, Config]
    last: str = ""
    wait: float = 0.0


def flowing(streams: Streams) -> Measure:
    """Runs of such streams: what their outputs count in some seconds, a moment after the first message."""

    def measure(bench: Bench) -> Sample:
        with bench.program.streams(bench.path("service.json")) as server, client.connected(server.port) as connection:
            begin = time.monotonic() + streams.wait
            for name, config in streams.configs.items():
                client.create(connection, name, config)
            time.sleep(max(0.0, begin - time.monotonic()))
            client.wait_for_first(connection, stream=streams.last)
            time.sleep(bench.seconds / 5)
            before = server.cpu()
            rate = client.flow(connection, bench.seconds, stream=streams.last)
            return Sample((rate,), server.cpu() - before, server.peak())

    return measure


def side_by_side(count: int) -> Streams:
    """So many streams that generate, map and drop as fast as they can, once all are there."""
    wait = 1.0 + count / 100
    # Two messages, one at once and one when it is time; then no more waiting.
    gate = {"generate": {"mapping": DOCUMENT, "interval": f"{wait}s", "count": 2}}
    one = {"input": {"sequence": {"inputs": [gate, generate(0)]}}, "pipeline": pipeline(*MAPPED), "output": DROP}
    return Streams({f"s{number}": one for number in range(count)}, wait=wait)


CHAIN = Streams(
    {
        "fourth": {"input": {"inproc": "c"}, "output": DROP},
        "third": {"input": {"inproc": "b"}, "output": {"inproc": "c"}},
        "second": {"input": {"inproc": "a"}, "output": {"inproc": "b"}},
        "first": {"input": generate(0), "output": {"inproc": "a"}},
    },
    last="fourth",
)
SINGLE = Streams({"only": {"input": generate(0), "output": DROP}})

WORKLOADS = (
    Workload(
        "chain/4",
        "a chain of four streams over inproc, each acknowledged by the last",
        flowing(CHAIN),
        yardsticks=(Yardstick("one stream", flowing(SINGLE)),),
    ),
    *(
        Workload(
            f"side-by-side/{count}",
            f"{count:,} streams of generate, mapping, drop in one process, all together",
            flowing(side_by_side(count)),
            yardsticks=() if count == 1 else (Yardstick("one of them", flowing(side_by_side(1))),),
        )
        for count in COUNTS
    ),
)
