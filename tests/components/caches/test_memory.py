"""Cache `memory`: values and their time."""

from __future__ import annotations

from typing import Any

import pytest

from headwater.components.contracts import KeyExists


def test_values_grow_old(caches: Any) -> None:
    cache = caches.make("memory: {default_ttl: 10s, compaction_interval: 60s}")
    caches.run(cache.set("a", b"1"))
    caches.run(cache.set("b", b"2", 20.0))
    caches.host.clock.advance(11)
    assert caches.found(cache, "a", "b") == [None, b"2"]


def test_old_values_stand_in_the_way_until_they_are_swept_out(caches: Any) -> None:
    cache = caches.make("memory: {default_ttl: 10s, compaction_interval: 60s}")
    caches.run(cache.set("a", b"1"))
    caches.host.clock.advance(61)
    with pytest.raises(KeyExists):
        caches.run(cache.add("a", b"2"))
    caches.run(cache.set("b", b"3"))
    caches.run(cache.add("a", b"4"))
    assert caches.found(cache, "a") == [b"4"]


def test_without_compaction_they_do_not(caches: Any) -> None:
    cache = caches.make("memory: {default_ttl: 10s, compaction_interval: ''}")
    caches.run(cache.set("a", b"1"))
    caches.host.clock.advance(100)
    assert caches.found(cache, "a") == [b"1"]


def test_values_from_the_start_stay(caches: Any) -> None:
    cache = caches.make("memory: {default_ttl: 10s, init_values: {a: one}}")
    caches.host.clock.advance(100)
    caches.run(cache.set("b", b"2"))
    assert caches.found(cache, "a") == [b"one"]
