"""Cache `ttlru`: so many values, and none for longer than a while."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from headwater.components.catalogue import component
from headwater.components.contracts import Cache, KeyExists, KeyNotFound
from headwater.config.fields import boolean, duration, integer, spec, text_map
from headwater.errors import ConfigError

if TYPE_CHECKING:
    from headwater.components.resources import Resources
    from headwater.config.view import Config

SPEC = spec(
    "cache",
    "ttlru",
    integer("cap", "How many values are kept.", default=1024),
    duration("default_ttl", "How long they are kept at most.", default="5m0s"),
    duration(
        "ttl", "An older name of `default_ttl`, which it replaces where it is given.", optional=True, advanced=True
    ),
    text_map(
        "init_values",
        "Keys and values that are there from the start.",
        default={},
        examples=({"Nickelback": "1995", "Spice Girls": "1994"},),
    ),
    boolean("optimistic", "Has no effect: a key is added in one step in any case.", default=False, advanced=True),
    summary="Keep a bounded number of values in memory, for a bounded time.",
    description="All values have the same time to live; one that a single value comes with is ignored.",
    examples=(
        ("An hour", "cache_resources:\n  - label: recent\n    ttlru:\n      cap: 10000\n      default_ttl: 1h\n"),
    ),
)


@component(SPEC)
class TtlruCache(Cache):
    """The least recently used value is pushed out first, unless one is too old."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._clock = resources.clock
        self._capacity = config.integer("cap")
        if self._capacity <= 0:
            raise ConfigError("invalid ttlru cache parameter capacity: must be bigger than 0")
        older = config.optional_duration("ttl")
        if older is not None:
            resources.log.warning('field "ttl" is deprecated, please use "default_ttl"')
        self._ttl = config.duration("default_ttl") if older is None else older
        if self._ttl <= 0:
            raise ConfigError("invalid ttlru cache parameter default_ttl: must be bigger than 0s")
        self._lock = threading.Lock()
        self._items: OrderedDict[str, tuple[bytes, float]] = OrderedDict()
        for key, value in config.map("init_values").items():
            self._put(key, value.encode("utf-8", "surrogateescape"))

    def _put(self, key: str, value: bytes) -> None:
        self._items[key] = (value, self._clock.now() + self._ttl)
        self._items.move_to_end(key)
        if len(self._items) > self._capacity:
            self._items.popitem(last=False)

    def _find(self, key: str) -> bytes | None:
        found = self._items.get(key)
        if found is None:
            return None
        if found[1] <= self._clock.now():
            del self._items[key]
            return None
        self._items.move_to_end(key)
        return found[0]

    async def get(self, key: str) -> bytes:
        with self._lock:
            value = self._find(key)
        if value is None:
            raise KeyNotFound
        return value

    async def set(self, key: str, value: bytes, ttl: float | None = None) -> None:
        with self._lock:
            self._put(key, value)

    async def add(self, key: str, value: bytes, ttl: float | None = None) -> None:
        with self._lock:
            # Looked up without being used: it keeps its place among what may have to go.
            found = self._items.get(key)
            if found is not None and found[1] > self._clock.now():
                raise KeyExists
            self._put(key, value)

    async def delete(self, key: str) -> None:
        with self._lock:
            self._items.pop(key, None)
