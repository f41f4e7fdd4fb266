"""A source and a target that tests hold in their hands: what was read, acked and nacked, and what arrived.

with observed() as it:
    it.create("pipeline: {processors: [{mapping: 'root = content().uppercase()'}]}")
    it.feed("a", "b")
    it.until(lambda: it.acked == [0, 1])
    assert it.delivered == ["A", "B"]
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from headwater import tasks
from headwater.acknowledge import Delivery
from headwater.components.catalogue import Catalogue, component
from headwater.components.contracts import Input, Output, Processor
from headwater.config.fields import boolean, integer, spec, text
from headwater.errors import BatchFailure, EndOfInput, Rejected
from headwater.message import Batch, Message
from headwater.system import StreamSystem


class Observed:
    """What one test feeds and sees. Methods may be called from the test's thread while streams run."""

    def __init__(self) -> None:
        self.source: tasks.Queue[Batch | None] = tasks.Queue()
        self.read: list[int] = []
        self.acked: list[int] = []
        self.nacked: list[tuple[int, str]] = []
        self.delivered: list[str] = []
        self.batches: list[list[str]] = []
        self.closed: list[str] = []
        self.opened: list[str] = []
        self.refuse: Callable[[str], bool | str] = lambda payload: False
        self.gate = tasks.Event()
        self.gate.set()
        self.most_in_flight = 0
        self.in_flight = 0
        self.in_process: Callable[[Batch], list[Batch]] = lambda batch: [batch]
        self._fed = 0
        self.system = StreamSystem(catalogue=_catalogue(self), threads=4)

    def feed(self, *payloads: str) -> None:
        """Let the source have transactions of one message each."""
        for payload in payloads:
            self.source.put_now([Message(payload.encode())])

    def feed_batch(self, *payloads: str) -> None:
        """Let the source have one transaction of many messages."""
        self.source.put_now([Message(payload.encode(), origin=place) for place, payload in enumerate(payloads)])

    def end(self) -> None:
        """Let the source end."""
        self.source.put_now(None)

    def create(self, rest: str = "", stream: str = "s", source: str = "source: {}", target: str = "target: {}") -> None:
        """Create a stream from the source to the target."""
        self.system.create(stream, f"input: {{{source}}}\noutput: {{{target}}}\n{rest}")

    def until(self, condition: Callable[[], bool], seconds: float = 5.0) -> None:
        """Wait until something holds."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, repr(self)
            time.sleep(0.001)

    def __repr__(self) -> str:
        return (
            f"read {len(self.read)}, acked {len(self.acked)}, nacked {self.nacked[:9]}, "
            f"delivered {len(self.delivered)}: {self.delivered[:20]}"
        )


def _catalogue(it: Observed) -> Catalogue:
    @component(spec("input", "source", boolean("auto_replay_nacks", default=False), summary="Fed by a test."))
    class Source(Input):
        def __init__(self, config: Any, resources: Any) -> None:
            pass

        async def connect(self) -> None:
            it.opened.append("source")

        async def read(self, limit: int) -> Delivery:
            first = await it.source.get()
            if first is None:
                raise EndOfInput
            batches = [first]
            while len(batches) < limit and (more := it.source.get_now()) is not None:
                batches.append(more)
            start = len(it.read)
            it.read += range(start, start + len(batches))

            def settle(indices: Any, failure: Any) -> None:
                for index in range(len(batches)) if indices is None else indices:
                    if failure is None:
                        it.acked.append(start + index)
                    else:
                        it.nacked.append((start + index, str(failure)))

            return Delivery(batches, settle)

        async def close(self) -> None:
            it.closed.append("source")

    @component(
        spec(
            "output",
            "target",
            integer("max_in_flight", default=1),
            text("name", default="target"),
            boolean("stubborn", default=False),
            summary="Seen by a test.",
        )
    )
    class Target(Output):
        def __init__(self, config: Any, resources: Any) -> None:
            self.max_in_flight = config.integer("max_in_flight")
            self._name = config.text("name")
            self._stubborn = config.boolean("stubborn")

        async def connect(self) -> None:
            it.opened.append(self._name)

        async def write(self, batch: Batch) -> None:
            it.in_flight += 1
            it.most_in_flight = max(it.most_in_flight, it.in_flight)
            try:
                while self._stubborn and not it.gate.is_set():
                    with suppress(tasks.Cancelled):
                        await it.gate.wait()
                await it.gate.wait()
            finally:
                it.in_flight -= 1
            failures: dict[int, Exception] = {}
            for index, message in enumerate(batch):
                payload = message.content().decode()
                reason = it.refuse(payload)
                if reason:
                    failures[index] = Rejected(reason if isinstance(reason, str) else "refused")
                else:
                    it.delivered.append(payload)
            if len(failures) == len(batch):
                raise next(iter(failures.values()))
            if failures:
                raise BatchFailure(failures)
            it.batches.append([message.content().decode() for message in batch])

        async def close(self) -> None:
            if self._stubborn:
                await it.gate.wait()
            it.closed.append(self._name)

    @component(spec("processor", "code", summary="Code of a test."))
    class Code(Processor):
        def __init__(self, config: Any, resources: Any) -> None:
            pass

        def process(self, batch: Batch) -> list[Batch]:
            return it.in_process(batch)

        async def close(self) -> None:
            it.closed.append("code")

    @component(spec("processor", "pause", summary="Wait for the gate."))
    class Pause(Processor):
        def __init__(self, config: Any, resources: Any) -> None:
            pass

        async def process(self, batch: Batch) -> list[Batch]:
            await it.gate.wait()
            return [batch]

    catalogue = Catalogue()
    for cls in (Source, Target, Code, Pause):
        catalogue.add(cls)
    return catalogue


@contextmanager
def observed() -> Iterator[Observed]:
    """An `Observed` whose system is closed in the end, and leaves no thread."""
    before = set(threading.enumerate())
    it = Observed()
    try:
        yield it
    finally:
        it.gate.set()
        it.system.close(timeout=2.0)
    deadline = time.monotonic() + 5
    while left := [each for each in set(threading.enumerate()) - before if each.is_alive()]:
        assert time.monotonic() < deadline, f"threads left: {left}"
        time.sleep(0.005)
