"""Files through a stream: with the mapping, and with nothing, beside the hand-written loop."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scripts.benchmarks import documents, process
from scripts.benchmarks.process import Run, one_core
from scripts.benchmarks.workload import Aim, Bench, Measure, Sample, Workload, Yardstick, rate

LINES = 1_000_000
COUNTS = {200: LINES, 1_000: LINES // 4, 10_000: LINES // 25}
"""Lines of a file, by their size in bytes."""

Job = Callable[[Bench, Path, Path], Run]
"""Makes one file of another."""


def job(work: Job, *, size: int = 200, part: int = 1, mapped: bool = True, field: str = "") -> Measure:
    """A run of a job from file to file; what it wrote is looked into each time.

    Args:
        size: Of a line in bytes.
        part: By which the usual count is divided, for what takes long.
        mapped: Whether the job is done, or lines are only copied.
        field: See `documents.check`.
    """

    def measure(bench: Bench) -> Sample:
        def once(count: int) -> Run:
            given = documents.source(bench, count, size)
            made = bench.path("out.jsonl")
            made.unlink(missing_ok=True)
            run = work(bench, given, made)
            documents.check(made, given, count, mapped=mapped, field=field)
            made.unlink()
            return run

        return rate(bench.size(COUNTS[size] // part), once)

    return measure


def stream(*, processors: list[Any], threads: int = 1, cores: set[int] | None = None) -> Job:
    """The job by the program that is measured."""

    def work(bench: Bench, given: Path, made: Path) -> Run:
        config = {
            "input": {"file": {"paths": [str(given)], "scanner": {"lines": {}}}},
            "pipeline": {"threads": threads, "processors": processors},
            "output": {"file": {"path": str(made), "codec": "lines"}},
        }
        return bench.program.run(config, bench.path("config.json"), cores=cores)

    return work


def loop(code: str) -> Job:
    """The job by a plain Python program."""

    def work(bench: Bench, given: Path, made: Path) -> Run:
        return process.run([sys.executable, "-c", code, given, made], cores=one_core())

    return work


MAPPING = [{"mapping": documents.MAPPING}]
JQ = [{"jq": {"query": documents.JQ}}]
HAND_WRITTEN = job(loop(documents.LOOP))
"""The loop that targets are ratios to: file to file with the job, lines of 200 bytes, one core."""

ONE_CORE = job(stream(processors=MAPPING, cores=one_core()))

RAW_AIM = Aim(round(8 * 133 / 713, 2))
"""Eight times the 133,000 messages a second that Benthos does raw where the loop with the mapping does 713,000."""

WORKLOADS = (
    Workload(
        "file/200",
        "file, mapping, file: lines of 200 bytes, one core",
        ONE_CORE,
        yardsticks=(Yardstick("the hand-written loop", HAND_WRITTEN, Aim(0.8)),),
    ),
    Workload(
        "file/200-all-cores",
        "the same with as many pipeline threads as there are cores, on all of them; order is free",
        job(stream(processors=MAPPING, threads=-1)),
        yardsticks=(Yardstick("the hand-written loop", HAND_WRITTEN, Aim(1.4)),),
    ),
    Workload(
        "file/jq-all-cores",
        "the job by a jq processor, which takes long, with as many threads as there are cores, on all of them",
        job(stream(processors=JQ, threads=-1), part=20),
        yardsticks=(Yardstick("one thread", job(stream(processors=JQ), part=20)),),
    ),
    *(
        Workload(
            f"file/{size}",
            f"file, mapping, file: documents of {size:,} bytes, one core",
            job(stream(processors=MAPPING, cores=one_core()), size=size),
            yardsticks=(Yardstick("the hand-written loop", job(loop(documents.LOOP), size=size)),),
        )
        for size in (1_000, 10_000)
    ),
    Workload(
        "raw/200",
        "file, file, no processors, each line acknowledged: lines of 200 bytes, one core",
        job(stream(processors=[], cores=one_core()), mapped=False),
        yardsticks=(
            Yardstick("the hand-written loop", HAND_WRITTEN, RAW_AIM),
            Yardstick("a loop that copies lines", job(loop(documents.COPY), mapped=False)),
        ),
    ),
)
