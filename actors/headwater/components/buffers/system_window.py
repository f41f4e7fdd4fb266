"""Buffer `system_window`: messages gathered in windows of time, by the clock of the system."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Final

from headwater import durations, tasks
from headwater.acknowledge import Delivery, Failure
from headwater.bloblang.errors import BloblangError
from headwater.bloblang.golayout import RFC3339_NANO, format_time
from headwater.bloblang.timeformat import local_zone, to_timestamp
from headwater.bloblang.values import Timestamp
from headwater.components.buffers._meter import Meter
from headwater.components.catalogue import component
from headwater.components.contracts import Buffer
from headwater.components.replays import Replays, Transaction
from headwater.components.resources import Resources
from headwater.config.fields import mapping, spec, text
from headwater.config.view import Config
from headwater.errors import ComponentError, ConfigError, EndOfInput
from headwater.message import Batch, Message

NOW: Final = "root = now()"

SPEC = spec(
    "buffer",
    "system_window",
    mapping(
        "timestamp_mapping",
        "The time of a message: seconds since 1970, or a text of RFC 3339.",
        default=NOW,
        examples=("root = this.created_at",),
    ),
    text("size", "How long a window is.", examples=("30s", "10m")),
    text("slide", "How far apart windows begin that overlap; empty for windows side by side.", default=""),
    text("offset", "How far windows are moved from multiples of their distance.", default=""),
    text("allowed_lateness", "How long a window waits for messages after its end.", default=""),
    status="beta",
    categories=("Windowing",),
    summary="Gather messages in windows of time, each of which goes on as one batch.",
    description=(
        "A message is acked when the first window that it is in was delivered. One that comes too late for its window "
        "is dropped. Messages get the metadata `window_end_timestamp`. A window that is not complete when the stream "
        "is stopped is not delivered, and its messages are not acked."
    ),
    examples=(
        (
            "How many a minute",
            "buffer:\n  system_window:\n    size: 1m\npipeline:\n  processors:\n"
            "    - group_by_value: { value: '${! this.id }' }\n",
        ),
    ),
)

YEAR_ONE_NS: Final = 62_135_596_800_000_000_000
"""From the first year to 1970: windows begin at multiples of their distance from there, as the reference has it."""


class _Pending:
    """A message that waits for its window, and the write that it belongs to."""

    __slots__ = ("message", "settled", "time", "write")

    def __init__(self, message: Message, time: int, write: _Write) -> None:
        self.message = message
        self.time = time
        self.write = write
        self.settled = False

    def settle(self, failure: Failure | None) -> None:
        """It was delivered, or dropped; that a later window has it too makes no difference."""
        if not self.settled:
            self.settled = True
            self.write.settle(failure)


class _Write:
    """A batch that was written: settled when each of its messages was in a window that was delivered."""

    __slots__ = ("done", "left")

    def __init__(self) -> None:
        self.left = 0
        self.done: tasks.Future[Failure | None] = tasks.Future()

    def settle(self, failure: Failure | None) -> None:
        """One of its messages is settled."""
        self.left -= 1
        if failure is not None or self.left <= 0:
            self.done.set_result(failure)


@component(SPEC)
class SystemWindow(Buffer):
    """Keeps messages until their window ends."""

    bounded: ClassVar[bool] = False

    def __init__(self, config: Config, resources: Resources) -> None:
        # The default is the time of the system itself, which need not be asked for through a mapping.
        own_time = config.text("timestamp_mapping").strip() == NOW
        self._mapping: Any = None if own_time else config.mapping("timestamp_mapping")
        self._size = _duration(config, "size") or 0
        if self._size <= 0:
            raise ConfigError(f"invalid window size '{config.text('size')}' must be greater than zero")
        slide = _duration(config, "slide")
        if slide is not None and slide >= self._size:
            raise ConfigError(
                f"invalid window slide '{_shown(slide)}' must be lower than the size '{_shown(self._size)}'"
            )
        self._distance = slide or self._size
        self._offset = _duration(config, "offset") or 0
        if self._offset >= self._size:
            raise ConfigError(
                f"invalid offset '{_shown(self._offset)}' must be lower than the size '{_shown(self._size)}'"
            )
        self._lateness = _duration(config, "allowed_lateness") or 0
        if self._lateness >= self._size:
            late, size = _shown(self._lateness), _shown(self._size)
            raise ConfigError(f"invalid allowed_lateness '{late}' must be lower than the size '{size}'")
        self._clock = resources.clock
        self._log = resources.log
        self._meter = Meter(resources)
        self._pending: list[_Pending] = []
        self._flushed: int | None = None
        self._written = tasks.Event()
        self._ended = False
        self._replays = Replays()

    def _window_end(self, now: int) -> int:
        """The end of the window that a time is in."""
        since = now + YEAR_ONE_NS - self._offset
        return (since // self._distance + 1) * self._distance - YEAR_ONE_NS + self._offset

    def _latest(self) -> int:
        """The end of the last window that was flushed, or would have been if there had been anything in it."""
        if self._flushed is None or not self._pending:
            late = self._lateness if self._flushed is not None else 0
            over = self._window_end(self._clock.time_ns() - late) - self._distance
            self._flushed = over if self._flushed is None else max(self._flushed, over)
        return self._flushed

    async def write(self, batch: Batch) -> None:
        latest = self._latest()
        write = _Write()
        fresh: list[_Pending] = []
        for index, message in enumerate(batch):
            time = self._time(batch, index)
            # What is older than the windows to come is too late.
            if time > latest:
                fresh.append(_Pending(message, time, write))
        if not fresh:
            return
        write.left = len(fresh)
        self._pending.extend(fresh)
        self._meter.received(len(fresh))
        self._meter.active(len(self._pending))
        self._written.set()
        try:
            failure = await write.done
        except tasks.Cancelled:
            self._pending = [pending for pending in self._pending if pending.write is not write]
            raise
        if failure is not None:
            raise failure

    def _time(self, batch: Batch, index: int) -> int:
        if self._mapping is None:
            return self._clock.time_ns()
        try:
            value = self._mapping.value(batch[index], batch, index)
        except BloblangError as error:
            self._log.error(f"Timestamp mapping failed for message: {error}")
            raise ComponentError(f"timestamp mapping failed: {error}", "data") from None
        try:
            return to_timestamp(value).nanoseconds
        except BloblangError as error:
            self._log.error(f"Timestamp mapping failed for message: unable to parse result as timestamp: {error}")
            raise ComponentError(f"unable to parse result of timestamp mapping as timestamp: {error}", "data") from None

    async def read(self, limit: int) -> Delivery:
        while True:
            if len(self._replays):
                # Rejected windows are due again at their own time, while later ones go on.
                delivery = await self._due_again(limit)
                if delivery is not None:
                    return delivery
            if self._ended and not self._pending and not len(self._replays):
                raise EndOfInput
            await self._wait()
            now = self._clock.time_ns()
            while self._pending and (end := self._latest() + self._distance) + self._lateness <= now:
                self._flush(end)

    async def _due_again(self, limit: int) -> Delivery | None:
        """Windows to deliver, without waiting for others."""
        if not self._replays.due():
            return None
        delivery = await self._replays.take(limit, lambda: True)
        if delivery is not None:
            self._meter.sent(delivery.batches)
        return delivery

    async def _wait(self) -> None:
        """Wait for the end of the next window, or for something that was rejected."""
        changed = self._replays.changed
        if not self._pending:
            if not self._replays.due():
                self._written.clear()
                await tasks.first(self._written.future, changed())
            return
        due = self._latest() + self._distance + self._lateness - self._clock.time_ns()
        if due <= 0 or self._replays.due():
            return
        over: tasks.Future[None] = tasks.Future()
        timer = self._clock.after(due / 1e9, over.fire)
        try:
            await tasks.first(over, changed())
        finally:
            timer.cancel()

    def _flush(self, end: int) -> None:
        """Make a batch of the window that ends then; what no later window has either is let go."""
        start = end - self._size
        next_start = start + self._distance
        inside: list[_Pending] = []
        kept: list[_Pending] = []
        for pending in self._pending:
            if start < pending.time <= end:
                inside.append(pending)
            if pending.time > (end if self._ended else next_start):
                kept.append(pending)
            elif not start < pending.time <= end:
                pending.settle(None)
        self._pending = kept
        self._flushed = end
        self._meter.active(len(kept))
        if inside:
            stamp = format_time(Timestamp(end, local_zone()), RFC3339_NANO)
            batch = [
                Message(
                    each.message.raw,
                    each.message.parsed,
                    {**each.message.metadata, "window_end_timestamp": stamp},
                    each.message.error,
                    place,
                    each.message.context,
                )
                for place, each in enumerate(inside)
            ]
            self._replays.add(Transaction(batch, _settling(inside)))

    async def end(self) -> None:
        # What was in a window is not waited for any longer to be in further ones.
        self._ended = True
        self._pending = [pending for pending in self._pending if not pending.settled]
        self._meter.active(len(self._pending))
        self._written.set()

    async def close(self) -> None:
        self._replays.close()
        for pending in self._pending:
            pending.write.done.set_result(ComponentError("the window was not complete when the stream was stopped"))
        self._pending = []


def _settling(members: list[_Pending]) -> Callable[[Failure | None], None]:
    """Settles all messages of a window."""

    def settle(failure: Failure | None) -> None:
        for member in members:
            member.settle(failure)

    return settle


def _duration(config: Config, name: str) -> int | None:
    """Nanoseconds of a duration text; None where it is empty."""
    value = config.text(name)
    if not value:
        return None
    try:
        return durations.parse_duration(value)
    except durations.InvalidDuration as error:
        raise ConfigError(f"failed to parse field '{name}' as duration: {error}") from None


def _shown(nanoseconds: int) -> str:
    return durations.format_duration(nanoseconds)
