"""Cache `ristretto`: bounded by bytes; patient readers."""

from __future__ import annotations

from typing import Any

import pytest

from headwater.components.caches import ristretto


def test_values_grow_old(caches: Any) -> None:
    cache = caches.make("ristretto: {default_ttl: 10s}")
    caches.run(cache.set("a", b"1"))
    caches.run(cache.set("b", b"2", 20.0))
    caches.host.clock.advance(11)
    assert caches.found(cache, "a", "b") == [None, b"2"]


def test_the_least_recently_used_goes_when_room_is_needed(caches: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ristretto, "CAPACITY", 30)
    cache = caches.make("ristretto: {}")
    for key in "abc":
        caches.run(cache.set(key, b"0123456789"))
    assert caches.found(cache, "a", "b", "c") == [None, b"0123456789", b"0123456789"]


def test_a_reader_may_wait_for_a_key(caches: Any) -> None:
    cache = caches.make("ristretto: {get_retries: {enabled: true, initial_interval: 1s, max_elapsed_time: 30s}}")
    reading = caches.host.start(cache.get("a"))
    caches.run(cache.set("a", b"1"))
    caches.host.clock.advance(2)
    caches.host.step()
    assert reading.result() == b"1"
    assert caches.found(cache, "b") == [None]
