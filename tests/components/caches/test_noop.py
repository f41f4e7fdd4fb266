"""Cache `noop`: nothing is kept."""

from __future__ import annotations

from typing import Any


def test_nothing_is_found(caches: Any) -> None:
    cache = caches.make("noop: {}")
    caches.run(cache.set("a", b"1"))
    caches.run(cache.add("a", b"1"))
    caches.run(cache.add("a", b"1"))
    caches.run(cache.delete("a"))
    assert caches.found(cache, "a") == [None]
