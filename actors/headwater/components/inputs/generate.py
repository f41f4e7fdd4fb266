"""Input `generate`: messages made by a mapping, on demand or at intervals."""

from __future__ import annotations

from typing import Any, Final, cast

from headwater import tasks
from headwater.acknowledge import Delivery
from headwater.bloblang import Failed
from headwater.components.catalogue import component
from headwater.components.contracts import Input
from headwater.components.inputs._schedules import Cron, schedule
from headwater.components.resources import Resources
from headwater.config.fields import auto_replay_nacks, integer, mapping, spec, text
from headwater.config.view import Config
from headwater.errors import ComponentError, ConfigError, EndOfInput
from headwater.message import NO_METADATA, UNSET, Batches, Message, Payloads

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

AT_A_TIME: Final = 4096
"""Messages that are made with one read where they come in batches; downstream asks for batches, whatever their size."""


@component(SPEC)
class Generate(Input):
    """Makes messages; whoever reads sets the pace unless there is an interval."""

    def __init__(self, config: Config, resources: Resources) -> None:
        made: Any = config.mapping("mapping", "failed to parse mapping: {error}")
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
    def _make(self, limit: int) -> Batches:
        """Up to so many batches: fewer where the mapping deletes messages or fails, and when the count is reached."""
        size, left = self._size, self._left
        batches: Batches
        if size == 1:
            wanted = limit if left is None else min(limit, left)
            batches = Payloads(self._contents(wanted)) if self._mapping.bare else [[m] for m in self._apply(wanted)]
            count = len(batches)
        else:
            count = 0
            batches = []
            limit = max(1, min(limit, AT_A_TIME // size))
            while len(batches) < limit and self._failure is None and (left is None or count < left):
                batch = self._apply(size if left is None else min(size, left - count))
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
        if self._mapping.bare:
            return [
                Message(content, UNSET, NO_METADATA, None, place)
                for place, content in enumerate(self._contents(count))
            ]
        made: list[Message] = []
        batched = self._size > 1
        for message in self._mapping.apply_many([_NOTHING] * count):
            if type(message) is Message:
                if message is _NOTHING:  # A mapping that leaves everything as it is hands back what all share.
                    message = Message(b"")
                if batched:
                    message.origin = len(made)
                made.append(message)
            elif message is not None:
                self._fail(message)
        return made

    def _contents(self, count: int) -> list[bytes]:
        """The same as payloads, of a mapping that makes nothing else."""
        made = self._mapping.apply_payloads(Payloads([b""] * count))
        if set(map(type, made)) != {bytes}:
            for failed in made:
                if isinstance(failed, Failed):
                    self._fail(failed)
            made = [content for content in made if type(content) is bytes]
        return cast("list[bytes]", made)

    def _fail(self, failed: Failed) -> None:
        if self._failure is None:
            self._failure = ComponentError(str(failed.error), "data")


_NOTHING: Final = Message(b"")
"""What the mapping is applied to."""
