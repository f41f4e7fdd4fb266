"""Cache `ristretto`: values in memory up to a bounded number of bytes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from headwater import tasks
from headwater.components.catalogue import component
from headwater.components.contracts import Cache, KeyExists, KeyNotFound
from headwater.components.redelivery import BackoffPolicy
from headwater.config.fields import boolean, duration, obj, spec, text

if TYPE_CHECKING:
    from headwater.components.resources import Resources
    from headwater.config.view import Config

SPEC = spec(
    "cache",
    "ristretto",
    duration(
        "default_ttl",
        "How long values are kept that come without a time of their own; an empty one is for ever.",
        default="",
        examples=("5m", "60s"),
    ),
    obj(
        "get_retries",
        boolean("enabled", "Whether to look again for a key that is not there.", default=False, advanced=True),
        text("initial_interval", "The first wait.", default="1s", advanced=True, examples=("50ms", "1s")),
        text("max_interval", "The longest wait.", default="5s", advanced=True, examples=("5s", "1m")),
        duration("max_elapsed_time", "Give up after this long.", default="30s", advanced=True, examples=("1m", "1h")),
        description="Whether and how to look again for a key, since another stream may be about to set it.",
        advanced=True,
    ),
    summary="Keep values in memory up to a gigabyte, the least recently used ones going first.",
    description="Values are gone when the process ends.",
    examples=(
        ("A quarter of an hour", "cache_resources:\n  - label: recent\n    ristretto:\n      default_ttl: 15m\n"),
    ),
)

CAPACITY: Final = 1 << 30
"""Bytes of keys and values."""


@component(SPEC)
class RistrettoCache(Cache):
    """Bounded by bytes instead of by number."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._clock = resources.clock
        self._ttl = config.optional_duration("default_ttl") or 0.0
        self._retries: BackoffPolicy | None = None
        if config.boolean("get_retries.enabled"):
            self._retries = BackoffPolicy.of(config.object("get_retries"))
        self._lock = threading.Lock()
        self._items: OrderedDict[str, tuple[bytes, float]] = OrderedDict()
        self._size = 0

    async def get(self, key: str) -> bytes:
        value = self._look_up(key)
        if value is None and self._retries is not None:
            backoff = self._retries.start(self._clock)
            while value is None and (wait := backoff.wait()) is not None:
                await tasks.sleep(wait)
                value = self._look_up(key)
        if value is None:
            raise KeyNotFound
        return value

    async def set(self, key: str, value: bytes, ttl: float | None = None) -> None:
        with self._lock:
            self._put(key, value, ttl)

    async def add(self, key: str, value: bytes, ttl: float | None = None) -> None:
        with self._lock:
            if self._find(key) is not None:
                raise KeyExists
            self._put(key, value, ttl)

    async def delete(self, key: str) -> None:
        with self._lock:
            self._drop(key)

    def _look_up(self, key: str) -> bytes | None:
        with self._lock:
            return self._find(key)

    def _find(self, key: str) -> bytes | None:
        found = self._items.get(key)
        if found is None:
            return None
        value, due = found
        if due and due <= self._clock.now():
            self._drop(key)
            return None
        self._items.move_to_end(key)
        return value

    def _put(self, key: str, value: bytes, ttl: float | None) -> None:
        self._drop(key)
        seconds = self._ttl if ttl is None else ttl
        self._items[key] = (value, self._clock.now() + seconds if seconds > 0 else 0.0)
        self._size += len(key) + len(value)
        while self._size > CAPACITY:
            self._drop(next(iter(self._items)))

    def _drop(self, key: str) -> None:
        found = self._items.pop(key, None)
        if found is not None:
            self._size -= len(key) + len(found[0])
