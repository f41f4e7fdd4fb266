"""Cache `ttlru`: bounded by number and time."""

from __future__ import annotations

from typing import Any

import pytest

from headwater.components.contracts import KeyExists
from headwater.errors import ConfigError


def test_all_values_have_the_same_time(caches: Any) -> None:
    cache = caches.make("ttlru: {cap: 2, default_ttl: 10s}")
    caches.run(cache.set("a", b"1", 1.0))
    caches.host.clock.advance(9)
    caches.run(cache.set("b", b"2", 100.0))
    assert caches.found(cache, "a", "b") == [b"1", b"2"]
    caches.host.clock.advance(2)
    assert caches.found(cache, "a", "b") == [None, b"2"]


def test_the_least_recently_used_goes(caches: Any) -> None:
    cache = caches.make("ttlru: {cap: 2, init_values: {a: one}}")
    caches.run(cache.set("b", b"2"))
    caches.found(cache, "a")
    caches.run(cache.set("c", b"3"))
    assert caches.found(cache, "a", "b", "c") == [b"one", None, b"3"]


def test_the_older_name_of_the_time_counts(caches: Any) -> None:
    cache = caches.make("ttlru: {ttl: 1s}")
    caches.run(cache.set("a", b"1"))
    caches.host.clock.advance(2)
    assert caches.found(cache, "a") == [None]


def test_a_capacity_is_needed(caches: Any) -> None:
    with pytest.raises(ConfigError, match="must be bigger than 0"):
        caches.make("ttlru: {cap: 0}")


def test_adding_what_is_there_does_not_count_as_use(caches: Any) -> None:
    cache = caches.make("ttlru: {cap: 2}")
    for key in ("a", "b"):
        caches.run(cache.add(key, b"1"))
    with pytest.raises(KeyExists):
        caches.run(cache.add("a", b"2"))
    caches.run(cache.add("c", b"1"))
    assert caches.found(cache, "a", "b", "c") == [None, b"1", b"1"]
