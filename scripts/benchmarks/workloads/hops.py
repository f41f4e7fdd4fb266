"""What it costs that a chunk of one message goes from stage to stage."""

from __future__ import annotations

import sys

from scripts.benchmarks import process
from scripts.benchmarks.process import Failed, one_core
from scripts.benchmarks.workload import Aim, Bench, Figure, Missing, Sample, Workload

COUNT = 1_000_000

HOPS = """\
import os, sys, threading, time
from headwater.tuning import tune
from headwater.clock import SystemClock
from headwater.message import Message
from headwater.runtime.dispatcher import PooledActor
from headwater.runtime.lanes import Lanes
from headwater.runtime.messages import Chunk, Receipt, tell
from headwater.runtime.pool import Pool

class Station(PooledActor):
    def __init__(self, place, *where):
        super().__init__(*where)
        self.place = place

    def on_receive(self, message):
        self.HANDLERS[type(message)](self, message)

    def pass_on(self, chunk):
        global left
        left -= 1
        if left:
            tell(stations[self.place - 1], Chunk(chunk.batches, chunk.receipt, chunk.indices))
        else:
            over.set()

    HANDLERS = {Chunk: pass_on}

tune()
clock = SystemClock()
pool, lanes = Pool(clock=clock), Lanes(clock)
stations = [Station.start(place, pool, clock, lanes) for place in range(4)]
chunk = Chunk([[Message(b"{}")]], Receipt(stations[0], 1, lambda *_: None))
for count in (10_000, int(sys.argv[1])):
    left, over = count, threading.Event()
    started = time.process_time()
    tell(stations[0], chunk)
    over.wait()
print((time.process_time() - started) / count * 1e6, flush=True)
os._exit(0)
"""
"""Four actors on a pool in a ring, which a chunk goes around; each is told a new chunk, as stages do."""


def hops(bench: Bench) -> Sample:
    """Microseconds of CPU time from actor to actor."""
    if not bench.program.is_headwater:
        raise Missing("only Headwater has these actors")
    command = [sys.executable, "-c", HOPS, str(bench.size(COUNT))]
    run = process.run(command, cores=one_core(), environment=bench.program.environment)
    try:
        return Sample((float(run.output),), run.cpu, run.peak)
    except ValueError:
        raise Failed(run.output) from None


WORKLOADS = (
    Workload(
        "hops/1",
        "a chunk of one message from actor to actor, one core: CPU time",
        hops,
        (Figure("us", aim=Aim(2.0, at_least=False)),),
    ),
)
