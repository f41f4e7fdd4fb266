"""Making components of configurations: each with its `Resources`, and with what its configuration puts around it.

An `Assembly` is what one stream (or one shared resource) is built with. It keeps what the stage has to know of the
components inside: who must be told to connect, to flush, to stop replaying, and whose connections `/ready` shows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from headwater import tasks
from headwater.clock import Clock
from headwater.components.batching import Batcher
from headwater.components.catalogue import Catalogue
from headwater.components.contracts import Buffer, Cache, Input, Output, Processor, RateLimit, Scanner
from headwater.components.resources import Resources
from headwater.config.view import ComponentConfig
from headwater.endpoints import Endpoint, Endpoints, Handler, SocketHandler
from headwater.errors import BuildError, ComponentError, ConfigError
from headwater.runtime.chain import Link, ProcessorChain
from headwater.runtime.connection import ConnectedInput, ConnectedOutput, Connection
from headwater.runtime.guarded import Guard, ours
from headwater.runtime.measured import MeasuredCache, MeasuredRateLimit
from headwater.runtime.replay import ReplayingInput
from headwater.runtime.services import Services
from headwater.runtime.traced import TracedInput, TracedOutput, TracedProcessor
from headwater.runtime.wrapped import BatchedOutput, ProcessedInput, ProcessedOutput
from headwater.telemetry.metrics import MetricRegistry, Metrics

T = TypeVar("T")

_LISTS: Final = (".inputs", ".outputs", ".fallback")
"""Where inputs and outputs stand that are told apart by their place."""
_POLICIES: Final = (".batching.processors", ".policy.processors", ".batch_policy.processors")
"""Where processors stand that are not."""


class Assembly:
    """Builds the components of one owner, and stands behind their `Resources`.

    Args:
        stream: The stream's id, or an empty text for shared resources.
        metrics: Where series go: a life of the system's registry.
    """

    def __init__(self, services: Services, stream: str, metrics: MetricRegistry) -> None:
        self.services = services
        self.stream = stream
        self.clock: Clock = services.clock
        self._metrics = Metrics((metrics,), {"stream": stream} if stream else {})
        self.opens: list[Callable[[], None]] = []
        self.flushes: list[Callable[[], None]] = []
        self.drains: list[Callable[[], None]] = []
        self.inputs: list[Connection] = []
        self.outputs: list[Connection] = []
        self._parts: dict[int, tuple[list[Any], ...]] = {}
        self.tracer = services.tracer
        self._guard = services.error_handling.guard(services.clock, services.log.having(stream=stream))

    # -- building

    def input(self, config: ComponentConfig) -> Input:
        """Make an input with all that belongs around it. Raises: ConfigError."""
        made, resources = self._make(config)
        source: Input = made
        self.drains.append(source.drain)
        if not config.spec.composite:
            connected = ConnectedInput(source, resources)
            self.inputs.append(connected.connection)
            source = connected
            if self._replays(config):
                replaying = ReplayingInput(source)
                self.drains.append(replaying.drain)
                source = replaying
            if self.tracer is not None:
                source = TracedInput(source, f"input_{config.name}", self.tracer)
        if config.processors:
            source = ProcessedInput(source, self._chain(self._beside(config)))
        return source

    def _beside(self, config: ComponentConfig) -> list[Link]:
        """The processors beside an input."""
        links = []
        for processor in config.processors:
            try:
                links += self._links([processor])
            except BuildError as error:
                raise BuildError(f"{_of(config)}: failed to create processor '{processor.name}': {error}") from error
        return links

    @staticmethod
    def _replays(config: ComponentConfig) -> bool:
        return "auto_replay_nacks" in config.spec.root.index and config.config.boolean("auto_replay_nacks")

    def output(self, config: ComponentConfig) -> Output:
        """Make an output with all that belongs around it. Raises: ConfigError."""
        made, resources = self._make(config)
        target: Output = made
        if not config.spec.composite:
            if "max_in_flight" in config.spec.root.index and (most := config.config.integer("max_in_flight")) < 1:
                raise BuildError(f"{_of(config)}: invalid maxInFlight parameter: {most}")
            connected = ConnectedOutput(target, resources)
            self.outputs.append(connected.connection)
            self.opens.append(connected.open)
            target = connected
            if self.tracer is not None:
                target = TracedOutput(target, f"output_{config.name}", self.tracer)
        if "batching" in config.spec.root.index:
            target = self._batched(target, config, resources)
        if config.processors:
            target = ProcessedOutput(target, self.chain(config.processors))
        return target

    def _batched(self, target: Output, config: ComponentConfig, resources: Resources) -> Output:
        policy = config.config.object("batching")
        if self._guarded(config, lambda: Batcher.idle(policy)):
            return target
        inner = self._resources(config, path=f"{resources.path}.batching")
        try:
            batcher = Batcher(policy, inner)
        except ConfigError as error:
            if config.spec.composite:
                raise error if isinstance(error, BuildError) else BuildError(f"{_of(config)}: {error}") from error
            raise BuildError(f"{_of(config)}: failed to construct batch policy: {error}") from error
        batched = BatchedOutput(target, batcher)
        self.flushes.append(batched.flush)
        return batched

    def chain(self, configs: Sequence[ComponentConfig]) -> ProcessorChain:
        """Make processors that run one after the other. Raises: ConfigError."""
        return self._chain(self._links(configs))

    def _chain(self, links: list[Link]) -> ProcessorChain:
        return ProcessorChain(links) if self._guard is None else self._guard.chain(links)

    def _links(self, configs: Sequence[ComponentConfig]) -> list[Link]:
        return [self._link(*self._make(config), config.name) for config in configs]

    def _link(self, processor: Processor, resources: Resources, name: str) -> Link:
        if self.tracer is not None:
            processor = TracedProcessor(processor, name, self.tracer)
        return Link(processor, resources) if self._guard is None else self._guard.link(processor, resources)

    def buffer(self, config: ComponentConfig) -> Buffer:
        """Make a buffer. Raises: ConfigError."""
        made: Buffer = self._make(config)[0]
        return made

    def scanner(self, config: ComponentConfig) -> Scanner:
        """Make a scanner. Raises: ConfigError."""
        made: Scanner = self._make(config)[0]
        return made

    def cache(self, config: ComponentConfig) -> Cache:
        """Make a cache. Raises: ConfigError."""
        made, resources = self._make(config)
        return MeasuredCache(made, resources)

    def rate_limit(self, config: ComponentConfig) -> RateLimit:
        """Make a rate limit. Raises: ConfigError."""
        made, resources = self._make(config)
        return MeasuredRateLimit(made, resources)

    def _make(self, config: ComponentConfig) -> tuple[Any, Resources]:
        resources = self._resources(config)
        if self._guard is not None:
            self._guard.meet(config)
        cls = self.services.catalogue.create_class(config.kind, config.name)
        if ours(cls):
            return self._guarded(config, lambda: cls(config.config, resources)), resources
        guard = Guard(config.kind, resources)
        return guard.around(self._guarded(config, lambda: cls(config.config, resources))), resources

    def _resources(self, config: ComponentConfig, path: str | None = None) -> Resources:
        path = path or config.path
        fields: dict[str, Any] = {"label": config.label, "path": path}
        if self.stream:
            fields["stream"] = self.stream
        return Resources(
            self,
            stream=self.stream,
            name=config.name,
            label=config.label,
            path=path,
            log=self.services.log.having(**fields),
            metrics=self._metrics.having(label=config.label, path=path),
        )

    @staticmethod
    def _guarded(config: ComponentConfig, make: Callable[[], T]) -> T:
        """Say which component it was that could not be made; only the innermost is named."""
        try:
            return make()
        except BuildError:
            raise
        except Exception as error:
            ours = isinstance(error, ConfigError | ComponentError)
            text = str(error) if ours else f"{type(error).__name__}: {error}"
            if config.kind == "scanner":
                raise ConfigError(text) from error
            raise BuildError(f"{_of(config)}: {text}") from error

    # -- headwater.components.resources.Surroundings

    def build_input(self, config: ComponentConfig, resources: Resources) -> Input:
        """Make a child input."""
        return self._noted(lambda: _placed(config, self.input))

    def build_output(self, config: ComponentConfig, resources: Resources) -> Output:
        """Make a child output."""
        return self._noted(lambda: _placed(config, self.output))

    def _noted(self, build: Callable[[], T]) -> T:
        """Remember what a child brings along, so that it can be taken out again."""
        lists: tuple[list[Any], ...] = (self.opens, self.flushes, self.drains, self.inputs, self.outputs)
        before = [len(each) for each in lists]
        child = build()
        self._parts[id(child)] = tuple(each[start:] for each, start in zip(lists, before, strict=True))
        return child

    def release(self, child: Input | Output) -> None:
        """Forget a child that is closed while its owner goes on: nobody tells it anything, and `/ready` does not show
        it."""
        lists: tuple[list[Any], ...] = (self.opens, self.flushes, self.drains, self.inputs, self.outputs)
        for each, parts in zip(lists, self._parts.pop(id(child), ()), strict=False):
            for part in parts:
                if part in each:
                    each.remove(part)

    def build_chain(self, configs: Sequence[ComponentConfig], resources: Resources) -> ProcessorChain:
        """Make processors that run one after the other."""
        return ProcessorChain(
            [link for config in configs for link in _placed(config, lambda each: self._links([each]))]
        )

    def build_scanner(self, config: ComponentConfig, resources: Resources) -> Scanner:
        """Make a scanner."""
        return self.scanner(config)

    def resource(self, kind: str, label: str) -> Any:
        """The shared component of that kind and label as it is now."""
        return self.services.shared.get(kind, label)

    def has_resource(self, kind: str, label: str) -> bool:
        """Whether there is one."""
        return bool(self.services.shared.has(kind, label))

    def register_endpoint(
        self,
        resources: Resources,
        path: str,
        description: str,
        handler: Handler | None,
        socket_handler: SocketHandler | None,
    ) -> Callable[[], None]:
        """Offer a path over HTTP; the result withdraws it."""
        endpoints = self.services.endpoints
        endpoint = Endpoint(self.full_path(path), description, handler, socket_handler, self.stream)
        endpoints.register(endpoint)
        return lambda: endpoints.withdraw(endpoint)

    def full_path(self, path: str) -> str:
        """A component's path as it is served."""
        slashed = path if path.startswith("/") else f"/{path}"
        if self.stream and self.services.prefix_endpoints:
            segments = [part for part in f"{self.stream}{slashed}".split("/") if part]
            return "/" + "/".join(segments)
        return slashed

    async def listen(
        self, resources: Resources, address: str, routes: Any, tls: Any = None, *, reuse_port: bool = False
    ) -> Any:
        """Serve HTTP on an address of a component's own."""
        listener = self.services.listener
        if listener is None:
            raise ComponentError(
                "no HTTP server is installed that could listen on an address of its own", "configuration"
            )
        table: Endpoints = routes
        return await tasks.blocking(listener, address, table, tls, *((reuse_port,) if reuse_port else ()))

    async def on_loop(self, call: Callable[[], Any]) -> Any:
        """Run a coroutine function of asyncio on the system's event loop."""
        return await self.services.loop.run(call)

    def new_loop(self) -> Any:
        """An event loop of a component's own."""
        return self.services.loop.sibling(f"headwater-loop-{self.stream}")

    def catalogue(self) -> Catalogue:
        """What configurations may use that come from outside."""
        return self.services.catalogue

    def inproc(self) -> Any:
        """The system's hub of in-process channels."""
        return self.services.hub

    def crash(self, reason: str) -> None:
        """End the service at once."""
        self.services.crash(reason)


def _of(config: ComponentConfig) -> str:
    """The beginning of what is said of a component that cannot be made."""
    labelled = config.whole.is_mapping and config.whole.get("label") is not None and config.label
    label = f"'{config.label}'" if labelled else "<no label>"
    return f"failed to init {config.kind} {label} path {config.path}"


def _placed(config: ComponentConfig, make: Callable[[ComponentConfig], T]) -> T:
    """Make a child; where it cannot be made, say its place in the list or map that it stands in."""
    try:
        return make(config)
    except BuildError as error:
        parent, _, place = config.path.rpartition(".")
        unnamed = parent.endswith(_POLICIES) if config.kind == "processor" else not parent.endswith(_LISTS)
        if unnamed:
            raise
        where = "failed to initialize input index" if parent.endswith(".sequence.inputs") else config.kind
        raise BuildError(f"{where} {place}: {error}") from error
