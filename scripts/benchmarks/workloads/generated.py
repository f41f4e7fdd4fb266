"""Streams that make their own messages and throw them away: what the stages and processors between cost."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from scripts.benchmarks import process
from scripts.benchmarks.process import Failed, Run, one_core
from scripts.benchmarks.workload import Aim, Bench, Measure, Sample, Workload, Yardstick, rate
from scripts.benchmarks.workloads.files import HAND_WRITTEN

COUNT = 1_000_000
TRIED = 1000
"""Messages of the run that shows that a stream does what it should."""

DOCUMENT = 'root = {"name": "customer", "price": 12, "quantity": 3, "tags": ["alpha", "beta"]}'
WORK = "root = this\nroot.name = this.name.uppercase()\nroot.total = this.price * this.quantity"
LIST = 'root.items = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta"]'
LOUD = 'map_each(item -> item.uppercase()).filter(item -> item != "BETA")'
INLINE = f"{LIST}.{LOUD}"

BARE_LOOP = """\
import sys

def main(count):
    for _ in range(count):
        doc = {"name": "customer", "price": 12, "quantity": 3, "tags": ["alpha", "beta"]}
        made = dict(doc)
        made["name"] = doc["name"].upper()
        made["total"] = doc["price"] * doc["quantity"]

main(int(sys.argv[1]))
"""

TWICE = """\
from headwater.telemetry import metrics

def twice(kind, name):
    once = getattr(kind, name)
    def method(self, *args):
        once(self, *args)
        once(self, *args)
    setattr(kind, name, method)

for kind, name in (
    (metrics.Counter, "add"), (metrics.Gauge, "add"), (metrics.Timing, "observe"), (metrics.Timing, "observe_many"),
):
    twice(kind, name)
"""

Config = dict[str, Any]
Make = Callable[[Bench, int], Config]
"""The configuration that makes so many messages."""


def generate(count: int, batch: int = 1, mapping: str = DOCUMENT) -> Config:
    """An input that makes messages as fast as it can."""
    return {"generate": {"mapping": mapping, "interval": "", "count": count, "batch_size": batch}}


def pipeline(*processors: Config) -> Config:
    """Processors in one thread."""
    return {"threads": 1, "processors": list(processors)}


def measured(make: Make, *, count: int = COUNT, copies: int = 1) -> Measure:
    """Runs of a stream on one core.

    Args:
        copies: How often each message reaches an output.
    """
    tried: set[str] = set()

    def measure(bench: Bench) -> Sample:
        def once(count: int) -> Run:
            return bench.program.run(make(bench, count), bench.path("config.json"), cores=one_core())

        if bench.program.name not in tried:
            attempt(bench, make, copies)
            tried.add(bench.program.name)
        return rate(bench.size(count), once)

    return measure


def attempt(bench: Bench, make: Make, copies: int) -> None:
    """Run a few messages with files in place of the outputs that drop, and count what arrives.

    Raises:
        Failed: Not what should.
    """
    outputs: list[str] = []

    def kept(value: Any) -> Any:
        if value == {"drop": {}}:
            outputs.append(f"attempt-{len(outputs)}.jsonl")
            return {"file": {"path": str(bench.path(outputs[-1])), "codec": "lines"}}
        if isinstance(value, dict):
            return {key: kept(item) for key, item in value.items()}
        return [kept(item) for item in value] if isinstance(value, list) else value

    bench.program.run(kept(make(bench, TRIED)), bench.path("config.json"))
    arrived = 0
    for name in outputs:
        path = bench.path(name)
        if path.exists():
            arrived += len(path.read_bytes().splitlines())
            path.unlink()
    if arrived != TRIED * copies:
        raise Failed(f"of {TRIED} messages {arrived} arrived, not {TRIED * copies}")


def chain(output: Config, *, batch: int = 1, mapping: str = DOCUMENT, processors: tuple[Config, ...] = ()) -> Make:
    """A stream of three stages."""

    def make(bench: Bench, count: int) -> Config:
        return {"input": generate(count, batch, mapping), "pipeline": pipeline(*processors), "output": output}

    return make


def bare_loop(bench: Bench) -> Sample:
    """The same document made and changed by plain Python, without JSON."""
    count = bench.size(COUNT * 4)
    return rate(count, lambda count: process.run([sys.executable, "-c", BARE_LOOP, str(count)], cores=one_core()))


def hooks(bench: Bench) -> Sample:
    """The stream of `generate/1` where each metric counts twice."""
    # Python imports a module of this name by itself, before the program.
    bench.path("sitecustomize.py").write_text(TWICE, encoding="utf-8")
    before = bench.program.environment.get("PYTHONPATH", "")
    path = f"{bench.folder}{os.pathsep}{before}" if before else str(bench.folder)
    program = replace(bench.program, environment={**bench.program.environment, "PYTHONPATH": path})
    return PLAIN(bench.of(program))


DROP: Config = {"drop": {}}
MAPPED: tuple[Config, ...] = ({"mapping": WORK},)
FAKE = 'root.name = fake("name")\nroot.mail = fake("email")'
JQ: tuple[Config, ...] = ({"jq": {"query": ".name"}}, {"jq": {"query": "{n: .}"}}, {"jq": {"query": ".n"}})
CASES: list[Config] = [{"check": f"this.quantity == {100 + case}", "output": DROP} for case in range(9)]
FAN_OUT: Config = {"broker": {"pattern": "fan_out", "outputs": [DROP, DROP, DROP]}}

PLAIN = measured(chain(DROP, processors=MAPPED))
NOTHING = measured(chain(DROP))

WORKLOADS = (
    *(
        Workload(
            f"generate/{batch}",
            f"generate, mapping, drop: batches of {batch:,}",
            measured(chain(DROP, batch=batch, processors=MAPPED)),
            yardsticks=(
                Yardstick("the hand-written loop", HAND_WRITTEN, aim),
                Yardstick("the same in bare Python, no JSON", bare_loop),
            ),
        )
        for batch, aim in ((1, Aim(0.4)), (20, None), (1000, Aim(1.0)))
    ),
    Workload(
        "generate/id",
        "generate with an id, drop",
        measured(chain(DROP, mapping="root.id = uuid_v4()")),
    ),
    Workload(
        "generate/fake-jq",
        "generate with fake data, three jq, drop",
        measured(chain(DROP, mapping=FAKE, processors=JQ), count=COUNT // 20),
    ),
    Workload(
        "list/mapping",
        "generate with a list, mapping that turns it to upper case and filters it, drop",
        measured(
            chain(DROP, mapping=LIST, processors=({"mapping": f"root.items = this.items.{LOUD}"},)), count=COUNT // 2
        ),
        yardsticks=(Yardstick("the same inline", measured(chain(DROP, mapping=INLINE), count=COUNT // 2)),),
    ),
    Workload(
        "list/inline",
        "the same mapping inline, in what generates",
        measured(chain(DROP, mapping=INLINE), count=COUNT // 2),
    ),
    Workload(
        "outputs/fan-out",
        "generate, mapping, three outputs that each get all",
        measured(chain(FAN_OUT, processors=MAPPED), count=COUNT // 4, copies=3),
        yardsticks=(Yardstick("one output", PLAIN),),
    ),
    Workload(
        "outputs/switch",
        "generate, mapping, a switch of ten cases of which the last holds",
        measured(chain({"switch": {"cases": [*CASES, {"output": DROP}]}}, processors=MAPPED), count=COUNT // 4),
        yardsticks=(Yardstick("one output", PLAIN),),
    ),
    Workload(
        "outputs/batching",
        "generate, mapping, batches of 100 by count",
        measured(chain({"broker": {"outputs": [DROP], "batching": {"count": 100}}}, processors=MAPPED)),
        yardsticks=(Yardstick("no batching", PLAIN),),
    ),
    Workload(
        "hooks/metrics",
        "what metrics cost at most: generate, mapping, drop beside the same where each metric counts twice",
        PLAIN,
        yardsticks=(Yardstick("each metric counts twice", hooks, Aim(1.05, at_least=False)),),
    ),
)
