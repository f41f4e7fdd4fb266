"""Output `drop_on`: gives up messages where others would wait or try again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headwater import tasks
from headwater.bloblang.errors import BloblangError
from headwater.bloblang.regexps import Regexp
from headwater.bloblang.values import encode_text
from headwater.components.catalogue import component
from headwater.components.contracts import Output
from headwater.components.lanes import Lane
from headwater.config.fields import boolean, child, duration, spec, texts
from headwater.durations import format_seconds
from headwater.errors import BatchFailure, Closed, ComponentError, ConfigError

if TYPE_CHECKING:
    from headwater.acknowledge import Failure
    from headwater.components.resources import Resources
    from headwater.config.view import Config
    from headwater.message import Batch

SPEC = spec(
    "output",
    "drop_on",
    boolean("error", "Drop messages that the child fails to deliver.", default=False),
    texts(
        "error_patterns",
        "Drop those whose failure matches one of these regular expressions.",
        optional=True,
        examples=(["and that was really bad$"], ["roughly [0-9]+ issues occurred"]),
    ),
    duration("back_pressure", "Give up messages that the child has not taken after so long.", optional=True),
    child("output", "output", "Where messages go."),
    categories=("Utility",),
    summary="Drop messages that cannot be delivered, instead of waiting or trying again.",
    composite=True,
    examples=(
        (
            "Best effort",
            "output:\n  drop_on:\n    error: true\n    output:\n      http_client:\n"
            "        url: http://localhost/post\n"
            "        retries: 0\n",
        ),
    ),
)


@component(SPEC)
class DropOn(Output):
    """Failures that are dropped count as delivered; what waits too long is rejected."""

    connects = False

    def __init__(self, config: Config, resources: Resources) -> None:
        self._log = resources.log
        self._all = config.boolean("error")
        try:
            self._patterns = [Regexp(pattern) for pattern in config.texts("error_patterns")]
        except BloblangError as error:
            raise ConfigError(f"failed to compile regexp: {error}") from None
        self._patience = config.optional_duration("back_pressure")
        self._child = resources.build_output(config.child("output"))
        self.max_in_flight = self._child.max_in_flight + (1 if self._patience else 0)
        if self._child.write_many is not None and self._patience is None:
            self._lane = Lane(self._child)
            self.write_many = self._write_many

    def room(self, under_way: int) -> int:
        return self.max_in_flight - under_way

    async def write(self, batch: Batch) -> None:
        try:
            if self._patience is None:
                await self._child.write(batch)
            else:
                await self._write_within(self._patience, batch)
        except (Closed, _BackPressure):
            raise
        except ComponentError as error:
            self._drop(error)

    # HOT: once a chunk
    async def _write_many(self, batches: list[Batch]) -> list[Failure | None] | None:
        failures = await self._lane.write_many(batches)
        return None if failures is None else [self._kept(failure) for failure in failures]

    def _kept(self, failure: Failure | None) -> Failure | None:
        """A failure, unless it is dropped."""
        if failure is None or isinstance(failure, Closed):
            return failure
        try:
            self._drop(failure)
        except ComponentError as error:
            return error
        return None

    async def _write_within(self, patience: float, batch: Batch) -> None:
        text = f"experienced back pressure beyond: {format_seconds(patience)}"
        task: tasks.Task[None] = tasks.spawn(self._child.write(batch), watched=True)
        timer: tasks.Task[None] = tasks.spawn(tasks.sleep(patience), watched=True)
        try:
            await tasks.first(task, timer)
        finally:
            timer.cancel()
            if not task.done():
                task.cancel()
        if not task.done() or task.cancelled:
            self._log.warning("Message dropped due to back pressure.")
            raise _BackPressure(text)
        task.result()

    def _drop(self, error: ComponentError) -> None:
        """Let a failure count as delivery where that is wanted. Raises: What is not dropped."""
        if not isinstance(error, BatchFailure):
            if not self._drops(error):
                raise error
            self._log.warning(f"Message dropped due to: {error}")
            return
        kept: dict[int, Exception] = {}
        for index, reason in error.failures.items():
            if self._drops(reason):
                self._log.warning(f"Message dropped due to: {reason}")
            else:
                kept[index] = reason
        if kept:
            raise BatchFailure(kept)

    def _drops(self, error: Exception) -> bool:
        return self._all or any(pattern.found(encode_text(str(error))) for pattern in self._patterns)

    async def close(self) -> None:
        await self._child.close()


class _BackPressure(ComponentError):
    """A child did not take a message in time."""
