"""Rate limit `local`: so many in an interval, for all of this process that share it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from headwater.components.catalogue import component
from headwater.components.contracts import RateLimit
from headwater.config.fields import duration, integer, spec
from headwater.errors import ConfigError

if TYPE_CHECKING:
    from headwater.components.resources import Resources
    from headwater.config.view import Config
    from headwater.yamltext.nodes import Node



def _not_below_zero(node: Node) -> str | None:
    """Refuse a number of bytes that is none."""
    number = node.plain()
    return "byte_size cannot be less than zero" if isinstance(number, int) and number < 0 else None


SPEC = spec(
    "rate_limit",
    "local",
    integer("count", "How many may go ahead in an interval; 0 for any number, where `byte_size` is set.", default=1000),
    duration("interval", "How long an interval is.", default="1s"),
    integer(
        "byte_size",
        "How many bytes may go ahead in an interval; 0 for any number.",
        default=0,
        dialect="bento",
        lint=_not_below_zero,
    ),
    summary="Limit how much goes ahead in an interval.",
    description="The limit holds for all streams of the process that use the resource together.",
    examples=(
        ("Ten a second", "rate_limit_resources:\n  - label: slow\n    local:\n      count: 10\n      interval: 1s\n"),
    ),
)


@component(SPEC)
class LocalRateLimit(RateLimit):
    """An allowance that is renewed when it is used up and its interval is over."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._clock = resources.clock
        self._count = config.integer("count")
        self._bytes = config.integer("byte_size")
        self._interval = config.duration("interval")
        if self._count <= 0 and self._bytes <= 0:
            raise ConfigError("count must be larger than zero")
        if self._count < 0:
            raise ConfigError("count cannot be less than zero")
        if self._bytes < 0:
            raise ConfigError("byte_size cannot be less than zero")
        self._lock = threading.Lock()
        self._renew(self._clock.now())

    def _renew(self, now: float) -> None:
        self._renewed = now
        self._left = self._count
        self._bytes_left = self._bytes

    async def access(self) -> float:
        with self._lock:
            if self._used_up():
                now = self._clock.now()
                wait = self._renewed + self._interval - now
                if wait > 0:
                    return wait
                self._renew(now)
            self._left -= 1
            return 0.0

    def spend(self, size: int) -> None:
        if self._bytes > 0:
            with self._lock:
                self._bytes_left -= size

    def _used_up(self) -> bool:
        return (self._count > 0 and self._left <= 0) or (self._bytes > 0 and self._bytes_left <= 0)
