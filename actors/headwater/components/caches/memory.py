"""Cache `memory`: values in the memory of the process."""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING, Final

from headwater.components.catalogue import component
from headwater.components.contracts import Cache, KeyExists, KeyNotFound
from headwater.config.fields import duration, integer, spec, text_map

if TYPE_CHECKING:
    from headwater.components.resources import Resources
    from headwater.config.view import Config

SPEC = spec(
    "cache",
    "memory",
    duration("default_ttl", "How long values are kept that come without a time of their own.", default="5m"),
    duration(
        "compaction_interval",
        "How often values that are too old are swept out; with an empty one they stay, and are found.",
        default="60s",
    ),
    text_map(
        "init_values",
        "Keys and values that are there from the start and never grow old.",
        default={},
        examples=({"Nickelback": "1995", "Spice Girls": "1994"},),
    ),
    integer("shards", "Has no effect: one lock serves all keys well enough.", default=1, advanced=True),
    summary="Keep values in memory, for all streams that use the resource.",
    description="Values are gone when the process ends.",
    examples=(("A minute", "cache_resources:\n  - label: recent\n    memory:\n      default_ttl: 60s\n"),),
)

ALWAYS: Final = math.inf


@component(SPEC)
class MemoryCache(Cache):
    """A dict with times. Old values are not found any more, but stand in the way of an `add` until they are swept out,
    which a write does when it is time."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._clock = resources.clock
        self._ttl = config.duration("default_ttl")
        self._interval = config.optional_duration("compaction_interval") or 0.0
        self._lock = threading.Lock()
        self._items: dict[str, tuple[bytes, float]] = {
            key: (value.encode("utf-8", "surrogateescape"), ALWAYS) for key, value in config.map("init_values").items()
        }
        self._swept = self._clock.now()

    # HOT: once a message of processors that use a cache
    async def get(self, key: str) -> bytes:
        found = self._items.get(key)
        if found is None or self._old(found[1]):
            raise KeyNotFound
        return found[0]

    async def set(self, key: str, value: bytes, ttl: float | None = None) -> None:
        entry = (value, self._due(ttl))
        with self._lock:
            self._sweep()
            self._items[key] = entry

    async def add(self, key: str, value: bytes, ttl: float | None = None) -> None:
        entry = (value, self._due(ttl))
        with self._lock:
            if key in self._items:
                raise KeyExists
            self._sweep()
            self._items[key] = entry

    async def delete(self, key: str) -> None:
        with self._lock:
            self._sweep()
            self._items.pop(key, None)

    def _due(self, ttl: float | None) -> float:
        return self._clock.now() + (self._ttl if ttl is None else ttl)

    def _old(self, due: float) -> bool:
        return due != ALWAYS and self._interval > 0 and due < self._clock.now()

    def _sweep(self) -> None:
        now = self._clock.now()
        if self._interval > 0 and now - self._swept >= self._interval:
            self._swept = now
            self._items = {key: item for key, item in self._items.items() if item[1] >= now}
