"""The file job beside the same done by others: the hand-written loop, jq, Bytewax, Pathway, Benthos."""

from __future__ import annotations

from pathlib import Path

from scripts.benchmarks import documents, engines, process
from scripts.benchmarks.engines import Engine
from scripts.benchmarks.process import Run, one_core
from scripts.benchmarks.program import Program
from scripts.benchmarks.workload import Bench, Workload, Yardstick, needed
from scripts.benchmarks.workloads.files import HAND_WRITTEN, MAPPING, ONE_CORE, job, stream


def jq(bench: Bench, given: Path, made: Path) -> Run:
    """The job by jq."""
    command = '"$0" -c "$1" "$2" > "$3"'
    return process.run(
        ["sh", "-c", command, needed("jq", "apt-get install jq, or https://jqlang.org"), documents.JQ, given, made],
        cores=one_core(),
    )


def benthos(bench: Bench, given: Path, made: Path) -> Run:
    """The same configuration by a Benthos."""
    other = Program("benthos", (needed("benthos"),))
    return stream(processors=MAPPING, cores=one_core())(bench.of(other), given, made)


def _engine(engine: Engine) -> Yardstick:
    return Yardstick(engine.name, job(engine.run, field=engine.field))


YARDSTICKS = (
    Yardstick("python", HAND_WRITTEN),
    Yardstick("jq", job(jq)),
    *(_engine(engine) for engine in engines.ENGINES),
    Yardstick("benthos", job(benthos)),
)

WORKLOADS = tuple(
    Workload(
        f"beside/{yardstick.name}",
        f"file, mapping, file, lines of 200 bytes, one core, beside the same by {yardstick.name}",
        ONE_CORE,
        yardsticks=(yardstick,),
        comparable=False,
    )
    for yardstick in YARDSTICKS
)
