"""How long the program takes to begin."""

from __future__ import annotations

import time

from scripts.benchmarks import client, process
from scripts.benchmarks.workload import Aim, Bench, Figure, Sample, Workload
from scripts.benchmarks.workloads.generated import DROP


def version(bench: Bench) -> Sample:
    """`--version`, from the start of the process to its end."""
    run = process.run([*bench.program.command, "--version"], environment=bench.program.environment)
    return Sample((run.seconds * 1000,), run.cpu, run.peak)


def streams(bench: Bench) -> Sample:
    """`streams`, until it says that it is ready."""
    started = time.perf_counter()
    with bench.program.streams(bench.path("service.json")) as server:
        while client.ask(server.port, "GET", "/ready")[0] != 200:
            time.sleep(0.005)
        return Sample(((time.perf_counter() - started) * 1000,), server.cpu(), server.peak())


def one_message(bench: Bench) -> Sample:
    """`run`, for a stream of one message."""
    config = {"input": {"generate": {"mapping": "root = 1", "interval": "", "count": 1}}, "output": DROP}
    run = bench.program.run(config, bench.path("config.json"))
    return Sample((run.seconds * 1000,), run.cpu, run.peak)


WORKLOADS = (
    Workload("start/version", "the program says its version", version, (Figure("ms", aim=Aim(150, at_least=False)),)),
    Workload(
        "start/streams", "streams mode until it is ready", streams, (Figure("ms", aim=Aim(1000, at_least=False)),)
    ),
    Workload("start/run", "a stream of one message, from start to end", one_message, (Figure("ms"),)),
)
