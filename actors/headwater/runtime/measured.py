"""Caches and rate limits with what is counted of them."""

from __future__ import annotations

import time
from collections.abc import Awaitable
from typing import TypeVar

from headwater.components.contracts import Cache, KeyExists, KeyNotFound, RateLimit
from headwater.components.resources import Resources
from headwater.telemetry.metrics import Counter, Timing

T = TypeVar("T")

_now = time.perf_counter_ns


class _Operation:
    """The series of one operation of a cache."""

    __slots__ = ("_error", "_expected", "_latency", "_success")

    def __init__(self, resources: Resources, name: str) -> None:
        metrics = resources.metrics
        self._success: Counter = metrics.counter("cache_success", operation=name)
        self._error: Counter = metrics.counter("cache_error", operation=name)
        self._latency: Timing = metrics.timing("cache_latency_ns", operation=name)
        expected = {"get": "cache_not_found", "add": "cache_duplicate"}.get(name)
        self._expected: Counter = metrics.counter(expected, operation=name) if expected else self._error

    async def run(self, call: Awaitable[T]) -> T:
        """Make a call and count how it went."""
        started = _now()
        try:
            result = await call
        except (KeyNotFound, KeyExists):
            self._expected.add()
            raise
        except Exception:
            self._error.add()
            raise
        finally:
            self._latency.observe(_now() - started)
        self._success.add()
        return result


class MeasuredCache(Cache):
    """A cache, and its series."""

    def __init__(self, child: Cache, resources: Resources) -> None:
        self.child = child
        self._get, self._set, self._add, self._delete = (
            _Operation(resources, name) for name in ("get", "set", "add", "delete")
        )

    async def get(self, key: str) -> bytes:
        return await self._get.run(self.child.get(key))

    async def set(self, key: str, value: bytes, ttl: float | None = None) -> None:
        await self._set.run(self.child.set(key, value, ttl))

    async def add(self, key: str, value: bytes, ttl: float | None = None) -> None:
        await self._add.run(self.child.add(key, value, ttl))

    async def delete(self, key: str) -> None:
        await self._delete.run(self.child.delete(key))

    async def close(self) -> None:
        await self.child.close()


class MeasuredRateLimit(RateLimit):
    """A rate limit, and its series."""

    def __init__(self, child: RateLimit, resources: Resources) -> None:
        self.child = child
        metrics = resources.metrics
        self._checked = metrics.counter("rate_limit_checked")
        self._triggered = metrics.counter("rate_limit_triggered")
        self._error = metrics.counter("rate_limit_error")

    async def access(self) -> float:
        self._checked.add()
        try:
            wait = await self.child.access()
        except Exception:
            self._error.add()
            raise
        if wait > 0:
            self._triggered.add()
        return wait

    def spend(self, size: int) -> None:
        self.child.spend(size)

    async def close(self) -> None:
        await self.child.close()
