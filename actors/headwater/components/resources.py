"""What a component gets of its surroundings, and nothing more: no actor, no manager, no server.

`Resources` belongs to one component at one config path. `Surroundings` is what the runtime provides behind it;
components never touch it directly.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from headwater import tasks
from headwater.clock import Clock
from headwater.endpoints import Handler, SocketHandler
from headwater.errors import MessageError
from headwater.message import Batch, Message
from headwater.telemetry.logs import Log
from headwater.telemetry.metrics import Metrics
from headwater.telemetry.tracing import Tracer

if TYPE_CHECKING:
    from headwater.components.catalogue import Catalogue
    from headwater.components.contracts import Cache, Input, Output, RateLimit, Scanner
    from headwater.config.view import ComponentConfig

T = TypeVar("T")


class Chain(Protocol):
    """A list of processors that run one after the other, with their metrics and error marks."""

    async def process(self, batches: list[Batch]) -> list[Batch]:
        """Run all processors over some batches (which stay apart); failures are marks on messages, never raised."""

    async def close(self) -> None:
        """Close all processors."""

    def __len__(self) -> int:
        """How many processors there are."""


class Surroundings(Protocol):
    """What the runtime provides for all components of a system."""

    clock: Clock
    tracer: Tracer | None

    def build_input(self, config: ComponentConfig, resources: Resources) -> Input:
        """Make a child input, with its processors, connection handling, replays and metrics around it."""

    def build_output(self, config: ComponentConfig, resources: Resources) -> Output:
        """Make a child output, with its batching, processors, connection handling and metrics around it."""

    def release(self, child: Input | Output) -> None:
        """Forget a child that was built with these and is closed, while its owner goes on."""

    def build_chain(self, configs: Sequence[ComponentConfig], resources: Resources) -> Chain:
        """Make processors that run one after the other."""

    def build_scanner(self, config: ComponentConfig, resources: Resources) -> Scanner:
        """Make a scanner."""

    def resource(self, kind: str, label: str) -> Any:
        """The shared component of that kind and label as it is now. Raises: ComponentError `unable to locate resource:
        X`."""

    def has_resource(self, kind: str, label: str) -> bool:
        """Whether there is one."""

    def register_endpoint(
        self,
        resources: Resources,
        path: str,
        description: str,
        handler: Handler | None,
        socket_handler: SocketHandler | None,
    ) -> Callable[[], None]:
        """Offer a path over HTTP; the result withdraws it."""

    async def listen(
        self, resources: Resources, address: str, routes: Any, tls: Any = None, *, reuse_port: bool = False
    ) -> Any:
        """Serve HTTP on an address of the component's own (see `Resources.listen`)."""

    def on_loop(self, call: Callable[[], Awaitable[Any]]) -> Awaitable[Any]:
        """Run a coroutine function of asyncio on the system's event loop."""

    def new_loop(self) -> Any:
        """An event loop of the component's own (see `Resources.new_loop`)."""

    def catalogue(self) -> Catalogue:
        """What configurations may use that come from outside (see `Resources.catalogue`)."""

    def inproc(self) -> Any:
        """The system's hub of in-process channels."""

    def crash(self, reason: str) -> None:
        """End the service at once, as the `crash` processor asks."""


class Resources:
    """What one component gets: where it is in the configuration, and what it may use."""

    __slots__ = ("_errors", "_loop", "_surroundings", "label", "log", "metrics", "name", "path", "stream")

    def __init__(
        self,
        surroundings: Surroundings,
        *,
        stream: str = "",
        name: str = "",
        label: str = "",
        path: str = "root",
        log: Log,
        metrics: Metrics,
    ) -> None:
        self._surroundings = surroundings
        self.stream = stream
        self.name = name
        self.label = label
        self.path = path
        self.log = log
        self.metrics = metrics
        self._errors: Any = None
        self._loop: Any = None

    @property
    def clock(self) -> Clock:
        """The time of the system."""
        return self._surroundings.clock

    @property
    def tracer(self) -> Tracer | None:
        """Whom to tell of steps beside those of the component as a whole, if anybody wants to know."""
        return self._surroundings.tracer

    # -- children

    def build_input(self, config: ComponentConfig) -> Input:
        """Make a child input. Raises: ConfigError."""
        return self._surroundings.build_input(config, self)

    def build_output(self, config: ComponentConfig) -> Output:
        """Make a child output. Raises: ConfigError."""
        return self._surroundings.build_output(config, self)

    def release(self, child: Input | Output) -> None:
        """Forget a child that is closed while this component goes on, such as one that is made anew from time to
        time."""
        self._surroundings.release(child)

    def build_chain(self, configs: Sequence[ComponentConfig]) -> Chain:
        """Make processors that run one after the other. Raises: ConfigError."""
        return self._surroundings.build_chain(configs, self)

    def build_scanner(self, config: ComponentConfig) -> Scanner:
        """Make a scanner. Raises: ConfigError."""
        return self._surroundings.build_scanner(config, self)

    # -- what streams share, by label; looked up at each use, since a resource may be replaced under a running stream

    def cache(self, label: str) -> Cache:
        """A shared cache. Raises: ComponentError."""
        found: Cache = self._surroundings.resource("cache", label)
        return found

    def rate_limit(self, label: str) -> RateLimit:
        """A shared rate limit. Raises: ComponentError."""
        found: RateLimit = self._surroundings.resource("rate_limit", label)
        return found

    def processors(self, label: str) -> Chain:
        """A shared processor, as a chain of one. Raises: ComponentError."""
        found: Chain = self._surroundings.resource("processor", label)
        return found

    def shared_input(self, label: str) -> Input:
        """A shared input, as one that is connected already. Raises: ComponentError."""
        found: Input = self._surroundings.resource("input", label)
        return found

    def shared_output(self, label: str) -> Output:
        """A shared output, as one that is connected already. Raises: ComponentError."""
        found: Output = self._surroundings.resource("output", label)
        return found

    def has_resource(self, kind: str, label: str) -> bool:
        """Whether there is a shared component of that kind and label."""
        return self._surroundings.has_resource(kind, label)

    # -- the outside

    def register_endpoint(
        self,
        path: str,
        description: str,
        handler: Handler | None = None,
        socket_handler: SocketHandler | None = None,
    ) -> Callable[[], None]:
        """Offer a path (without the stream's prefix) on the system's HTTP server; the result withdraws it."""
        return self._surroundings.register_endpoint(self, path, description, handler, socket_handler)

    async def listen(self, address: str, routes: Any, tls: Any = None, *, reuse_port: bool = False) -> Any:
        """Serve HTTP on an address of this component's own: `routes` is an `Endpoints` table, `tls` (cert file, key
        file) or None, `reuse_port` whether others who also say so may listen there too.

        Returns: an object with `close() -> Awaitable[None]`. Raises: ComponentError when the address cannot be bound.
        """
        return await self._surroundings.listen(self, address, routes, tls, reuse_port=reuse_port)

    async def on_loop(self, call: Callable[[], Awaitable[T]]) -> T:
        """Run a coroutine function written for asyncio on an event loop, and wait for what it returns.

        Components that come with the package share a loop; others have one of their own, since code that blocks a loop
        would hold up all who share it.
        """
        loop = self._loop
        result: T = await (self._surroundings.on_loop(call) if loop is None else loop.run(call))
        return result

    def isolate(self) -> None:
        """Give this component an event loop of its own."""
        self._loop = self.new_loop()

    async def close_loop(self) -> bool:
        """End the component's own event loop. Returns: whether its thread has ended."""
        loop = self._loop
        return loop is None or not loop.begun or bool(await tasks.blocking(loop.close))

    def new_loop(self) -> Any:
        """An event loop of this component's own, for code that may block it; it begins when it is first used.

        Returns: an object with `run(coroutine_function)`, to be awaited, and `close() -> bool`, which blocks for a
        while and tells whether its thread has ended.
        """
        return self._surroundings.new_loop()

    @property
    def catalogue(self) -> Catalogue:
        """The components and functions that a configuration may use which somebody sends while the stream runs."""
        return self._surroundings.catalogue()

    def inproc(self) -> Any:
        """The system's hub of in-process channels."""
        return self._surroundings.inproc()

    def crash(self, reason: str) -> None:
        """Say why, and end the service at once."""
        self.log.fatal(reason)
        self._surroundings.crash(reason)

    # -- failures of processors

    def failed(self, message: Message, error: BaseException | str, logged: str = "") -> Message:
        """Mark a message as failed by this processor: counted, logged, and readable by `error()`.

        Args:
            message: What failed.
            error: Why.
            logged: Words that stand before the reason in the log alone.
        """
        self.count_failure(f"{logged}{error}")
        return self.marked(message, str(error))

    def marked(self, message: Message, text: str) -> Message:
        """Mark a message as failed by this processor, uncounted."""
        return message.with_error(MessageError(text, self.name, self.label, self.path.removeprefix("root.")))

    def count_failure(self, text: str, count: int = 1) -> None:
        """Count and log failures of this processor; an empty text is not logged."""
        if self._errors is None:
            self._errors = self.metrics.counter("processor_error")
        self._errors.add(count)
        if text:
            self.log.error(text)
