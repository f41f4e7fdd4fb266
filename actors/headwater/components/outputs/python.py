"""Output `python`: calls a Python function with messages or batches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headwater.components.catalogue import component
from headwater.components.contracts import Output
from headwater.components.python_calls import ARGUMENTS, FUNCTION, Caller, as_batch, receives
from headwater.components.python_values import argument
from headwater.config.fields import batch_policy, integer, spec
from headwater.errors import BatchFailure, ComponentError

if TYPE_CHECKING:
    from headwater.components.resources import Resources
    from headwater.config.view import Config
    from headwater.message import Batch

SPEC = spec(
    "output",
    "python",
    FUNCTION,
    receives(),
    ARGUMENTS,
    as_batch(),
    integer(
        "max_in_flight",
        "How many calls may be under way at once: of a plain function on as many threads, of a coroutine function on "
        "one event loop. Order is kept only at 1.",
        default=1,
    ),
    batch_policy(),
    categories=("Utility",),
    summary="Call a Python function with each message or batch.",
    description=(
        "A message is delivered when the function returns, whatever it returns, and rejected when it raises; the "
        "source hears the text. With `batch` the function gets a list, and may raise a `headwater.BatchFailure` to "
        "reject some of it.\n\n"
        "A plain function may block: it runs on a thread that nothing else needs. A coroutine function runs on an "
        "event loop of this output's own."
    ),
    examples=(
        (
            "A function of the standard library, for want of one of yours",
            "output:\n  python:\n    function: logging:warning\n    receives: text\n",
        ),
    ),
)


@component(SPEC)
class PythonOutput(Output):
    """One function."""

    connects = False

    def __init__(self, config: Config, resources: Resources) -> None:
        self._caller = Caller(config, resources, 1)
        self._form = config.text("receives")
        self._together = config.boolean("batch")
        self.max_in_flight = config.integer("max_in_flight")

    async def write(self, batch: Batch) -> None:
        if self._together:
            await self._caller.call([argument(message, self._form) for message in batch])
            return
        failures: dict[int, Exception] = {}
        for index, message in enumerate(batch):
            try:
                await self._caller.call(argument(message, self._form))
            except ComponentError as error:
                if len(batch) == 1:
                    raise
                failures[index] = error
        if failures:
            raise BatchFailure(failures)

    async def close(self) -> None:
        await self._caller.close()
