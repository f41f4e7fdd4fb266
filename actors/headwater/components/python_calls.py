"""Calls of Python functions that users wrote: plain ones on a lane, so that they may block, and coroutine functions on
an event loop of the component's own, so that one that blocks there holds up nobody else."""

from __future__ import annotations

import functools
import inspect
import logging
import threading
import traceback
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from headwater import tasks
from headwater.components.python_values import FORMS, Yielded
from headwater.config.fields import any_map, boolean, choice, function
from headwater.errors import ComponentError, ConfigError, HeadwaterError

if TYPE_CHECKING:
    from headwater.components.resources import Resources
    from headwater.config.spec import Field
    from headwater.config.view import Config

T = TypeVar("T")

FUNCTION: Final = function(
    description="The function, as `module:function`. The module must be installed beside Headwater, or stand in the "
    "working folder or in one of `PYTHONPATH`. Streams that come over the API may only name what `--allow-python` "
    "allows.",
    examples=("my_package.prices:add_tax",),
)
ARGUMENTS: Final = any_map("arguments", "Handed to the function by name.", default={}, examples=({"rate": 0.19},))


def receives() -> Field:
    """The field that says what a function gets of a message."""
    return choice(
        "receives",
        FORMS,
        "What the function gets of a message: its JSON document as plain data, its payload as bytes (`content`) or "
        "text, or the `headwater.Message`, which must not be changed in place.",
        default="document",
    )


def as_batch() -> Field:
    """The field that says whether a function gets whole batches."""
    return boolean("batch", "Call the function once a batch, with a list, instead of once a message.", default=False)


class Loop(Protocol):
    """An event loop of a component's own."""

    async def run(self, call: Callable[[], Awaitable[T]]) -> T:
        """Run a coroutine function, and wait for what it returns."""

    def close(self) -> bool:
        """End it; blocks for a while. Returns: whether its thread has ended."""


class Caller:
    """A function with its arguments.

    Args:
        config: Has `function` and `arguments`.
        resources: Those of the component.
        given: How many arguments the component adds at the front.

    Attributes:
        name: As it was configured.
        waits: Whether it is a coroutine function, or gives an async generator.

    Raises:
        ConfigError: There is no such function, or it cannot be called so.
    """

    def __init__(self, config: Config, resources: Resources, given: int) -> None:
        self.name = config.text("function")
        call = config.function("function")
        arguments = config.map("arguments")
        _fits(self.name, call, given, arguments)
        self._call: Callable[..., Any] = functools.partial(call, **arguments) if arguments else call
        self._resources = resources
        self._loop: Loop | None = None
        self._busy: set[int] = set()
        self.waits = _is(inspect.iscoroutinefunction, call) or _is(inspect.isasyncgenfunction, call)
        self._many = _is(inspect.isgeneratorfunction, call) or _is(inspect.isasyncgenfunction, call)

    def now(self, *given: Any) -> Any:
        """Call a plain function; it may block. What a generator function yields comes as a list.

        Raises:
            HeadwaterError: It failed; the text names it.
        """
        thread = threading.get_ident()
        self._busy.add(thread)
        try:
            value = self._call(*given)
            return Yielded(value) if self._many else value
        except Exception as error:
            raise self.failed(error) from error
        finally:
            self._busy.discard(thread)

    async def later(self, *given: Any) -> Any:
        """Call a coroutine function. Raises: HeadwaterError, as for `now`."""

        async def call() -> Any:
            if self._many:
                return Yielded([item async for item in self._call(*given)])
            return await self._call(*given)

        try:
            return await self.loop.run(call)
        except Exception as error:
            raise self.failed(error) from error

    async def call(self, *given: Any) -> Any:
        """Call it, whichever it is. Raises: HeadwaterError, as for `now`."""
        if self.waits:
            return await self.later(*given)
        return await tasks.blocking(self.now, *given)

    def begin(self) -> Any:
        """Call it for what it returns at once: a generator, or a coroutine, above all."""
        return self._call()

    @property
    def loop(self) -> Loop:
        """The event loop that the function has for itself."""
        if self._loop is None:
            self._loop = self._resources.new_loop()
        return self._loop

    def failed(self, error: Exception) -> HeadwaterError:
        """What a function raised, with its name; our own errors are what they are."""
        if isinstance(error, HeadwaterError):
            return error
        if self._resources.log.enabled(logging.DEBUG):
            self._resources.log.debug("".join(traceback.format_exception(error)).rstrip())
        text = f"{self.name} raised {type(error).__name__}"
        return ComponentError(f"{text}: {error}" if str(error) else text, "data")

    async def close(self) -> None:
        """Let go of the event loop, and tell what cannot be let go of."""
        loop, self._loop = self._loop, None
        ended = loop is None or await tasks.blocking(loop.close)
        if self._busy or not ended:
            self._resources.log.error(f"Function {self.name} does not come back: its thread is left behind")


def _is(test: Callable[[Any], bool], call: Any) -> bool:
    """Whether something is true of a function, or of what makes an object callable."""
    while isinstance(call, functools.partial):
        call = call.func
    return test(call) or (not inspect.isroutine(call) and test(getattr(call, "__call__", None)))  # noqa: B004


def _fits(name: str, call: Callable[..., Any], given: int, arguments: dict[str, Any]) -> None:
    """Look whether a function takes what it will be given. Raises: ConfigError."""
    try:
        signature = inspect.signature(call)
    except (TypeError, ValueError):
        return  # some that are written in C do not tell
    try:
        signature.bind(*[None] * given, **arguments)
    except TypeError as error:
        gets = "nothing" if not given else "one argument"
        named = f" and, by name, {', '.join(arguments)}" if arguments else ""
        raise ConfigError(f"{name}{signature} is called with {gets}{named}: {error}") from None
