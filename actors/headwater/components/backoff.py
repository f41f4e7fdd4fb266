"""Growing waits between attempts."""

from __future__ import annotations

import random

from headwater.clock import Clock
from headwater.config.view import Config

GROWTH = 1.5
SPREAD = 0.5


class Backoff:
    """Waits that grow by half from one to the next, each moved at random by up to half of itself."""

    __slots__ = ("_clock", "_longest", "_next", "_started", "_total")

    def __init__(self, clock: Clock, initial: float, longest: float, total: float = 0.0) -> None:
        self._clock = clock
        self._next = initial
        self._longest = longest
        self._total = total
        self._started = clock.now()

    @classmethod
    def of(cls, config: Config, clock: Clock) -> Backoff:
        """The waits that a `backoff` object describes, starting now."""
        return cls(
            clock,
            config.duration("initial_interval"),
            config.duration("max_interval"),
            config.duration("max_elapsed_time"),
        )

    def wait(self) -> float | None:
        """Seconds to wait before the next attempt; None when there shall be none, since it would be too late."""
        current = self._next
        seconds = current * random.uniform(1 - SPREAD, 1 + SPREAD)
        self._next = self._longest if current >= self._longest / GROWTH else current * GROWTH
        if self._total and self._clock.now() - self._started + seconds > self._total:
            return None
        return seconds
