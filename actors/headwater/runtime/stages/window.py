"""How many transactions to take at a time: few while they take long, many while they are quick.

Large chunks make fast streams fast; small ones keep slow streams from holding what they cannot use: little is read
ahead, and a stop waits for little. The window doubles while chunks are quick and shrinks when they are not: by no more
than half where a busy machine may be the reason, since one stall says little about the next chunk.
"""

from __future__ import annotations

from typing import Final

QUICK: Final = 0.05
"""Seconds for a chunk under which the next may be larger."""

SLOW: Final = 0.1
"""Seconds for a chunk over which the next is smaller."""

STALLED: Final = 1.0
"""Seconds for a chunk that no busy machine explains."""


class Window:
    """An adaptive bound."""

    __slots__ = ("_last", "limit", "maximum", "minimum")

    def __init__(self, minimum: int = 1, maximum: int = 2048) -> None:
        self.minimum = minimum
        self.maximum = maximum
        self.limit = minimum
        self._last = 0.0

    def passed(self, count: int, sent: float, now: float) -> None:
        """A chunk that was sent at one time was done at another, in seconds on the same clock.

        While others are under way before it, only what it took after the last of them counts: otherwise a queue would
        look like slowness, and make the chunks small that it consists of.
        """
        self.observe(count, now - max(sent, self._last))
        self._last = now

    def observe(self, count: int, seconds: float) -> None:
        """A chunk of so many transactions took so long."""
        if seconds < QUICK:
            if count * 2 >= self.limit:
                self.limit = min(self.maximum, self.limit * 2)
        elif seconds > SLOW:
            least = self.minimum if seconds > STALLED else max(self.minimum, self.limit // 2)
            self.limit = max(least, min(self.limit, int(count * SLOW / seconds)))
