"""The registry of all streams: one actor that every change of the set goes through.

It never waits itself: each operation is a coroutine in its turns, so a stream that takes its whole shutdown time
delays nobody else. Operations on one id that build something run one after the other; on different ids, side by side.
Readers look at a snapshot that is published after each change and asks nobody.
"""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from headwater import tasks
from headwater.config.stream import StreamConfig
from headwater.errors import BuildError, HeadwaterError, RegistryClosed, StreamExists, StreamNotFound
from headwater.runtime.dispatcher import PooledActor
from headwater.runtime.events import EventBus
from headwater.runtime.services import Services
from headwater.runtime.supervisor import StreamSupervisor
from headwater.runtime.topology import Ring


@dataclass(frozen=True, slots=True)
class Request:
    """Something asked of the registry: a coroutine to run in its turns, and who waits for the result."""

    coroutine: Coroutine[Any, Any, Any]
    reply: tasks.Future[Any]


class StreamRegistry(PooledActor):
    """Id to supervisor.

    Attributes:
        snapshot: The supervisors by id, as of the last change; may be read from any thread.
    """

    URGENT = True

    def __init__(self, services: Services, events: EventBus) -> None:
        super().__init__(services.pool, services.clock, services.lanes)
        self._services = services
        self._events = events
        self._streams: dict[str, StreamSupervisor] = {}
        self._locks: dict[str, tuple[tasks.Semaphore, list[int]]] = {}
        self.snapshot: Mapping[str, StreamSupervisor] = MappingProxyType({})
        self.closed = False

    def on_receive(self, message: Request) -> None:
        task = tasks.Task(message.coroutine, self, "registry", watched=True)
        task.add_callback(lambda done: _hand_over(done, message.reply))
        task.step()

    # -- operations; each a coroutine that runs in turns of this actor

    async def create(self, stream: str, config: StreamConfig) -> None:
        """Build and start a stream.

        Raises:
            RegistryClosed, StreamExists: It is refused.
            BuildError: It cannot be built; nothing is left of it.
        """
        self._check_open()
        if stream in self._streams:
            raise StreamExists(stream)
        async with _Turn(self, stream):
            self._check_open()
            if stream in self._streams:
                raise StreamExists(stream)
            await self._start(stream, Ring.build(stream, config, self._services), config)
        self._events.publish("created", stream)

    async def replace(self, stream: str, config: StreamConfig, deadline: float | None) -> list[str]:
        """Put another stream in the place of one. The old one runs on if the new one cannot be built, and comes back
        if it cannot be started.

        Returns: The stages of the old one that did not let go.
        """
        self._check_open()
        if stream not in self._streams:
            raise StreamNotFound(stream)
        async with _Turn(self, stream):
            self._check_open()
            ring = Ring.build(stream, config, self._services)
            old = self._streams.get(stream)
            hanging: list[str] = []
            if old is not None:
                hanging = await self._in(old, old.shut(deadline))
            try:
                await self._start(stream, ring, config)
            except HeadwaterError:
                if old is not None:
                    await self._start(stream, Ring.build(stream, old.config, self._services), old.config)
                raise
            finally:
                if old is not None:
                    old.stop()
            return hanging

    async def delete(self, stream: str, deadline: float | None) -> list[str]:
        """Stop a stream and remove it.

        Returns: The stages that did not let go.
        """
        supervisor = self._streams.get(stream)
        if supervisor is None:
            raise StreamNotFound(stream)
        hanging: list[str] = await self._in(supervisor, supervisor.shut(deadline))
        if self._streams.get(stream) is supervisor and stream not in self._locks:
            del self._streams[stream]
            self._publish()
            self._services.metrics.drop(stream=stream)
            supervisor.stop()
            self._events.publish("deleted", stream)
        return hanging

    async def close(self, deadline: float | None) -> dict[str, list[str]]:
        """Refuse all further changes and stop every stream, side by side.

        Returns: The stages that did not let go, by stream.
        """
        self.closed = True
        names = list(self._streams)
        outcomes = await tasks.settle(*(self.delete(name, deadline) for name in names))
        return {
            name: outcome
            for name, outcome in zip(names, outcomes, strict=True)
            if isinstance(outcome, list) and outcome
        }

    # -- how it is done

    def _check_open(self) -> None:
        if self.closed:
            raise RegistryClosed

    async def _start(self, stream: str, ring: Ring, config: StreamConfig) -> None:
        reference = StreamSupervisor.start(self._services, stream, config, ring, self._events)
        supervisor = reference._actor_weakref()
        assert supervisor is not None
        try:
            await self._in(supervisor, supervisor.open())
        except Exception as error:
            await self._in(supervisor, supervisor.shut(0))
            supervisor.stop()
            if isinstance(error, HeadwaterError):
                raise BuildError(str(error)) from error
            raise BuildError(f"failed to start stream: {type(error).__name__}: {error}") from error
        self._streams[stream] = supervisor
        self._publish()

    @staticmethod
    async def _in(supervisor: StreamSupervisor, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Run a coroutine in turns of a supervisor and wait for it here."""
        return await tasks.start(coroutine, supervisor, watched=True)

    def _publish(self) -> None:
        self.snapshot = MappingProxyType(dict(self._streams))


class _Turn:
    """The turn of an operation that builds a stream of some id."""

    __slots__ = ("_locks", "_semaphore", "_stream", "_users")

    def __init__(self, registry: StreamRegistry, stream: str) -> None:
        self._locks = registry._locks
        self._stream = stream
        self._semaphore, self._users = self._locks.setdefault(stream, (tasks.Semaphore(1), [0]))

    async def __aenter__(self) -> None:
        self._users[0] += 1
        try:
            await self._semaphore.__aenter__()
        except BaseException:
            self._leave()
            raise

    async def __aexit__(self, *details: object) -> None:
        await self._semaphore.__aexit__(*details)
        self._leave()

    def _leave(self) -> None:
        self._users[0] -= 1
        if not self._users[0]:
            del self._locks[self._stream]


def _hand_over(done: tasks.Future[Any], reply: tasks.Future[Any]) -> None:
    error = done.error()
    if error is not None:
        reply.set_exception(error)
    else:
        reply.set_result(done.result())
