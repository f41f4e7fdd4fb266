"""Sending again what an output failed to deliver."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

from headwater import tasks
from headwater.components.backoff import Backoff
from headwater.errors import BatchFailure, Closed, ComponentError

if TYPE_CHECKING:
    from headwater.clock import Clock
    from headwater.components.contracts import Output
    from headwater.config.view import Config
    from headwater.message import Batch
    from headwater.telemetry.logs import Log

GIVEN_UP: Final = "message failed to reach a target destination"


class BackoffPolicy:
    """How long to wait, how long at most, and when to give up (0 for never); all in seconds."""

    __slots__ = ("_initial", "_longest", "_total")

    def __init__(self, initial: float = 0.5, longest: float = 3.0, total: float = 0.0) -> None:
        self._initial = initial
        self._longest = longest
        self._total = total

    @classmethod
    def of(cls, config: Config) -> BackoffPolicy:
        """From an object of `backoff` fields. Raises: ConfigError."""
        return cls(
            config.duration("initial_interval"),
            config.duration("max_interval"),
            config.duration("max_elapsed_time"),
        )

    def start(self, clock: Clock) -> Backoff:
        """Begin with a first attempt now."""
        return Backoff(clock, self._initial, self._longest, self._total)


class Redelivery:
    """Sends a batch to an output until it is delivered: what failed of it is sent again, after a wait.

    Args:
        policy: The waits.
        attempts: How many may follow the first; 0 for no end.
        log: Where failures are noted.
        permits: How many attempts may be under way at once; 0 for any number.

    Attributes:
        waiting: How many batches wait for their next attempt.
    """

    def __init__(self, policy: BackoffPolicy, attempts: int, log: Log, clock: Clock, permits: int = 0) -> None:
        self._policy = policy
        self._attempts = attempts
        self._log = log
        self._clock = clock
        self._gate = tasks.Semaphore(permits) if permits > 0 else None
        self.waiting = 0

    async def write(self, output: Output, batch: Batch) -> None:
        """Deliver a batch. Raises: ComponentError when it was tried often or long enough."""
        await self._until_delivered(output.write, batch)

    async def after(self, failure: ComponentError | None, output: Output, batch: Batch) -> None:
        """Deliver a batch whose first attempt was made by somebody else and failed so."""
        first = failure

        async def write(pending: Batch) -> None:
            nonlocal first
            if first is not None:
                error, first = first, None
                raise error
            await output.write(pending)

        await self._until_delivered(write, batch)

    async def _until_delivered(self, write: Callable[[Batch], Awaitable[None]], batch: Batch) -> None:
        backoff: Backoff | None = None
        failed = 0
        pending = batch
        places = list(range(len(batch)))
        while True:
            try:
                if self._gate is None:
                    await write(pending)
                else:
                    async with self._gate:
                        await write(pending)
            except Closed:
                raise
            except ComponentError as error:
                failed += 1
                if isinstance(error, BatchFailure):
                    # Where none of them is one of ours, nobody knows which failed: all of them, then.
                    indices = sorted(index for index in error.failures if index < len(pending)) or range(len(pending))
                    pending = [pending[index] for index in indices]
                    places = [places[index] for index in indices]
                backoff = backoff or self._policy.start(self._clock)
                wait = None if 0 < self._attempts < failed else backoff.wait()
                if wait is None:
                    self._log.error(f"Failed to send message: {error}")
                    raise self._given_up(places, len(batch)) from error
                self._log.warning(f"Failed to send message: {error}")
                self.waiting += 1
                try:
                    await tasks.sleep(wait)
                finally:
                    self.waiting -= 1
            else:
                return

    def _given_up(self, places: list[int], size: int) -> ComponentError:
        failure = ComponentError(GIVEN_UP)
        return failure if len(places) == size else BatchFailure(dict.fromkeys(places, failure))
