"""What all caches promise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from headwater.components.contracts import KeyExists, KeyNotFound

KINDS = [
    "memory: {}",
    "lru: {cap: 10}",
    "lru: {cap: 10, algorithm: arc}",
    "lru: {cap: 10, algorithm: two_queues}",
    "ttlru: {cap: 10}",
    "ristretto: {}",
    "file: {directory: 'FOLDER'}",
    "multilevel: [near, far]",
]


@pytest.fixture(params=KINDS)
def cache(request: pytest.FixtureRequest, caches: Any, tmp_path: Path) -> Any:
    caches.make("memory: {}", "near")
    caches.make("memory: {}", "far")
    return caches.make(request.param.replace("FOLDER", str(tmp_path)))


def test_a_value_is_found_until_it_is_deleted(caches: Any, cache: Any) -> None:
    caches.run(cache.set("a", b"1"))
    caches.run(cache.set("b", b""))
    caches.run(cache.set("a", b"2"))
    assert caches.found(cache, "a", "b", "c") == [b"2", b"", None]
    caches.run(cache.delete("a"))
    assert caches.found(cache, "a", "b") == [None, b""]


def test_a_key_is_added_once(caches: Any, cache: Any) -> None:
    caches.run(cache.add("a", b"1"))
    with pytest.raises(KeyExists):
        caches.run(cache.add("a", b"2"))
    assert caches.found(cache, "a") == [b"1"]
    caches.run(cache.delete("a"))
    caches.run(cache.add("a", b"3"))
    assert caches.found(cache, "a") == [b"3"]


def test_what_is_not_there_is_said_so(caches: Any, cache: Any) -> None:
    with pytest.raises(KeyNotFound, match="key does not exist"):
        caches.run(cache.get("nope"))
