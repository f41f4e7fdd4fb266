"""Input `python`: what a Python generator yields."""

from __future__ import annotations

import inspect
import threading
from collections import deque
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any, Final

from headwater import tasks
from headwater.acknowledge import Delivery
from headwater.components.catalogue import component
from headwater.components.contracts import Input
from headwater.components.python_calls import ARGUMENTS, FUNCTION, Caller
from headwater.components.python_values import made
from headwater.config.fields import auto_replay_nacks, spec
from headwater.errors import ComponentError, EndOfInput, HeadwaterError
from headwater.message import Batch, Message

if TYPE_CHECKING:
    from headwater.components.resources import Resources
    from headwater.config.view import Config

SPEC = spec(
    "input",
    "python",
    FUNCTION,
    ARGUMENTS,
    auto_replay_nacks(),
    categories=("Utility",),
    summary="Read what a Python generator yields.",
    description=(
        "The function is called without arguments but those of `arguments`, and gives something to iterate over: it "
        "is a generator or async generator function as a rule. Each item is a message: bytes, a text, whatever JSON "
        "can say, or a `headwater.Message`; a list of those is a batch. When the generator ends, so does the input. "
        "When it raises, that is logged, and the function is called again after a wait.\n\n"
        "Items are asked for when the stream has use for them, some ahead. A plain generator may block: it runs on a "
        "thread that nothing else needs. An async one runs on an event loop of this input's own. When the stream is "
        "stopped the generator is closed, so its `finally` clauses run; one that blocks for longer than a second is "
        "left behind, and named in the log. It cannot be asked again: items that were taken ahead and are not "
        "delivered when the stream stops are gone."
    ),
    examples=(
        (
            "The lines of some files",
            "input:\n  python:\n    function: fileinput:input\n    arguments: { files: [ ./data.txt ] }\n",
        ),
    ),
)

CLOSE_SECONDS: Final = 1.0
"""How long a generator may take to let go."""


@component(SPEC)
class PythonInput(Input):
    """Pulls items while they are wanted: on a lane, or on a loop. What it takes is read from here."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._caller = Caller(config, resources, 0)
        self._resources = resources
        self._what = f"{self._caller.name} yielded"
        self._items: deque[Batch] = deque()
        self._came = tasks.Event()
        self._lock = threading.Lock()
        self._pulling: tasks.Task[None] | None = None
        self._source: Iterator[Any] | AsyncIterator[Any] | None = None
        self._ended = False
        self._stopping = False

    async def connect(self) -> None:
        await self._begin()

    async def _begin(self) -> None:
        """Call the function. Raises: ComponentError."""

        async def on_loop() -> Any:
            value = self._caller.begin()
            return await value if inspect.isawaitable(value) else value

        try:
            if self._caller.waits:
                value = await self._caller.loop.run(on_loop)
            else:
                value = await tasks.blocking(self._caller.begin)
            self._source = self._iterator(value)
        except Exception as error:
            raise self._caller.failed(error) from error

    def _iterator(self, value: Any) -> Iterator[Any] | AsyncIterator[Any]:
        if hasattr(value, "__aiter__"):
            found: AsyncIterator[Any] = value.__aiter__()
            return found
        if isinstance(value, str | bytes | dict) or not hasattr(value, "__iter__"):
            raise ComponentError(
                f"{self._caller.name} returned a {type(value).__name__}: a generator is needed, or a list", "data"
            )
        iterator: Iterator[Any] = iter(value)
        return iterator

    async def read(self, limit: int) -> Delivery:
        while not self._items:
            if self._ended:
                raise EndOfInput
            if self._pulling is None:
                if self._source is None:
                    await self._begin()
                self._pulling = tasks.spawn(self._pull(limit), "pull", watched=True)
            pulling = self._pulling
            self._came.clear()
            if not self._items:
                await tasks.first(pulling, self._came.future)
            if pulling.done():
                self._pulling = None
                if not self._items:
                    pulling.result()
        batches: list[Batch] = []
        while self._items and len(batches) < limit:
            batches.append(self._items.popleft())
        return Delivery(batches)

    async def _pull(self, limit: int) -> None:
        """Take up to so many items. Raises: ComponentError when there are none because the generator failed."""
        source = self._source
        try:
            if isinstance(source, AsyncIterator):
                running = source
                ended = await self._caller.loop.run(lambda: self._take_async(running, limit))
            else:
                assert source is not None
                ended = await tasks.blocking(self._take, source, limit)
        except Exception as error:
            self._source = None
            raise self._caller.failed(error) from error
        if ended:
            self._ended = True

    def _take(self, source: Iterator[Any], limit: int) -> bool:
        with self._lock:
            while not self._stopping and len(self._items) < limit:
                try:
                    item = next(source)
                except StopIteration:
                    return True
                self._add(item)
            return False

    async def _take_async(self, source: AsyncIterator[Any], limit: int) -> bool:
        while not self._stopping and len(self._items) < limit:
            try:
                item = await anext(source)
            except StopAsyncIteration:
                return True
            self._add(item)
        return False

    def _add(self, item: Any) -> None:
        if isinstance(item, list) and item and all(isinstance(each, Message) for each in item):
            batch = [each if each.origin == place else _at(each, place) for place, each in enumerate(item)]
        else:
            batch = [made(item, None, self._what)]
        self._items.append(batch)
        self._came.set()

    def drain(self) -> None:
        self._stopping = True

    async def close(self) -> None:
        self._stopping = True
        source, self._source = self._source, None
        pulling, self._pulling = self._pulling, None
        if pulling is not None and isinstance(source, AsyncIterator):
            pulling.cancel()
        close = getattr(source, "aclose" if isinstance(source, AsyncIterator) else "close", None)
        if close is None or source is None:
            await self._caller.close()
            return
        if isinstance(source, AsyncIterator):
            closing = tasks.spawn(self._caller.loop.run(close), "close", watched=True)
        else:
            closing = tasks.spawn(tasks.blocking(self._close_now, close), "close", watched=True)
        try:
            await tasks.within(CLOSE_SECONDS, _result(closing))
        except HeadwaterError:
            self._resources.log.error(f"Function {self._caller.name} does not come back: it is left behind")
        except Exception as error:
            self._resources.log.error(f"Failed to close input: {self._caller.failed(error)}")
        await self._caller.close()

    def _close_now(self, close: Any) -> None:
        """Close a generator once it is not running."""
        with self._lock:
            close()


async def _result(task: tasks.Task[Any]) -> None:
    await task


def _at(message: Message, origin: int) -> Message:
    return Message(message.raw, message.parsed, message.metadata, message.error, origin, message.context)
