"""Components that streams share by label: caches, rate limits, processors, inputs and outputs.

A resource is built when it is first used, or at once when it is put in place of another. Caches, rate limits and
processors run in the turns of whoever uses them; an input or output runs in an actor of its own, and streams hold
stand-ins.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Sequence
from typing import Any

from headwater import tasks
from headwater.acknowledge import Delivery, Failure
from headwater.components.contracts import Input, Output
from headwater.config.view import ComponentConfig
from headwater.errors import Closed, ComponentError, ConfigError
from headwater.message import Batch
from headwater.runtime.assembly import Assembly
from headwater.runtime.dispatcher import PooledActor
from headwater.runtime.services import Services

CLOSE_SECONDS = 5.0


class Host(PooledActor):
    """The actor that a shared input or output runs in."""

    def __init__(self, services: Services) -> None:
        super().__init__(services.pool, services.clock, services.lanes)


class SharedOutput(Output):
    """A stand-in for an output that runs in an actor of its own."""

    connects = False

    def __init__(self, host: Host, target: Output, assembly: Assembly) -> None:
        self._host = host
        self._target = target
        self._under_way = 0
        self._idle = tasks.Event()
        self.max_in_flight = target.max_in_flight
        self.connections = assembly.outputs
        self._assembly = assembly
        host.wake(self._open)

    def _open(self) -> None:
        tasks.Task(self._begin(), self._host, "open").step()

    async def _begin(self) -> None:
        await self._target.connect()
        for begin in self._assembly.opens:
            begin()

    async def write(self, batch: Batch) -> None:
        task = tasks.start(self._write(batch), self._host, "shared write", watched=True)
        try:
            await task
        except tasks.Cancelled:
            task.cancel()
            raise

    async def _write(self, batch: Batch) -> None:
        self._under_way += 1
        self._idle.clear()
        try:
            await self._target.write(batch)
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._idle.set()

    async def retire(self) -> None:
        """Finish what is under way, then close; in a turn of the host."""
        for flush in self._assembly.flushes:
            flush()
        if self._under_way:
            with contextlib.suppress(ComponentError):
                await tasks.within(CLOSE_SECONDS, self._idle.wait())
        await self._target.close()


class SharedInput(Input):
    """A stand-in for an input that runs in an actor of its own and feeds all streams that name it."""

    connects = False

    def __init__(self, host: Host, source: Input, assembly: Assembly) -> None:
        self._host = host
        self._source = source
        self._assembly = assembly
        self._turn = tasks.Semaphore(1)
        self._reading: tasks.Task[Delivery] | None = None
        self._left: deque[Delivery] = deque()
        self._connected = False
        self._closed = False
        self.connections = assembly.inputs
        host.wake(lambda: tasks.Task(self._begin(), self._host, "connect", watched=True).step())

    async def _begin(self) -> None:
        async with self._turn:
            await self._connect()

    async def _connect(self) -> None:
        if not self._connected:
            await self._source.connect()
            self._connected = True

    async def read(self, limit: int) -> Delivery:
        task = tasks.start(self._take(limit), self._host, "shared read", watched=True)
        try:
            delivery = await task
        except tasks.Cancelled:
            self._host.wake(lambda: self._keep(task))
            raise

        def settle(indices: Sequence[int] | None, failure: Failure | None) -> None:
            self._host.wake(lambda: delivery.settle(indices, failure))

        return Delivery(delivery.batches, settle)

    def _keep(self, task: tasks.Task[Delivery]) -> None:
        """A stream went away while it was reading: what comes is for the next one."""
        if not task.done():
            task.cancel()
        elif task.error() is None:
            self._left.append(task.result())

    async def _take(self, limit: int) -> Delivery:
        async with self._turn:
            if self._left:
                return self._left.popleft()
            if self._closed:
                raise Closed
            await self._connect()
            if self._reading is None:
                self._reading = tasks.spawn(self._source.read(limit), "read", watched=True)
            reading = self._reading
            await tasks.first(reading)
            self._reading = None
            return reading.result()

    async def retire(self) -> None:
        """Close; in a turn of the host."""
        self._closed = True
        for drain in self._assembly.drains:
            drain()
        if self._reading is not None:
            self._reading.cancel()
        await self._source.close()


class _Entry:
    """A resource: its configuration, and what was made of it."""

    __slots__ = ("assembly", "config", "error", "host", "made")

    def __init__(self, config: ComponentConfig) -> None:
        self.config = config
        self.made: Any = None
        self.host: Host | None = None
        self.assembly: Assembly | None = None
        self.error: str | None = None


class SharedResources:
    """All resources of a system, by kind and label. Safe to use from any thread."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._lock = threading.RLock()
        self._entries: dict[tuple[str, str], _Entry] = {}

    def define(self, config: ComponentConfig) -> None:
        """Add a resource that is built when it is first used.

        Raises:
            ConfigError: There is one of that kind and label.
        """
        with self._lock:
            key = (config.kind, config.label)
            if key in self._entries:
                kind = config.kind.replace("_", " ")
                raise ConfigError(f"{kind} resource label '{config.label}' collides with a previously defined resource")
            self._entries[key] = _Entry(config)

    def put(self, config: ComponentConfig) -> None:
        """Add a resource, or put it in place of the one there is, which goes on where the new one cannot be built.

        Raises:
            ConfigError: It cannot be built.
        """
        entry = _Entry(config)
        self._build(entry)
        with self._lock:
            old = self._entries.get((config.kind, config.label))
            self._entries[config.kind, config.label] = entry
        if old is not None:
            self._retire(old)

    def remove(self, kind: str, label: str) -> None:
        """Take a resource away; who uses it is told that there is none."""
        with self._lock:
            old = self._entries.pop((kind, label), None)
        if old is not None:
            self._retire(old)

    def has(self, kind: str, label: str) -> bool:
        """Whether there is a resource of that kind and label."""
        return (kind, label) in self._entries

    def labels(self, kind: str) -> list[str]:
        """The labels of a kind, sorted."""
        return sorted(label for found, label in self._entries if found == kind)

    def get(self, kind: str, label: str) -> Any:
        """The component, built now if it was not yet.

        Raises:
            ComponentError: There is none, or it cannot be built.
        """
        entry = self._entries.get((kind, label))
        if entry is None:
            raise ComponentError(f"unable to locate resource: {label}", "configuration")
        if entry.made is None:
            with self._lock:
                if entry.made is None:
                    try:
                        self._build(entry)
                    except ConfigError as error:
                        raise ComponentError(str(error), "configuration") from error
        return entry.made

    def _build(self, entry: _Entry) -> None:
        config = entry.config
        assembly = Assembly(self._services, "", self._services.metrics)
        entry.assembly = assembly
        if config.kind == "cache":
            entry.made = assembly.cache(config)
        elif config.kind == "rate_limit":
            entry.made = assembly.rate_limit(config)
        elif config.kind == "processor":
            entry.made = assembly.chain([config])
        else:
            component: Any = assembly.output(config) if config.kind == "output" else assembly.input(config)
            host = Host.start(self._services)._actor_weakref()
            assert host is not None
            entry.host = host
            stand_in: type[Any] = SharedOutput if config.kind == "output" else SharedInput
            entry.made = stand_in(host, component, assembly)

    def _retire(self, entry: _Entry) -> None:
        if entry.made is None:
            return
        host = entry.host or Host.start(self._services)._actor_weakref()
        assert host is not None
        closing = entry.made.retire() if entry.host is not None else entry.made.close()
        task = tasks.start(closing, host, "retire", watched=True)
        task.add_callback(lambda _: host.stop())

    def close(self) -> None:
        """Let go of all."""
        with self._lock:
            entries, self._entries = list(self._entries.values()), {}
        for entry in entries:
            self._retire(entry)
