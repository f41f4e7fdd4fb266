"""Input `broker`: several inputs as one."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from headwater import tasks
from headwater.acknowledge import Delivery
from headwater.components.batching import BatchedInput, Batcher
from headwater.components.catalogue import component
from headwater.components.contracts import Input
from headwater.components.resources import Resources
from headwater.config.fields import batch_policy, children, integer, spec
from headwater.config.view import Config
from headwater.errors import ConfigError, EndOfInput

SPEC = spec(
    "input",
    "broker",
    integer("copies", "How many copies of each input there are.", default=1, advanced=True),
    children("input", "inputs", "The inputs to read from."),
    batch_policy("batching"),
    categories=("Utility",),
    summary="Read several inputs side by side, as if they were one.",
    description="The broker ends when all its inputs have ended. Batching joins messages of all of them.",
    composite=True,
    examples=(
        (
            "Requests and files",
            "input:\n  broker:\n    inputs:\n      - http_server: { path: /post }\n"
            "      - file: { paths: [ ./backlog.jsonl ] }\n",
        ),
    ),
)


@component(SPEC)
class Broker(Input):
    """Merges its children, behind a batch policy where there is one."""

    connects = False

    def __init__(self, config: Config, resources: Resources) -> None:
        configs = config.children("inputs") * max(1, config.integer("copies"))
        if not configs:
            raise ConfigError("attempting to create broker input type with no inputs")
        merged: Input = MergedInput([resources.build_input(each) for each in configs])
        policy = config.object("batching")
        self._input = merged if Batcher.idle(policy) else BatchedInput(merged, Batcher(policy, resources))
        self.stalled = self._input.stalled

    async def connect(self) -> None:
        await self._input.connect()

    async def read(self, limit: int) -> Delivery:
        return await self._input.read(limit)

    def drain(self) -> None:
        self._input.drain()

    async def close(self) -> None:
        await self._input.close()


MOMENT = 0.1
"""Seconds that children which are connected wait for those which are not, before the first read."""


class MergedInput(Input):
    """Reads all children at once; who comes first is first. At most one read of each child waits to be handed out."""

    connects = False

    def __init__(self, inputs: Sequence[Input]) -> None:
        self._inputs = list(inputs)
        self._reads: list[tasks.Task[Delivery] | None] = [None] * len(inputs)
        self._idle: set[int] = set(range(len(inputs)))
        self._open: set[int] = set(range(len(inputs)))
        self._arrived: deque[int] = deque()
        self._arrival = tasks.Event()
        self._connecting: list[tasks.Task[None]] = []
        self.stalled: tasks.Event = tasks.Event()

    async def connect(self) -> None:
        """Begin to connect all children; a read of one waits for its connection only.

        Those that are there at once give the others a moment: a listener among them should be there before the first
        message goes out, which may well come back to it.
        """
        self._connecting = [tasks.spawn(each.connect(), "broker connect", watched=True) for each in self._inputs]
        waiting = [task for task in self._connecting if not task.done()]
        if waiting:
            moment: tasks.Future[None] = tasks.Future()
            timer = tasks.current_host().clock.after(MOMENT, moment.fire)
            try:
                while not moment.done() and any(not task.done() for task in waiting):
                    await tasks.first(moment, *(task for task in waiting if not task.done()))
            finally:
                timer.cancel()

    async def read(self, limit: int) -> Delivery:
        while True:
            for index in tuple(self._idle):
                self._begin(index, limit)
            if not self._arrived:
                if not self._open:
                    raise EndOfInput
                await self._wait()
                continue
            index = self._arrived.popleft()
            reading = self._reads[index]
            assert reading is not None
            self._reads[index] = None
            try:
                delivery = reading.result()
            except EndOfInput:
                self._open.discard(index)
                continue
            except Exception:
                self._idle.add(index)
                raise
            self._idle.add(index)
            return delivery

    def _begin(self, index: int, limit: int) -> None:
        self._idle.discard(index)
        reading = tasks.spawn(self._read(index, limit), "broker read", watched=True)
        self._reads[index] = reading
        reading.add_callback(lambda _: self._arrive(index))

    async def _read(self, index: int, limit: int) -> Delivery:
        if self._connecting:
            await self._connecting[index]
        return await self._inputs[index].read(limit)

    def _arrive(self, index: int) -> None:
        self._arrived.append(index)
        self._arrival.set()

    async def _wait(self) -> None:
        """Wait until a child has something; stalled while all of them wait for settlements."""
        self._arrival.clear()
        if self._arrived:
            return
        going = [self._inputs[index].stalled for index in self._open]
        waits = [event.future for event in going if event is not None and not event.is_set()]
        if len(waits) == 0 and all(event is not None for event in going):
            self.stalled.set()
            try:
                await self._arrival.wait()
            finally:
                self.stalled.clear()
        else:
            await tasks.first(self._arrival.future, *waits)

    async def close(self) -> None:
        for task in (*self._reads, *self._connecting):
            if task is not None:
                task.cancel()
        for each in self._inputs:
            await each.close()
