"""Input `read_until`: another input, until a message says that it is enough, or nothing comes for a while."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from headwater import tasks
from headwater.acknowledge import Delivery, Failure
from headwater.bloblang.errors import BloblangError
from headwater.components.catalogue import component
from headwater.components.contracts import Input
from headwater.components.replays import Replays, Transaction
from headwater.components.resources import Resources
from headwater.config.fields import boolean, child, duration, mapping, obj, spec
from headwater.config.view import Config
from headwater.errors import Closed, ConfigError, EndOfInput
from headwater.message import Batch, Message

SPEC = spec(
    "input",
    "read_until",
    child("input", "input", "The input to read."),
    mapping("check", "Ends the input behind a message for which this is true.", optional=True),
    duration("idle_timeout", "Ends the input when nothing came for so long.", optional=True),
    boolean("restart_input", "Open the input again when it ends by itself.", default=False),
    obj(
        "restart_backoff",
        duration("initial_interval", "The first wait before it is opened again.", default="1ms"),
        duration("max_interval", "The longest wait.", default="100ms"),
        description="How long to wait between restarts without a message.",
        dialect="bento",
        since="1.19.0",
    ),
    categories=("Utility",),
    summary="Read another input until a condition is met.",
    description="The last message carries the metadata `benthos_read_until: final`.",
    composite=True,
    examples=(
        (
            "The first hundred lines",
            'input:\n  read_until:\n    check: count("lines") >= 100\n    input:\n      stdin: {}\n',
        ),
    ),
)

GROWTH = 1.5


@component(SPEC)
class ReadUntil(Input):
    """Hands on what its child reads until the first message of a batch meets the check.

    From then on the child is read no more, since it might have more; what is rejected comes back from here.
    """

    connects = False

    def __init__(self, config: Config, resources: Resources) -> None:
        self._child_config = config.child("input")
        self._resources = resources
        self._child = resources.build_input(self._child_config)
        self._check = config.mapping("check")
        self._idle = config.optional_duration("idle_timeout")
        if self._check is None and self._idle is None:
            raise ConfigError("it is required to set either check or idle_timeout")
        self._restart = config.boolean("restart_input")
        self._first_wait = config.duration("restart_backoff.initial_interval")
        self._longest_wait = config.duration("restart_backoff.max_interval")
        self._wait = self._first_wait
        self._reading: tasks.Task[Delivery] | None = None
        self._done = False
        self._open = 0
        self.stalled: tasks.Event = tasks.Event()
        self._replays = Replays(self.stalled)

    async def connect(self) -> None:
        await self._child.connect()

    async def read(self, limit: int) -> Delivery:
        self._replays.watch()
        while not self._done:
            # One transaction at a time where each has to be looked at, so that nothing is read behind the last.
            reading = self._reading
            if reading is None:
                wanted = 1 if self._check is not None else limit
                reading = self._reading = tasks.spawn(self._child.read(wanted), "read until", watched=True)
            if not await self._awaited(reading):
                self._resources.log.info("Idle timeout reached")
                self._done = True
                break
            self._reading = None
            try:
                delivery = reading.result()
            except EndOfInput:
                if not self._restart:
                    raise
                await self._again()
                continue
            self._wait = self._first_wait
            return self._looked_at(delivery)
        rest = await self._replays.take(limit, lambda: self._open > 0)
        if rest is None:
            raise EndOfInput
        return rest

    async def _awaited(self, reading: tasks.Task[Delivery]) -> bool:
        """Wait for a read. Returns: False when nothing came for too long."""
        clock = self._resources.clock
        stalled = self._child.stalled
        deadline = None if self._idle is None else clock.now() + self._idle
        while not reading.done():
            waits: list[tasks.Future[Any]] = [reading]
            if stalled is not None:
                if stalled.is_set():
                    self.stalled.set()
                else:
                    waits.append(stalled.future)
            timer = None
            if deadline is not None:
                due: tasks.Future[None] = tasks.Future()
                timer = clock.after(max(0.0, deadline - clock.now()), due.fire)
                waits.append(due)
            try:
                await tasks.first(*waits)
            finally:
                self.stalled.clear()
                if timer is not None:
                    timer.cancel()
            if deadline is not None and not reading.done() and clock.now() >= deadline:
                return False
        return True

    async def _again(self) -> None:
        """Open the child anew."""
        await self._child.close()
        self._resources.release(self._child)
        await tasks.sleep(self._wait)
        self._wait = min(self._longest_wait, self._wait * GROWTH)
        self._child = self._resources.build_input(self._child_config)

    def _looked_at(self, delivery: Delivery) -> Delivery:
        """A delivery up to the message that ends it all, if there is one; accounted for either way."""
        batches = delivery.batches
        if self._check is not None:
            for index, batch in enumerate(batches):
                if self._met(batch):
                    self._done = True
                    batches = [*batches[:index], [_final(batch[0]), *batch[1:]]]
                    break
        kept = len(batches)
        unread = range(kept, len(delivery.batches))
        self._open += kept
        replays = self._child.stalled is not None

        def settle(indices: Sequence[int] | None, failure: Failure | None) -> None:
            settled = range(kept) if indices is None else indices
            self._open -= len(settled)
            if failure is not None and self._done and replays:
                for index in settled:
                    self._replays.reject(Transaction(batches[index], _settling(delivery, index)), failure)
                return
            delivery.settle(settled if unread else indices, failure)
            if self._done:
                self._replays.touch()

        if unread:
            # Behind the last message: not read, as far as its source is concerned.
            delivery.settle(unread, Closed())
        return Delivery(batches, settle)

    def _met(self, batch: Batch) -> bool:
        check = self._check
        assert check is not None
        try:
            return bool(check.check(batch[0], batch, 0))
        except BloblangError as error:
            self._resources.log.error(f"Failed to execute check query: {error}")
            return False

    def drain(self) -> None:
        """Hand nothing out again: the stream is being stopped."""
        self._done = True
        self._replays.drain()

    async def close(self) -> None:
        self._replays.close()
        if self._reading is not None:
            self._reading.cancel()
        await self._child.close()


def _settling(delivery: Delivery, index: int) -> Callable[[Failure | None], None]:
    return lambda failure: delivery.settle((index,), failure)


def _final(message: Message) -> Message:
    """The message that ended the input."""
    metadata = {**message.metadata, "benthos_read_until": "final"}
    return Message(message.raw, message.parsed, metadata, message.error, message.origin, message.context)
