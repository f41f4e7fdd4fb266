"""What stands around every input and output that talks to something: connecting with back-off, counting, logging.

`ConnectedInput` and `ConnectedOutput` are made by the builder around each leaf component. Each has a `Connection`,
which `/ready` and the metrics read.
"""

from __future__ import annotations

import random
import time
from collections.abc import Awaitable, Callable
from typing import Any, cast

from headwater import tasks
from headwater.acknowledge import Delivery, Failure, Settle
from headwater.components.contracts import Input, Output
from headwater.components.resources import Resources
from headwater.errors import BatchFailure, Closed, ComponentError, EndOfInput, NotConnected
from headwater.message import Batch, Batches, count_messages

_now = time.perf_counter_ns


class Backoff:
    """Growing waits with jitter: each about `factor` times the one before, up to a bound."""

    __slots__ = ("_factor", "_first", "_most", "_next", "_spread")

    def __init__(self, first: float, most: float, factor: float = 1.5, spread: float = 0.5) -> None:
        self._first = self._next = first
        self._most = most
        self._factor = factor
        self._spread = spread

    def next(self) -> float:
        """Seconds to wait now."""
        wait = self._next
        self._next = min(self._most, wait * self._factor)
        return wait * random.uniform(1 - self._spread, 1 + self._spread)

    def reset(self) -> None:
        """Begin anew after a success."""
        self._next = self._first


class Connection:
    """Whether a component is connected, and what was counted and logged about it."""

    __slots__ = (
        "_failed",
        "_kind",
        "_lost",
        "_resources",
        "_up",
        "announced",
        "connected",
        "error",
        "label",
        "path",
        "up",
    )

    def __init__(self, kind: str, resources: Resources, counted: bool) -> None:
        self._kind = kind
        self._resources = resources
        self.label = resources.label
        self.path = resources.path.removeprefix("root.")
        self.connected = False
        self.announced = False
        self.error: str | None = None
        self.up = tasks.Event()
        metrics = resources.metrics
        self._up = metrics.counter(f"{kind}_connection_up") if counted else None
        self._failed = metrics.counter(f"{kind}_connection_failed") if counted else None
        self._lost = metrics.counter(f"{kind}_connection_lost") if counted else None

    def made(self) -> None:
        """The connection is there."""
        if self._up is not None:
            self._up.add()
        self.connected = True
        self.error = None
        self.up.set()
        if not self.announced:
            self.announced = True
            self._resources.log.info(f"{self._kind.capitalize()} type {self._resources.name} is now active")

    def failed(self, error: BaseException) -> None:
        """It could not be made."""
        if self._failed is not None:
            self._failed.add()
        self.error = str(error)
        self._resources.log.error(f"Failed to connect to {self._resources.name}: {error}")

    def lost(self, error: BaseException) -> None:
        """It is gone."""
        if self._lost is not None:
            self._lost.add()
        self.connected = False
        self.error = str(error)
        self.up.clear()

    def ended(self) -> None:
        """Its component is closed."""
        self.connected = False

    def status(self) -> dict[str, Any]:
        """As `/{stream}/ready` shows it."""
        status: dict[str, Any] = {"label": self.label, "path": self.path, "connected": self.connected}
        if not self.connected and self.error is not None:
            status["error"] = self.error
        return status


async def connect(connection: Connection, attempt: Callable[[], Awaitable[None]], backoff: Backoff) -> None:
    """Try until it works.

    Raises:
        EndOfInput: There is nothing to connect to, and never will be.
    """
    while True:
        try:
            await attempt()
        except (EndOfInput, Closed):
            raise
        except ComponentError as error:
            connection.failed(error)
        else:
            connection.made()
            backoff.reset()
            return
        await tasks.sleep(backoff.next())


class ConnectedInput(Input):
    """A leaf input, connected anew whenever it has to be."""

    def __init__(self, child: Input, resources: Resources) -> None:
        self._child = child
        self._resources = resources
        self.connection = Connection("input", resources, child.connects)
        self._backoff = Backoff(0.1, 1.0)
        metrics = resources.metrics
        self._received = metrics.counter("input_received")
        self._latency = metrics.timing("input_latency_ns")
        self._closed = False

    async def connect(self) -> None:
        await connect(self.connection, self._child.connect, self._backoff)

    # HOT: once a chunk
    async def read(self, limit: int) -> Delivery:
        if not self.connection.connected:
            await self.connect()
        while True:
            try:
                delivery = await self._child.read(limit)
            except NotConnected as error:
                self.connection.lost(error)
                await self.connect()
            except (EndOfInput, Closed):
                raise
            except ComponentError as error:
                self._resources.log.error(f"Failed to read message: {error}")
                await tasks.sleep(self._backoff.next())
            else:
                self._backoff.reset()
                batches = delivery.batches
                self._received.add(count_messages(batches))
                return Delivery(batches, self._timed(delivery.settle, len(batches)))

    def _timed(self, settle: Settle, count: int) -> Settle:
        started = _now()
        latency = self._latency

        def timed(indices: Any, failure: Failure | None) -> None:
            latency.observe_many(_now() - started, count if indices is None else len(indices))
            settle(indices, failure)

        return timed

    async def close(self) -> None:
        self.connection.ended()
        await self._child.close()


class ConnectedOutput(Output):
    """A leaf output, connected anew whenever it has to be, with so many writes under way at the most."""

    def __init__(self, child: Output, resources: Resources) -> None:
        self._child = child
        self._resources = resources
        self.connection = Connection("output", resources, child.connects)
        self.max_in_flight = child.max_in_flight
        self._backoff = Backoff(0.5, 1.0, 1.3)
        self._slots = tasks.Semaphore(child.max_in_flight)
        self._connecting: tasks.Task[None] | None = None
        metrics = resources.metrics
        self._sent = metrics.counter("output_sent")
        self._batch_sent = metrics.counter("output_batch_sent")
        self._errors = metrics.counter("output_error")
        self._rejected = metrics.counter("output_rejected")
        self._latency = metrics.timing("output_latency_ns")
        if child.write_many is not None:
            self.write_many = self._write_many
            self.overlapping = child.overlapping

    def room(self, under_way: int) -> int:
        return self._child.room(under_way)

    def open(self) -> None:
        """Begin to connect, in the background. Only in a turn of the host."""
        if self._connecting is None and not self.connection.connected:
            task = tasks.spawn(self._connect(), "connect", watched=True)
            # One that was there at once has ended by now, and must not look as if it were still under way.
            self._connecting = None if task.done() else task

    async def _connect(self) -> None:
        try:
            await connect(self.connection, self._child.connect, self._backoff)
        finally:
            self._connecting = None

    async def write(self, batch: Batch) -> None:
        async with self._slots:
            while True:
                if not self.connection.connected:
                    await self._connected()
                started = _now()
                try:
                    await self._child.write(batch)
                except NotConnected as error:
                    self._lost(error)
                    continue
                except ComponentError as error:
                    self._failed(error)
                    raise
                self._latency.observe(_now() - started)
                self._sent.add(len(batch))
                self._batch_sent.add()
                return

    # HOT: once a chunk
    async def _write_many(self, batches: Batches) -> list[Failure | None] | None:
        if not self.connection.connected:
            await self._connected()
        write_many = cast("Callable[[Batches], Awaitable[list[Failure | None] | None]]", self._child.write_many)
        while True:
            started = _now()
            try:
                failures = await write_many(batches)
            except NotConnected as error:
                self._lost(error)
                await self._connected()
                continue
            except ComponentError as error:
                self._failed(error)
                return [error] * len(batches)
            count = len(batches)
            if failures is None:
                self._sent.add(count_messages(batches))
            else:
                for batch, failure in zip(batches, failures, strict=True):
                    if failure is None:
                        self._sent.add(len(batch))
                    else:
                        count -= 1
                        self._failed(failure)
            self._latency.observe_many((_now() - started) // (count or 1), count)
            self._batch_sent.add(count)
            return failures

    async def _connected(self) -> None:
        self.open()
        await self.connection.up.wait()

    def _lost(self, error: ComponentError) -> None:
        if self.connection.connected:
            self.connection.lost(error)

    def _failed(self, error: ComponentError) -> None:
        if error.kind == "rejected":
            self._rejected.add(len(error.failures) if isinstance(error, BatchFailure) else 1)
            self._resources.log.debug(f"Rejecting message: {error}")
            return
        self._errors.add(len(error.failures) if isinstance(error, BatchFailure) else 1)
        if not isinstance(error, Closed):
            self._resources.log.error(f"Failed to send message to {self._resources.name}: {error}")

    async def close(self) -> None:
        self.connection.ended()
        if self._connecting is not None:
            self._connecting.cancel()
        await self._child.close()
