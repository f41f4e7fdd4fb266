"""Input `generate`: messages made by a mapping, on demand or at intervals."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Any, Final

from headwater import durations, tasks
from headwater.acknowledge import Delivery
from headwater.components.catalogue import component
from headwater.components.contracts import Input
from headwater.components.resources import Resources
from headwater.config.fields import auto_replay_nacks, integer, mapping, spec, text
from headwater.config.view import Config
from headwater.errors import ComponentError, ConfigError, EndOfInput
from headwater.message import Batch, Message

SPEC = spec(
    "input",
    "generate",
    mapping("mapping", "Makes each message.", examples=('root = "hello world"', "root.id = uuid_v4()")),
    text(
        "interval",
        "The time from one to the next: a duration, a cron expression (with seconds as a sixth field in front, and a "
        "time zone as `TZ=Europe/London `), or empty for as fast as they are taken.",
        default="1s",
        examples=("5s", "@every 1h30m", "0 30 * * * *", "TZ=Europe/London 30 3-6,20-23 * * *"),
    ),
    integer("count", "How many messages there shall be; 0 for no end.", default=0),
    integer("batch_size", "How many are made at a time, as a batch.", default=1),
    auto_replay_nacks(),
    categories=("Utility",),
    summary="Make messages by a mapping, at intervals or as fast as they are taken.",
    description="The first message of a duration comes at once, that of a cron expression when it is due.",
    examples=(
        (
            "A document every second",
            "input:\n  generate:\n    interval: 1s\n    mapping: |\n      root.id = uuid_v4()\n      root.at = now()\n",
        ),
    ),
)

NICKNAMES: Final = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}


class Cron:
    """When a cron expression is due.

    Raises:
        ConfigError: It is none.
    """

    def __init__(self, text: str) -> None:
        self._zone: tzinfo = _local_zone()
        expression = text.strip()
        for prefix in ("TZ=", "CRON_TZ="):
            if expression.startswith(prefix):
                name, _, expression = expression[len(prefix) :].partition(" ")
                self._zone = _zone(name)
        expression = expression.strip()
        expression = NICKNAMES.get(expression, expression)
        self._every = 0.0
        self._expression = expression
        if expression.startswith("@every "):
            try:
                self._every = durations.parse_seconds(expression[len("@every ") :])
            except durations.InvalidDuration as error:
                raise ConfigError(f"failed to parse duration {expression}: {error}") from None
            self._every = max(1.0, float(int(self._every)))
            return
        if expression.startswith("@"):
            raise ConfigError(f"unrecognized descriptor: {expression}")
        fields = expression.split()
        if not 5 <= len(fields) <= 6:
            raise ConfigError(f"expected 5 to 6 fields, found {len(fields)}: [{' '.join(fields)}]")
        from cronsim import CronSimError

        try:
            self._next(datetime.now(self._zone))
        except (CronSimError, StopIteration) as error:
            raise ConfigError(f"{error}: [{' '.join(fields)}]") from None

    def _next(self, after: datetime) -> datetime:
        from cronsim import CronSim

        # A question mark is a star to the reference, and unknown to the library.
        found: datetime = next(CronSim(self._expression.replace("?", "*"), after))
        return found

    def wait(self, time_ns: int) -> float:
        """Seconds from a wall clock time to the next tick."""
        now = time_ns / 1e9
        if self._every:
            # Whole seconds, as the reference rounds them.
            return self._every - now % 1.0
        due = self._next(datetime.fromtimestamp(now, self._zone))
        return max(0.0, due.timestamp() - now)


def _local_zone() -> tzinfo:
    return datetime.now().astimezone().tzinfo or UTC


def _zone(name: str) -> tzinfo:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    if name == "Local":
        return _local_zone()
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigError(f"provided bad location {name}: unknown time zone {name}") from None


def schedule(text: str) -> float | Cron:
    """Seconds of an interval (0: none), or a cron expression. Raises: ConfigError."""
    if not text:
        return 0.0
    try:
        return durations.parse_seconds(text)
    except durations.InvalidDuration as error:
        try:
            return Cron(text)
        except ConfigError as problem:
            raise ConfigError(
                f"failed to parse interval as duration string: {error}, or as cron expression: {problem}"
            ) from None


AT_A_TIME: Final = 4096
"""Messages that are made with one read where they come in batches; downstream asks for batches, whatever their size."""


@component(SPEC)
class Generate(Input):
    """Makes messages; whoever reads sets the pace unless there is an interval."""

    def __init__(self, config: Config, resources: Resources) -> None:
        made: Any = config.mapping("mapping")
        if made is None:
            raise ConfigError("field 'mapping' is required and was not present in the config")
        self._mapping = made
        self._schedule = schedule(config.text("interval"))
        count = config.integer("count")
        self._left = count if count > 0 else None
        self._size = max(1, config.integer("batch_size"))
        self._clock = resources.clock
        self._due: float | None = None
        self._failure: ComponentError | None = None

    async def read(self, limit: int) -> Delivery:
        if self._schedule:
            limit = 1
        while True:
            if self._failure is not None:
                failure, self._failure = self._failure, None
                raise failure
            if self._left is not None and self._left <= 0:
                raise EndOfInput
            if self._schedule:
                await self._tick()
            batches = self._make(limit)
            if batches:
                return Delivery(batches)
            if not self._schedule:
                # A mapping that deletes everything must not keep its host from all else.
                await tasks.sleep(0)

    async def _tick(self) -> None:
        """Wait until the next message is due. Who comes late is not paid back."""
        clock = self._clock
        if self._due is None:
            first = self._schedule.wait(clock.time_ns()) if isinstance(self._schedule, Cron) else 0.0
            self._due = clock.now() + first
        wait = self._due - clock.now()
        if wait > 0:
            await tasks.sleep(wait)
        if isinstance(self._schedule, Cron):
            self._due = None
        else:
            self._due = max(self._due + self._schedule, clock.now())

    # HOT: once a chunk
    def _make(self, limit: int) -> list[Batch]:
        """Up to so many batches: fewer where the mapping deletes messages or fails, and when the count is reached."""
        size, left = self._size, self._left
        batches: list[Batch] = []
        if size == 1:
            made = self._apply(limit if left is None else min(limit, left))
            batches = [[message] for message in made]
            count = len(made)
        else:
            count = 0
            limit = max(1, min(limit, AT_A_TIME // size))
            while len(batches) < limit and self._failure is None and (left is None or count < left):
                batch = self._apply(size if left is None else min(size, left - count))
                for place, message in enumerate(batch):
                    message.origin = place
                if batch:
                    batches.append(batch)
                    count += len(batch)
                elif not batches:
                    break
        if left is not None:
            self._left = left - count
        if self._failure is not None and not batches:
            failure, self._failure = self._failure, None
            raise failure
        return batches

    def _apply(self, count: int) -> list[Message]:
        """Messages that the mapping makes at so many attempts; a failure is kept for when they were handed out."""
        made = []
        for message in self._mapping.apply_many([_NOTHING] * count):
            if type(message) is Message:
                # A mapping that leaves everything as it is may hand back what it got, which all share.
                made.append(message if message is not _NOTHING else Message(b""))
            elif message is not None and self._failure is None:
                self._failure = ComponentError(str(message.error), "data")
        return made


_NOTHING: Final = Message(b"")
"""What the mapping is applied to."""
