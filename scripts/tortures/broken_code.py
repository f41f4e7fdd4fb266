"""A component whose code raises now and then, as processor and as output: its stream goes on, the others do not notice.

In process, since such a component has to be made for it.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from typing import Any

from scripts.tortures.bench import Bench, Outcome, account, until

from headwater import tasks
from headwater.components.catalogue import Catalogue, component
from headwater.components.contracts import Output, Processor
from headwater.config.fields import spec
from headwater.message import Batch
from headwater.system import StreamSystem

FAILING = 0.01
COUNT = 3000


def run(bench: Bench) -> Outcome:
    """Send numbers through broken code, and through a healthy stream beside it."""
    logging.getLogger("headwater").setLevel(logging.CRITICAL + 1)
    chance = random.Random(bench.chance.random())
    arrived: list[int] = []
    lock = threading.Lock()

    @component(spec("processor", "broken", summary="Raise now and then."))
    class BrokenProcessor(Processor):
        def __init__(self, config: Any, resources: Any) -> None:
            pass

        def process(self, batch: Batch) -> list[Batch]:
            if chance.random() < FAILING:
                raise RuntimeError("broken code")
            return [batch]

    @component(spec("output", "broken", summary="Raise now and then."))
    class BrokenOutput(Output):
        def __init__(self, config: Any, resources: Any) -> None:
            pass

        async def write(self, batch: Batch) -> None:
            if chance.random() < FAILING:
                raise MemoryError("injected")
            with lock:
                arrived.extend(int(message.content()) for message in batch)

    catalogue = Catalogue()
    catalogue.add(BrokenProcessor)
    catalogue.add(BrokenOutput)
    outcome = Outcome()
    with StreamSystem(catalogue=catalogue) as system:
        system.create("bad", "input: {inproc: bad}\npipeline: {processors: [{broken: {}}]}\noutput: {broken: {}}")
        system.create("good", "input: {inproc: good}\npipeline: {processors: [{noop: {}}]}\noutput: {drop: {}}")
        good = system.channel("good")
        bad = system.channel("bad")
        healthy = [0]
        stop = threading.Event()

        def beside() -> None:
            while not stop.is_set():
                good.send(b"x", timeout=10)
                healthy[0] += 1

        thread = threading.Thread(target=beside)
        thread.start()
        acked: list[int] = []
        sent = 0
        slowest = 0.0
        while (bench.left > 2 and sent < COUNT) or sent == 0:
            started = time.monotonic()
            future = bad.post(str(sent))
            until(future.done, 60, f"an answer for {sent}")
            slowest = max(slowest, time.monotonic() - started)
            if future.error() is None:
                acked.append(sent)
            elif isinstance(future.error(), tasks.Cancelled):
                outcome.failures.append(f"{sent} was cancelled")
            sent += 1
        stop.set()
        thread.join()
        restarts = system.read("bad").restarts
        outcome = account(
            sent, acked, arrived, f"{restarts} restarts, {healthy[0]} beside it; longest wait {slowest:.1f} s"
        )
        outcome.require(outcome.lost == 0, f"{outcome.lost} messages were acked and did not arrive")
        outcome.require(system.read("good").restarts == 0, "the healthy stream was restarted")
        outcome.require(healthy[0] > 0, "the healthy stream did nothing")
        good.close()
        bad.close()
    return outcome
