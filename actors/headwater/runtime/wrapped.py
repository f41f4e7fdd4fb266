"""What the builder puts around inputs and outputs where their configuration asks for it: processors, batching."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import cast

from headwater import tasks
from headwater.acknowledge import Delivery, Failure, Fragments
from headwater.components.batching import Batcher, Joined
from headwater.components.contracts import Input, Output
from headwater.errors import BatchFailure, ComponentError, HeadwaterError, Unserved
from headwater.message import Batch, Batches, Message, Payloads, numbered
from headwater.runtime.chain import ProcessorChain


class ProcessedInput(Input):
    """An input with processors of its own."""

    connects = False

    def __init__(self, child: Input, chain: ProcessorChain) -> None:
        self._child = child
        self._chain = chain
        self.stalled = child.stalled

    async def connect(self) -> None:
        await self._child.connect()

    async def read(self, limit: int) -> Delivery:
        while True:
            delivery = await self._child.read(limit)
            batches: list[Batch] = []
            parts: list[tuple[Fragments, Batch]] = []
            for index, batch in enumerate(delivery.batches):
                try:
                    made = await self._chain.process([batch])
                except Unserved as error:
                    delivery.settle((index,), error)
                    continue
                if not made:
                    delivery.settle((index,), None)
                    continue
                fragments = Fragments(len(made), _settling(delivery, index))
                for part in made:
                    batches.append(numbered(part))
                    parts.append((fragments, part))
            if not batches:
                continue

            def settle(
                indices: Sequence[int] | None,
                failure: Failure | None,
                parts: list[tuple[Fragments, Batch]] = parts,
            ) -> None:
                for place in range(len(parts)) if indices is None else indices:
                    fragments, part = parts[place]
                    fragments.settle(part, failure)

            return Delivery(batches, settle)

    async def close(self) -> None:
        await self._child.close()
        await self._chain.close()


def _settling(delivery: Delivery, index: int) -> Callable[[Failure | None], None]:
    return lambda failure: delivery.settle((index,), failure)


class ProcessedOutput(Output):
    """An output with processors of its own; what they drop counts as delivered."""

    connects = False

    def __init__(self, child: Output, chain: ProcessorChain) -> None:
        self._child = child
        self._chain = chain
        self.max_in_flight = child.max_in_flight
        self._order = tasks.Semaphore(1)
        if child.write_many is not None and not chain.waits:
            self.write_many = self._write_many
            self.overlapping = child.overlapping

    def room(self, under_way: int) -> int:
        return self._child.room(under_way)

    async def connect(self) -> None:
        await self._child.connect()

    async def write(self, batch: Batch) -> None:
        local = numbered(batch)
        if self._chain.waits:
            async with self._order:
                made = await self._chain.process([local])
        else:
            made = self._chain.process_now([local])
        if not made:
            return
        if len(made) == 1 and len(batch) == 1:
            try:
                await self._child.write(numbered(made[0]))
            except BatchFailure as error:
                # Its indices are those of what was made of the one message, which failed as a whole.
                raise ComponentError(str(error), error.kind) from error
            return
        outcome: list[Failure | None] = []
        fragments = Fragments(len(made), outcome.append)
        for part in made:
            try:
                await self._child.write(numbered(part))
            except ComponentError as error:
                fragments.settle(part, error)
            else:
                fragments.settle(part, None)
        if outcome[0] is not None:
            raise outcome[0]

    # HOT: once a chunk
    async def _write_many(self, batches: Batches) -> list[Failure | None] | None:
        parts, sources = self._processed(batches)
        if not parts:
            return None
        write_many = cast("Callable[[Batches], Awaitable[Sequence[Failure | None] | None]]", self._child.write_many)
        failures = await write_many(parts)
        if failures is None:
            return None
        results: list[Failure | None] = [None] * len(batches)
        pending: dict[int, Fragments] = {}
        for place, count in Counter(sources).items():

            def done(failure: Failure | None, place: int = place) -> None:
                whole = len(batches[place]) == 1 and isinstance(failure, BatchFailure)
                results[place] = ComponentError(str(failure), failure.kind) if whole and failure else failure

            pending[place] = Fragments(count, done)
        for part, place, failure in zip(parts, sources, failures, strict=True):
            pending[place].settle(part, failure)
        return results

    def _processed(self, batches: Batches) -> tuple[Batches, Sequence[int]]:
        """What the processors make of some batches, and which of them each part comes of."""
        if self._chain.single and all(len(batch) == 1 for batch in batches):
            made: Payloads | list[Message | None]
            if isinstance(batches, Payloads):
                made = self._chain.process_payloads(batches)
                if isinstance(made, Payloads):
                    return made, range(len(made))
            else:
                made = self._chain.process_singles([batch[0] for batch in batches])
            sources = [place for place, message in enumerate(made) if message is not None]
            return [[message] for message in made if message is not None], sources
        parts: list[Batch] = []
        sources = []
        for place, batch in enumerate(batches):
            for part in self._chain.process_now([numbered(batch)]):
                parts.append(part)
                sources.append(place)
        return parts, sources

    async def close(self) -> None:
        await self._child.close()
        await self._chain.close()


class BatchedOutput(Output):
    """An output whose batches are joined by a policy first. `flush` lets go of what waits for company."""

    connects = False
    AHEAD = 1024

    def __init__(self, child: Output, batcher: Batcher) -> None:
        self._child = child
        self._batcher = batcher
        self._deliveries = tasks.TaskGroup()
        self._timer: tasks.Task[None] | None = None
        self._ending = False
        self._host: tasks.Host | None = None
        self.max_in_flight = self.AHEAD
        self.write_many = self._write_many
        self.overlapping = True

    def room(self, under_way: int) -> int:
        if len(self._deliveries) > self._child.max_in_flight:
            return 0
        return self.AHEAD

    async def connect(self) -> None:
        await self._child.connect()

    async def write(self, batch: Batch) -> None:
        failures = await self._write_many([batch])
        if failures is not None and failures[0] is not None:
            raise failures[0]

    # HOT: once a chunk
    async def _write_many(self, batches: Batches) -> list[Failure | None] | None:
        self._host = tasks.current_host()
        delivered: tasks.Future[None] = tasks.Future()
        failures: dict[int, Failure] = {}
        pending = len(batches)

        def settle(indices: Sequence[int] | None, failure: Failure | None) -> None:
            nonlocal pending
            places = range(len(batches)) if indices is None else indices
            if failure is not None:
                failures.update(dict.fromkeys(places, failure))
            pending -= len(places)
            if not pending:
                delivered.fire()

        for joined in self._batcher.add_all(Delivery(batches, settle)):
            self._send(joined)
        if len(self._batcher):
            if self._ending:
                self._host.wake(self.flush)
            elif self._timer is None and self._batcher.wait() is not None:
                self._timer = tasks.spawn(self._wait(), "batch period")
        await delivered
        return [failures.get(place) for place in range(len(batches))] if failures else None

    def _send(self, joined: Joined) -> None:
        self._deliveries.spawn(self._deliver(joined), "batch")

    async def _deliver(self, joined: Joined) -> None:
        for part in await self._batcher.finish(joined):
            try:
                await self._child.write(part.batch)
            except ComponentError as error:
                part.settle(error)
            except HeadwaterError as error:
                part.settle(ComponentError(str(error)))
            else:
                part.settle(None)

    async def _wait(self) -> None:
        try:
            while (seconds := self._batcher.wait()) is not None:
                if seconds > 0:
                    await tasks.sleep(seconds)
                    continue
                joined = self._batcher.flush("period")
                if joined is not None:
                    self._send(joined)
        finally:
            self._timer = None

    def flush(self) -> None:
        """Nothing more will come: send what there is, and from now on everything at once."""
        self._ending = True
        joined = self._batcher.flush()
        if joined is not None and self._host is not None:
            tasks.Task(self._begin(joined), self._host, "flush").step()

    async def _begin(self, joined: Joined) -> None:
        self._send(joined)

    async def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._deliveries.cancel()
        await self._child.close()
        await self._batcher.close()
