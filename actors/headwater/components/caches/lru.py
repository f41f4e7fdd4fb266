"""Cache `lru`: so many values, and no more."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from headwater.bloblang.gotext import quote
from headwater.components.catalogue import component
from headwater.components.contracts import Cache, KeyExists, KeyNotFound
from headwater.components.eviction import AdaptiveReplacement, Eviction, LeastRecentlyUsed, TwoQueues
from headwater.config.fields import boolean, choice, integer, number, spec, text_map
from headwater.errors import ConfigError

if TYPE_CHECKING:
    from headwater.components.resources import Resources
    from headwater.config.view import Config

SPEC = spec(
    "cache",
    "lru",
    integer("cap", "How many values are kept.", default=1000),
    text_map(
        "init_values",
        "Keys and values that are there from the start.",
        default={},
        examples=({"Nickelback": "1995", "Spice Girls": "1994"},),
    ),
    choice(
        "algorithm",
        ("arc", "standard", "two_queues"),
        "What is pushed out: the least recently used value, or what two queues or adaptive replacement choose.",
        default="standard",
        advanced=True,
    ),
    number(
        "two_queues_recent_ratio",
        "The part for values that were used once, for `two_queues`.",
        default=0.25,
        optional=True,
        advanced=True,
    ),
    number(
        "two_queues_ghost_ratio",
        "How many keys are remembered of values that were pushed out, as a part of `cap`, for `two_queues`.",
        default=0.5,
        optional=True,
        advanced=True,
    ),
    boolean(
        "optimistic",
        "Has no effect: a key is added in one step in any case.",
        default=False,
        advanced=True,
    ),
    summary="Keep a bounded number of values in memory.",
    description="Values do not grow old, and are gone when the process ends.",
    examples=(("A thousand", "cache_resources:\n  - label: recent\n    lru:\n      cap: 1000\n"),),
)


@component(SPEC)
class LruCache(Cache):
    """A bounded map behind a lock."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._items = _eviction(config)
        self._lock = threading.Lock()
        for key, value in config.map("init_values").items():
            self._items.put(key, value.encode("utf-8", "surrogateescape"))

    async def get(self, key: str) -> bytes:
        with self._lock:
            value = self._items.get(key)
        if value is None:
            raise KeyNotFound
        return value

    async def set(self, key: str, value: bytes, ttl: float | None = None) -> None:
        with self._lock:
            self._items.put(key, value)

    async def add(self, key: str, value: bytes, ttl: float | None = None) -> None:
        with self._lock:
            if key in self._items:
                raise KeyExists
            self._items.put(key, value)

    async def delete(self, key: str) -> None:
        with self._lock:
            self._items.remove(key)


def _eviction(config: Config) -> Eviction:
    """The map that a configuration asks for. Raises: ConfigError."""
    capacity = config.integer("cap")
    if capacity <= 0:
        raise ConfigError("invalid lru cache parameter capacity: must be bigger than 0")
    algorithm = config.text("algorithm")
    if algorithm == "standard":
        return LeastRecentlyUsed(capacity)
    if algorithm == "arc":
        return AdaptiveReplacement(capacity)
    if algorithm == "two_queues":
        ratios = []
        for name in ("recent", "ghost"):
            ratio = config.number(f"two_queues_{name}_ratio")
            if not 0 <= ratio <= 1:
                raise ConfigError(f"invalid {name} ratio")
            ratios.append(ratio)
        return TwoQueues(capacity, *ratios)
    raise ConfigError(
        f'algorithm {quote(algorithm)} not supported. the supported values are "standard", "arc" and "two_queues"'
    )
