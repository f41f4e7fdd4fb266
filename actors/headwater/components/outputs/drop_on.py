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
from headwater.durations import InvalidDuration, format_seconds, parse_seconds
from headwater.errors import BatchFailure, Closed, ComponentError, ConfigError

if TYPE_CHECKING:
    from headwater.acknowledge import Failure
    from headwater.components.resources import Resources
    from headwater.config.view import Config
    from headwater.message import Batch, Batches

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
        patterns = config.texts("error_patterns")
        if patterns and self._all:
            raise ConfigError("field 'error_patterns' is ineffective when 'error' is set to `true`")
        self._patterns = [_compiled(number, pattern) for number, pattern in enumerate(patterns)]
        self._patience = _patience(config.optional_text("back_pressure") or "")
        self._pressed = False
        self._active = 0
        self._child = resources.build_output(config.child("output"))
        self.max_in_flight = self._child.max_in_flight + (1 if self._patience else 0)
        if self._child.takes_many and self._patience is None:
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
    async def _write_many(self, batches: Batches) -> list[Failure | None] | None:
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
        """Write, or give up. Once something was given up nothing waits until the child has room again."""
        if self._pressed and self._child.room(self._active) <= 0:
            self._give_up(patience)
            return
        self._active += 1
        task: tasks.Task[None] = tasks.spawn(self._child.write(batch), watched=True)
        timer: tasks.Task[None] = tasks.spawn(tasks.sleep(patience), watched=True)
        try:
            await tasks.first(task, timer)
        finally:
            self._active -= 1
            timer.cancel()
            if not task.done():
                task.cancel()
        self._pressed = not task.done() or task.cancelled
        if self._pressed:
            self._give_up(patience)
        else:
            task.result()

    def _give_up(self, patience: float) -> None:
        self._log.warning("Message dropped due to back pressure.")
        if not self._all:
            raise _BackPressure(f"experienced back pressure beyond: {format_seconds(patience)}")

    def _drop(self, error: ComponentError) -> None:
        """Let a failure count as delivery where that is wanted. Raises: What is not dropped."""
        reasons: dict[int, Exception] = error.failures if isinstance(error, BatchFailure) else {0: error}
        kept: dict[int, Exception] = {}
        for index, reason in reasons.items():
            why = self._why_dropped(reason)
            if why is not None:
                self._log.warning(f"Message dropped due to{why}: {reason}")
            else:
                kept[index] = reason
        if kept:
            raise BatchFailure(kept) if isinstance(error, BatchFailure) else error

    def _why_dropped(self, error: Exception) -> str | None:
        """The words between; None where a failure is kept."""
        if self._all:
            return ""
        text = encode_text(str(error))
        number = next((number for number, pattern in enumerate(self._patterns) if pattern.found(text)), None)
        return None if number is None else f" error matching pattern {number}"

    async def close(self) -> None:
        await self._child.close()


class _BackPressure(ComponentError):
    """A child did not take a message in time."""


def _compiled(number: int, pattern: str) -> Regexp:
    try:
        return Regexp(pattern)
    except BloblangError as error:
        raise ConfigError(f"error pattern {number} failed to compile: {error}") from None


def _patience(text: str) -> float | None:
    try:
        return parse_seconds(text) or None if text else None
    except InvalidDuration as error:
        raise ConfigError(f"failed to parse back_pressure duration: {error}") from None
