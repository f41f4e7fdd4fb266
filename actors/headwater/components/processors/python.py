"""Processor `python`: calls a Python function with messages or batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from headwater import tasks
from headwater.components.catalogue import component
from headwater.components.contracts import Processor
from headwater.components.python_calls import ARGUMENTS, FUNCTION, Caller, as_batch, receives
from headwater.components.python_values import argument, made_of_batch, made_of_one
from headwater.config.fields import boolean, spec
from headwater.errors import HeadwaterError

if TYPE_CHECKING:
    from headwater.components.resources import Resources
    from headwater.config.view import Config
    from headwater.message import Batch, Message

SPEC = spec(
    "processor",
    "python",
    FUNCTION,
    receives(),
    ARGUMENTS,
    as_batch(),
    boolean(
        "parallel",
        "Call the function for several messages at a time: a plain one from several threads, a coroutine function on "
        "one event loop. Else calls follow one another.",
        default=False,
    ),
    categories=("Mapping",),
    summary="Call a Python function with each message or batch.",
    description=(
        "What the function returns is the new payload: bytes, a text, or whatever JSON can say; metadata stay. A "
        "`headwater.Message` brings its own metadata, a list of them takes the place of the message, and so do the "
        "values that a generator function yields. `headwater.DROP` drops the message. None is a mistake, since that is "
        "what a forgotten `return` gives.\n\n"
        "With `batch` the function gets a list and returns one of as many values, or of any number of "
        "`headwater.Message`, or several lists of those for several batches.\n\n"
        "A plain function may block: it runs on a thread that nothing else needs. A coroutine function runs on an "
        "event loop of this processor's own. What the function raises marks the message as failed, with the function's "
        "name in the text; the traceback is logged at level debug."
    ),
    examples=(
        (
            "A function of the standard library, for want of one of yours",
            "pipeline:\n  processors:\n    - python:\n        function: html:escape\n        receives: text\n"
            "        arguments: { quote: false }\n",
        ),
    ),
)


@component(SPEC)
class Python(Processor):
    """One function."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._caller = Caller(config, resources, 1)
        self._resources = resources
        self._form = config.text("receives")
        self._together = config.boolean("batch")
        self._parallel = config.boolean("parallel")
        self._turn = tasks.Semaphore(1)
        self._what = f"{self._caller.name} returned"

    async def process(self, batch: Batch) -> list[Batch]:
        if self._parallel:
            return await self._process(batch)
        async with self._turn:
            return await self._process(batch)

    async def _process(self, batch: Batch) -> list[Batch]:
        if self._together:
            given = [argument(message, self._form) for message in batch]
            return made_of_batch(await self._caller.call(given), batch, self._what)
        if self._caller.waits or (self._parallel and len(batch) > 1):
            outcomes = await self._each(batch)
        else:
            outcomes = await tasks.blocking(self._one_by_one, batch)
        result: Batch = []
        for message, outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, BaseException):
                result.append(self._resources.failed(message, outcome))
            else:
                result += outcome
        return [result]

    def _one_by_one(self, batch: Batch) -> list[list[Message] | BaseException]:
        """Call a plain function for all messages of a batch, on one lane."""
        outcomes: list[list[Message] | BaseException] = []
        for message in batch:
            try:
                value = self._caller.now(argument(message, self._form))
                outcomes.append(made_of_one(value, message, self._what))
            except HeadwaterError as error:
                outcomes.append(error)
        return outcomes

    async def _each(self, batch: Batch) -> Sequence[list[Message] | BaseException]:
        if self._parallel:
            return await tasks.settle(*(self._one(message) for message in batch))
        outcomes: list[Any] = []
        for message in batch:
            outcomes += await tasks.settle(self._one(message))
        return outcomes

    async def _one(self, message: Message) -> list[Message]:
        value = await self._caller.call(argument(message, self._form))
        return made_of_one(value, message, self._what)

    async def close(self) -> None:
        await self._caller.close()
