"""What stands around components that do not come with the package: what they hand over is looked at, what they raise
gets their name, and what they leave behind is told.

A component of ours is trusted; one of somebody else may return anything. Found here, that is an error that names the
component, in its own stream; found later it would be one of the engine.
"""

from __future__ import annotations

import inspect
import sys
import threading
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, cast

from headwater import tasks
from headwater.acknowledge import Delivery, Failure
from headwater.components.contracts import Cache, Input, Output, Processor, RateLimit
from headwater.components.resources import Resources
from headwater.errors import ComponentError, HeadwaterError
from headwater.message import Batch, Message
from headwater.tasks import Event

LEAVE_SECONDS: Final = 0.2
"""How long a thread may take to end after its component was closed."""


class FaultyComponent(RuntimeError):
    """A component has broken its contract. Not of our tree of errors: its stream is started anew because of it."""


def ours(cls: type[Any]) -> bool:
    """Whether a class comes with the package."""
    return cls.__module__.partition(".")[0] == "headwater"


class Guard:
    """What the guards of all kinds share. To be made before the component is: threads that begin from then on may be
    its own."""

    def __init__(self, kind: str, resources: Resources) -> None:
        resources.isolate()
        self._kind = kind
        self._component: Any = None
        self._resources = resources
        label = f" '{resources.label}'" if resources.label else ""
        self.name = f"{kind} {resources.name}{label}"
        self._threads = {thread.ident for thread in threading.enumerate()}

    def around(self, component: Any) -> Any:
        """A component with a guard around it, where there is one for its kind."""
        self._component = component
        guard = _GUARDS.get(self._kind)
        return component if guard is None else guard(component, self)

    async def call(self, method: Callable[..., Any], *args: Any) -> Any:
        """Call a coroutine method. Raises: FaultyComponent for what is none of our errors."""
        try:
            return await method(*args)
        except HeadwaterError:
            raise
        except Exception as error:
            raise self.raised(error) from error

    async def ask(self, method: Callable[..., Any], *args: Any) -> Any:
        """Call a coroutine method for somebody who can go on without. Raises: ComponentError."""
        try:
            return await self.call(method, *args)
        except FaultyComponent as error:
            raise ComponentError(str(error), "configuration") from error

    def raised(self, error: Exception) -> FaultyComponent:
        """What it raised, with its name."""
        return FaultyComponent(f"{self.name} raised {type(error).__name__}: {error}")

    def wrong(self, method: str, value: Any, needed: str) -> str:
        """What to say of a value that it should not have returned."""
        if inspect.iscoroutine(value):
            value.close()
            return f"{self.name}: {method} returned a coroutine; it must be declared with `async def`"
        return f"{self.name}: {method} returned a {type(value).__name__}, {needed} is needed"

    async def close(self) -> None:
        """Close it, and tell what it leaves behind."""
        try:
            await self.call(self._component.close)
        finally:
            if not await self._resources.close_loop():
                self._resources.log.error(f"{self.name} blocks its event loop: its thread is left behind")
            left = self._left()
            if left:
                left = await tasks.blocking(_still_there, left)
            if left:
                names = ", ".join(thread.name for thread in left)
                self._resources.log.error(f"{self.name} has left threads running: {names}")

    def _left(self) -> list[threading.Thread]:
        """Threads that have begun since and run code of this component, as far as one can see."""
        fresh = [thread for thread in threading.enumerate() if thread.ident not in self._threads]
        frames = sys._current_frames() if fresh else {}
        return [thread for thread in fresh if self._runs_in(frames.get(thread.ident or 0))]

    def _runs_in(self, frame: Any) -> bool:
        cls = type(self._component)
        file = getattr(sys.modules.get(cls.__module__), "__file__", None) or _file(cls)
        mine = False
        while frame is not None:
            owner = frame.f_locals.get("self")
            if owner is self._component:
                return True
            if isinstance(owner, cls):
                return False
            mine = mine or frame.f_code.co_filename == file
            frame = frame.f_back
        return mine


def _file(cls: type[Any]) -> str:
    """Where the code of a class stands that is in no module."""
    return next((value.__code__.co_filename for value in vars(cls).values() if inspect.isfunction(value)), "")


def _still_there(threads: Sequence[threading.Thread]) -> list[threading.Thread]:
    """Give threads that were told to end a moment for it."""
    for thread in threads:
        thread.join(LEAVE_SECONDS / len(threads))
    return [thread for thread in threads if thread.is_alive()]


def _is_batch(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, Message) for item in value)


class GuardedInput(Input):
    """Around an input."""

    def __init__(self, child: Input, guard: Guard) -> None:
        self._child = child
        self._guard = guard
        self.connects = child.connects  # type: ignore[misc]  # said once and for all by the child's class

    @property
    def stalled(self) -> Event | None:  # type: ignore[override]
        return self._child.stalled

    async def connect(self) -> None:
        await self._guard.call(self._child.connect)

    async def read(self, limit: int) -> Delivery:
        delivery = await self._guard.call(self._child.read, limit)
        if not isinstance(delivery, Delivery):
            raise FaultyComponent(self._guard.wrong("read", delivery, "a Delivery"))
        if not delivery.batches or not all(map(_is_batch, delivery.batches)):
            raise FaultyComponent(
                f"{self._guard.name}: read returned a Delivery of {_shown(delivery.batches)}, one or more batches are "
                "needed, each a list of messages"
            )
        return delivery

    def drain(self) -> None:
        self._child.drain()

    async def close(self) -> None:
        await self._guard.close()


class GuardedOutput(Output):
    """Around an output."""

    def __init__(self, child: Output, guard: Guard) -> None:
        self._child = child
        self._guard = guard
        self.connects = child.connects  # type: ignore[misc]  # said once and for all by the child's class
        self.max_in_flight = child.max_in_flight
        if child.write_many is not None:
            self.write_many = self._write_many
            self.overlapping = child.overlapping

    async def connect(self) -> None:
        await self._guard.call(self._child.connect)

    async def write(self, batch: Batch) -> None:
        await self._guard.call(self._child.write, batch)

    async def _write_many(self, batches: Sequence[Batch]) -> list[Failure | None] | None:
        assert self._child.write_many is not None
        failures = await self._guard.call(self._child.write_many, batches)
        if failures is not None and (not isinstance(failures, list) or len(failures) != len(batches)):
            needed = f"None or a list of {len(batches)} failures"
            raise FaultyComponent(self._guard.wrong("write_many", failures, needed))
        return cast("list[Failure | None] | None", failures)

    def room(self, under_way: int) -> int:
        return self._child.room(under_way)

    async def close(self) -> None:
        await self._guard.close()


class GuardedProcessor(Processor):
    """Around a processor that does not wait."""

    def __init__(self, child: Processor, guard: Guard) -> None:
        self._child = child
        self._guard = guard
        if child.each is not None:
            self.each = self._each

    def _each(self, messages: Sequence[Message]) -> list[Message | None]:
        assert self._child.each is not None
        results: Any = self._child.each(messages)
        if (
            not isinstance(results, list)
            or len(results) != len(messages)
            or not all(result is None or isinstance(result, Message) for result in results)
        ):
            needed = f"a list of {len(messages)}, each a message or None,"
            raise ComponentError(self._guard.wrong("each", results, needed), "configuration")
        return results

    def process(self, batch: Batch) -> Any:
        return self._checked(self._child.process(batch))

    def _checked(self, results: Any) -> list[Batch]:
        if not isinstance(results, list) or not all(not result or _is_batch(result) for result in results):
            needed = "a list of batches, each a list of messages,"
            if isinstance(results, list):
                text = f"{self._guard.name}: process returned {_shown(results)}, {needed} is needed"
                raise ComponentError(text, "configuration")
            raise ComponentError(self._guard.wrong("process", results, needed), "configuration")
        return results

    async def close(self) -> None:
        await self._guard.close()


class WaitingProcessor(GuardedProcessor):
    """Around a processor that may wait."""

    async def process(self, batch: Batch) -> list[Batch]:
        return self._checked(await cast("Awaitable[Any]", self._child.process(batch)))


def _processor(child: Processor, guard: Guard) -> Processor:
    waits = inspect.iscoroutinefunction(child.process)
    return WaitingProcessor(child, guard) if waits else GuardedProcessor(child, guard)


class GuardedCache(Cache):
    """Around a cache."""

    def __init__(self, child: Cache, guard: Guard) -> None:
        self._child = child
        self._guard = guard

    async def get(self, key: str) -> bytes:
        value = await self._guard.ask(self._child.get, key)
        if not isinstance(value, bytes):
            raise ComponentError(self._guard.wrong("get", value, "bytes"), "configuration")
        return value

    async def set(self, key: str, value: bytes, ttl: float | None = None) -> None:
        await self._guard.ask(self._child.set, key, value, ttl)

    async def add(self, key: str, value: bytes, ttl: float | None = None) -> None:
        await self._guard.ask(self._child.add, key, value, ttl)

    async def delete(self, key: str) -> None:
        await self._guard.ask(self._child.delete, key)

    async def close(self) -> None:
        await self._guard.close()


class GuardedRateLimit(RateLimit):
    """Around a rate limit."""

    def __init__(self, child: RateLimit, guard: Guard) -> None:
        self._child = child
        self._guard = guard

    async def access(self) -> float:
        seconds = await self._guard.ask(self._child.access)
        if not isinstance(seconds, int | float) or not 0 <= seconds < float("inf"):
            raise ComponentError(self._guard.wrong("access", seconds, "a number of seconds"), "configuration")
        return seconds

    def spend(self, size: int) -> None:
        self._child.spend(size)

    async def close(self) -> None:
        await self._guard.close()


def _shown(value: Sequence[Any]) -> str:
    """What a list holds, in a few words."""
    if not value:
        return "nothing"
    odd = next((item for item in value if not _is_batch(item)), value[0])
    if isinstance(odd, list):
        inner = next((item for item in odd if not isinstance(item, Message)), None)
        return "an empty batch" if not odd else f"a batch with a {type(inner).__name__} in it"
    return f"a list with a {type(odd).__name__} in it"


_GUARDS: Final[dict[str, Callable[[Any, Guard], Any]]] = {
    "input": GuardedInput,
    "output": GuardedOutput,
    "processor": _processor,
    "cache": GuardedCache,
    "rate_limit": GuardedRateLimit,
}
