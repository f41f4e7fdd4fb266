"""Code in a stage that hangs now and then (0.1 %): its stream is started anew, the throughput of others stays.

In process, since such a component has to be made for it, and with a shorter time after which code counts as hanging.
Windows in which the neighbour's code hangs take turns with windows in which it does not, so that what else the machine
does weighs on both.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import random
import statistics
import threading
import time
from typing import Any

from scripts.tortures.bench import Bench, Outcome, until

from headwater.clock import SystemClock
from headwater.components.catalogue import Catalogue, component
from headwater.components.contracts import Processor
from headwater.config.fields import spec
from headwater.message import Batch
from headwater.runtime.pool import Pool
from headwater.system import StreamSystem

HANGING = 0.001
RATE_MS = 2
HANG_SECONDS = 0.3
WINDOW = 0.5
LOSS = 0.05


def run(bench: Bench) -> Outcome:
    """Compare the throughput beside code that hangs with that beside code that does not."""
    logging.getLogger("headwater").setLevel(logging.CRITICAL + 1)
    chance = random.Random(bench.chance.random())
    hanging = threading.Event()
    release = threading.Event()
    hung = [0]
    left = [chance.uniform(1, 0.3 / HANGING)]  # until the next time; the first is soon, as short runs want one too

    @component(spec("processor", "hanging", summary="Hang now and then."))
    class Hanging(Processor):
        def __init__(self, config: Any, resources: Any) -> None:
            pass

        def process(self, batch: Batch) -> list[Batch]:
            if hanging.is_set():
                left[0] -= 1
                if left[0] <= 0:
                    left[0] = chance.expovariate(HANGING)
                    hung[0] += 1
                    release.wait()
            return [batch]

    catalogue = Catalogue()
    catalogue.add(Hanging)
    clock = SystemClock()
    pool = Pool(clock=clock)
    pool.HANG_SECONDS = HANG_SECONDS  # type: ignore[misc]
    pool.STUCK_SECONDS = HANG_SECONDS / 3  # type: ignore[misc]
    outcome = Outcome()
    with StreamSystem(catalogue=catalogue, clock=clock, pool=pool) as system, contextlib.ExitStack() as stack:
        stack.callback(release.set)
        system.create(
            "bad",
            f"input: {{generate: {{mapping: 'root = 1', interval: {RATE_MS}ms}}}}\n"
            "pipeline: {threads: 1, processors: [{hanging: {}}]}\noutput: {drop: {}}",
        )
        system.create("good", "input: {inproc: good}\npipeline: {processors: [{noop: {}}]}\noutput: {drop: {}}")
        good = system.channel("good")

        def window() -> int:
            end = time.monotonic() + WINDOW
            count = 0
            while time.monotonic() < end:
                good.send(b"x", timeout=30)
                count += 1
            return count

        window()
        calm: list[int] = []
        beside: list[int] = []
        while bench.goes_on(len(beside), 2):
            hanging.clear()
            calm.append(window())
            hanging.set()
            beside.append(window())
        # Pairs that follow each other closely, and the middle of all pairs: single disturbances do not count.
        ratio = statistics.median(after / before for before, after in zip(calm, beside, strict=True))
        # What is no more than the difference between calm windows is no difference.
        noise = statistics.median([abs(after / before - 1) for before, after in itertools.pairwise(calm)] or [1.0])
        restarts = system.read("bad").restarts
        outcome.require(restarts > 0, "the hanging stream was never started anew")
        outcome.require(system.read("good").restarts == 0, "the healthy stream was restarted")
        allowed = LOSS + noise / max(1.0, len(beside) ** 0.5)
        outcome.require(
            ratio > 1 - allowed, f"throughput fell to {ratio:.1%} beside code that hangs; noise {noise:.1%}"
        )
        hanging.clear()
        release.set()
        until(lambda: system.read("bad").state == "running", 40, "the hanging stream running again")
        outcome.delivered = sum(calm) + sum(beside)
        outcome.note = (
            f"{hung[0]} hung, {restarts} restarts; {statistics.median(calm) / WINDOW:.0f} a second in calm windows, "
            f"{ratio:.1%} of that beside code that hangs (noise {noise:.1%})"
        )
        good.close()
    pool.close()
    clock.close()
    return outcome
