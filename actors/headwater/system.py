"""StreamSystem: many streams in one process, for programs and for applications that embed them.

    with StreamSystem() as system:
        system.create("shout", {"input": ..., "output": ...})
        print(system.list())

A system takes nothing of the process: no signal handlers, no root logger, no global state. Its threads are few, named,
daemons, and gone after `close`. All methods may be called from any thread and block until the answer is there; none
may be called from within a component.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

import msgspec

from headwater import tasks
from headwater.channel import Channel
from headwater.clock import Clock, SystemClock
from headwater.components.catalogue import Catalogue
from headwater.components.functions import Functions, take_functions
from headwater.components.inproc import Hub
from headwater.config.lint import Code, Lint, Linter
from headwater.config.resource import read_resource
from headwater.config.spec import ComponentKind
from headwater.config.stream import (
    StreamConfig,
    lint_stream,
    patched_stream,
    read_stream,
    read_stream_set,
    take_apart,
)
from headwater.config.view import ComponentConfig
from headwater.endpoints import Endpoints
from headwater.errors import ConfigError, HeadwaterError, LintRejection, StreamNotFound
from headwater.runtime.error_handling import ErrorHandling
from headwater.runtime.events import EventBus
from headwater.runtime.lanes import Lanes
from headwater.runtime.loop import EventLoop
from headwater.runtime.pool import Pool
from headwater.runtime.registry import Request, StreamRegistry
from headwater.runtime.services import Listener, Services
from headwater.runtime.shared import SharedResources
from headwater.runtime.supervisor import State, StreamSupervisor
from headwater.runtime.workers.pool import WorkerPool
from headwater.telemetry.logs import Log
from headwater.telemetry.metrics import MetricRegistry
from headwater.telemetry.stats import stats_tree
from headwater.telemetry.tracing import Tracer
from headwater.yamltext.nodes import Node

T = TypeVar("T")

MOST_WORKERS = 8
"""Worker processes of a system that decides about their number by itself."""

STOP_SECONDS = 5.0
"""How long a stream may take to stop where nobody says otherwise."""


class StreamStatus(msgspec.Struct, frozen=True):
    """A stream as it is now.

    Attributes:
        active: It has not terminated.
        uptime_ns: Nanoseconds from its start to now, or to its end.
        read: The configuration, taken apart.
        state: Where it is in its life.
        reason: What went wrong last, where something did.
        restarts: How often its stages were restarted after a failure.
    """

    active: bool
    uptime_ns: int
    read: StreamConfig
    state: State = "running"
    reason: str = ""
    restarts: int = 0

    @property
    def config(self) -> Any:
        """The configuration as it was submitted, as plain data."""
        return self.read.source


class SetFailure(HeadwaterError):
    """Some streams of a set could not be stopped, replaced or created; the others were. One line each."""


class StreamSystem:
    """Streams, the resources that they share, and what serves them.

    Args:
        catalogue: The components that streams may use; a restricted copy of the default one keeps some away.
        logger: Gets all log lines; default `logging.getLogger("headwater")`.
        clock: The time; default the real one.
        metrics: Where series are kept; default a new registry.
        threads: Threads of the pool that all stages share; default the number of cores, four at least.
        prefix_endpoints: Whether HTTP paths of streams begin with the stream's id.
        listener: Serves components that listen on an address of their own; see `headwater.runtime.services.Listener`.
        environment: Variables for ``${NAME}`` in configurations; default those of the process.
        stop_timeout: Seconds that a stream may take to stop where a call does not say.
        crash: Called when a `crash` processor asks for the end of the service, which is logged in any case.
        pool: Where stages run, instead of a pool of `threads`; closed with the system.
        error_handling: What happens to messages that processors failed on; by default they go on, marked.
        tracer: Is told what happens to each message; not closed with the system.
        functions: The Python functions that configurations may name: names and patterns such as ``my_package:*``, or
            functions by name. None at all unless some are given; plain data may hold functions themselves.
        workers: The most worker processes; a stream whose processors only calculate hands its work to them while it is
            busy. None: up to one a core, for streams that have `pipeline.threads` in their configuration.
    """

    def __init__(
        self,
        *,
        catalogue: Catalogue | None = None,
        logger: logging.Logger | None = None,
        clock: Clock | None = None,
        metrics: MetricRegistry | None = None,
        threads: int | None = None,
        prefix_endpoints: bool = True,
        listener: Listener | None = None,
        environment: Mapping[str, str] | None = None,
        stop_timeout: float | None = STOP_SECONDS,
        crash: Callable[[str], None] | None = None,
        pool: Pool | None = None,
        error_handling: ErrorHandling | None = None,
        tracer: Tracer | None = None,
        functions: Functions | Iterable[str] | Mapping[str, Callable[..., Any]] | None = None,
        workers: int | None = 0,
    ) -> None:
        self.log = Log(logger or logging.getLogger("headwater"))
        self.clock = clock or SystemClock()
        self.catalogue = (catalogue or Catalogue()).with_functions(Functions.of(functions))
        self.metrics = metrics if metrics is not None else MetricRegistry()
        self.endpoints = Endpoints()
        self.events = EventBus()
        self.environment = environment
        self.stop_timeout = stop_timeout
        self.closing = False
        self._services = Services(
            pool=pool or Pool(threads, clock=self.clock),
            clock=self.clock,
            lanes=Lanes(self.clock),
            loop=EventLoop(),
            catalogue=self.catalogue,
            metrics=self.metrics,
            log=self.log,
            endpoints=self.endpoints,
            hub=Hub(),
            prefix_endpoints=prefix_endpoints,
            listener=listener,
            crash=crash or (lambda reason: None),
            error_handling=error_handling or ErrorHandling(),
            tracer=tracer,
            workers=_workers(workers, self.log),
        )
        self._services.shared = SharedResources(self._services)
        reference = StreamRegistry.start(self._services, self.events)
        registry = reference._actor_weakref()
        assert registry is not None
        self._reference = reference
        self._registry = registry
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    # -- streams

    def create(
        self,
        stream: str,
        config: bytes | str | Mapping[str, Any] | StreamConfig,
        *,
        chilled: bool = False,
        interpolate: bool = True,
    ) -> None:
        """Create a stream and start it.

        Args:
            stream: Its id, any text.
            config: YAML or JSON, or plain data.
            chilled: Take it although lint finds something.
            interpolate: Whether ``${NAME}`` in a text stands for an environment variable.

        Raises:
            LintRejection, ConfigError: The configuration cannot be used.
            StreamExists, RegistryClosed: It is refused.
        """
        read = self._read(config, chilled, interpolate)
        self._ask(self._registry.create(stream, read))

    def replace(
        self,
        stream: str,
        config: bytes | str | Mapping[str, Any] | StreamConfig,
        *,
        chilled: bool = False,
        interpolate: bool = True,
        timeout: float | None = None,
    ) -> list[str]:
        """Replace a stream. The new one is built before the old one stops; the old one runs on if that fails.

        Args:
            timeout: Seconds that the old one may take to stop; None for the system's.

        Returns: The stages of the old one that did not let go in time.

        Raises:
            LintRejection, ConfigError: The configuration cannot be used.
            StreamNotFound, RegistryClosed: It is refused.
        """
        read = self._read(config, chilled, interpolate)
        return self._ask(self._registry.replace(stream, read, self._deadline(timeout)))

    def patch(self, stream: str, patch: bytes | str | Mapping[str, Any], *, timeout: float | None = None) -> list[str]:
        """Merge a patch into a stream's configuration and replace the stream with the result, which is not linted."""
        supervisor = self._find(stream)
        before = supervisor.config.input.catalogue.functions.named
        catalogue = self.catalogue.with_functions(self.catalogue.functions.naming(before))
        if isinstance(patch, bytes | str):
            data = patch
        else:
            plain, functions = take_functions(patch, catalogue.functions)
            data, catalogue = _json(plain), catalogue.with_functions(functions)
        read = patched_stream(supervisor.config.source, data, catalogue)
        _refuse_functions(lint_stream(read.node, catalogue))
        return self._ask(self._registry.replace(stream, read, self._deadline(timeout)))

    def delete(self, stream: str, *, timeout: float | None = None) -> list[str]:
        """Stop a stream and remove it.

        Returns: The stages that did not let go in time.

        Raises:
            StreamNotFound: There is none of that id.
        """
        self._find(stream)
        return self._ask(self._registry.delete(stream, self._deadline(timeout)))

    def set_all(self, configs: bytes | str | Mapping[str, Any], *, chilled: bool = False) -> None:
        """Make the set of streams this one: others are deleted, those of the same id replaced, new ones created.

        Raises:
            LintRejection, ConfigError: A configuration cannot be used; nothing was changed.
            SetFailure: Some could not be changed; the others were.
        """
        before = set(self._registry.snapshot)
        if isinstance(configs, bytes | str):
            nodes = read_stream_set(configs)
            catalogue = self.catalogue
        else:
            plain, functions = take_functions(configs, self.catalogue.functions)
            nodes = {name: Node.of(value) for name, value in plain.items()}
            catalogue = self.catalogue.with_functions(functions)
        if not chilled:
            lints = [
                f"stream '{name}': {lint}" for name, node in nodes.items() for lint in lint_stream(node, catalogue)
            ]
            if lints:
                raise LintRejection(lints)
        read = {name: take_apart(node, catalogue) for name, node in nodes.items()}
        deadline = self._deadline(None)
        registry = self._registry
        groups: list[tuple[str, list[Coroutine[Any, Any, Any]]]] = [
            ("delete", [registry.delete(name, deadline) for name in sorted(before - read.keys())]),
            ("update", [registry.replace(name, read[name], deadline) for name in sorted(before & read.keys())]),
            ("create", [registry.create(name, read[name]) for name in sorted(read.keys() - before)]),
        ]
        verbs = [verb for verb, coroutines in groups for _ in coroutines]
        outcomes = self._ask(tasks.settle(*(coroutine for _, coroutines in groups for coroutine in coroutines)))
        failures = [
            f"failed to {verb} stream: {outcome}"
            for verb, outcome in zip(verbs, outcomes, strict=True)
            if isinstance(outcome, BaseException)
        ]
        if failures:
            raise SetFailure("\n".join(failures))

    def list(self) -> dict[str, StreamStatus]:
        """All streams by id."""
        return {name: _status(supervisor) for name, supervisor in self._registry.snapshot.items()}

    def read(self, stream: str) -> StreamStatus:
        """One stream. Raises: StreamNotFound."""
        return _status(self._find(stream))

    def stats(self, stream: str) -> dict[str, Any]:
        """A stream's metrics as a tree. Raises: StreamNotFound."""
        supervisor = self._find(stream)
        return stats_tree(supervisor.ring.metrics, supervisor.uptime(), supervisor.active)

    def ready(self) -> tuple[str, ...]:
        """The running streams of which something is not connected."""
        return tuple(
            name
            for name, supervisor in self._registry.snapshot.items()
            if supervisor.active and not all(each["connected"] for each in _connections(supervisor))
        )

    def stream_ready(self, stream: str) -> Sequence[dict[str, Any]]:
        """The connections of a stream's inputs and outputs: label, path, connected, perhaps error. Raises:
        StreamNotFound."""
        supervisor = self._find(stream)
        statuses = _connections(supervisor)
        if not supervisor.active:
            statuses = [{**each, "connected": False} for each in statuses]
            if statuses:
                statuses[0]["error"] = "stream terminated"
        return statuses

    def lend(self, call: Callable[[], T]) -> T:
        """Make a call that hands something to streams, and lend them this thread for what they do about it first.

        For callers who would wait for them next; who must not be held up does without.
        """
        return self._services.pool.lend(call)

    # -- resources

    def set_resource(self, kind: ComponentKind, label: str, config: bytes | str, *, chilled: bool = False) -> None:
        """Create a resource that streams share by label, or replace it under the streams that use it.

        Raises:
            LintRejection, ConfigError: It cannot be built; the old one stays.
        """
        read = read_resource(config, kind, label, self.catalogue, environment=self.environment, chilled=chilled)
        if chilled:
            linter = Linter(self.catalogue)
            linter.component(kind, read.whole)
            _refuse_functions(linter.lints)
        self._services.shared.put(read)

    def define_resources(self, configs: Iterable[ComponentConfig]) -> None:
        """Add resources that are built when they are first used. Raises: ConfigError for a label that is taken."""
        for config in configs:
            self._services.shared.define(config)

    def replace_resource(self, config: ComponentConfig) -> None:
        """Put a resource in place of the one of its label. Raises: ConfigError."""
        self._services.shared.put(config)

    def remove_resource(self, kind: str, label: str) -> None:
        """Take a resource away."""
        self._services.shared.remove(kind, label)

    # -- in process

    def channel(self, name: str) -> Channel:
        """Send to streams that read `inproc: NAME`, and receive from those that write to it."""
        return Channel(self._services, name)

    # -- the end

    def close(self, timeout: float | None = None) -> Mapping[str, Sequence[str]]:
        """Stop all streams and let go of every thread.

        Args:
            timeout: Seconds for all streams together; None for the system's.

        Returns: The stages that did not let go in time, by stream.
        """
        if self._closed:
            return {}
        self.closing = True
        deadline = self._deadline(timeout)
        hanging = self._ask(self._registry.close(deadline))
        self._closed = True
        self._services.shared.close()
        if self._services.workers is not None:
            self._services.workers.close()
        self._reference.stop()
        self._services.loop.close()
        self._services.lanes.close()
        self._services.pool.close()
        close_clock = getattr(self.clock, "close", None)
        if close_clock is not None:
            close_clock()
        return hanging

    # -- how it is done

    def _ask(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Have the registry run something, and wait for it."""
        reply: tasks.Future[T] = tasks.Future()
        self._reference.tell(Request(coroutine, reply))
        return reply.wait()

    def _read(
        self, config: bytes | str | Mapping[str, Any] | StreamConfig, chilled: bool, interpolate: bool
    ) -> StreamConfig:
        if isinstance(config, StreamConfig):
            return config
        catalogue = self.catalogue
        data: Any = config
        if isinstance(config, Mapping):
            data, functions = take_functions(config, catalogue.functions)
            if functions is not catalogue.functions:
                catalogue = catalogue.with_functions(functions)
        read = read_stream(data, catalogue, environment=self.environment, interpolate=interpolate, chilled=chilled)
        _refuse_functions(read.lints)
        return read

    def _deadline(self, timeout: float | None) -> float | None:
        return self.stop_timeout if timeout is None else timeout

    def _find(self, stream: str) -> StreamSupervisor:
        supervisor = self._registry.snapshot.get(stream)
        if supervisor is None:
            raise StreamNotFound(stream)
        return supervisor


def _workers(count: int | None, log: Log) -> WorkerPool | None:
    if count is None:
        # On one core processes would only take turns; and at some number the rest of a stream has no more for them.
        count = min(_cores(), MOST_WORKERS)
        return WorkerPool(count, log, asked_for=True) if count > 1 else None
    return WorkerPool(count, log) if count > 0 else None


def _cores() -> int:
    """How many cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def _status(supervisor: StreamSupervisor) -> StreamStatus:
    return StreamStatus(
        supervisor.active,
        supervisor.uptime(),
        supervisor.config,
        supervisor.state,
        supervisor.reason,
        supervisor.restarts,
    )


def _refuse_functions(lints: Iterable[Lint]) -> None:
    """Refuse Python functions that are not allowed, however chilled somebody is. Raises: LintRejection."""
    found = [str(lint) for lint in lints if lint.code is Code.NOT_ALLOWED]
    if found:
        raise LintRejection(found)


def _connections(supervisor: StreamSupervisor) -> list[dict[str, Any]]:
    assembly = supervisor.ring.assembly
    return [connection.status() for connection in (*assembly.inputs, *assembly.outputs)]


def _json(patch: Mapping[str, Any]) -> bytes:
    try:
        return msgspec.json.encode(patch)
    except TypeError as error:
        raise ConfigError(f"a patch must be plain data: {error}") from None
