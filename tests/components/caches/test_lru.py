"""Cache `lru`: what is pushed out."""

from __future__ import annotations

import random
from typing import Any

import pytest

from headwater.errors import ConfigError


def test_the_least_recently_used_goes(caches: Any) -> None:
    cache = caches.make("lru: {cap: 2, init_values: {a: one}}")
    caches.run(cache.set("b", b"2"))
    assert caches.found(cache, "a") == [b"one"]
    caches.run(cache.set("c", b"3"))
    assert caches.found(cache, "a", "b", "c") == [b"one", None, b"3"]


@pytest.mark.parametrize("algorithm", ["two_queues", "arc"])
def test_what_is_used_often_survives_a_run_of_new_keys(caches: Any, algorithm: str) -> None:
    cache = caches.make(f"lru: {{cap: 8, algorithm: {algorithm}}}")
    for key in ("a", "b"):
        caches.run(cache.set(key, b"x"))
        caches.found(cache, key)
    for number in range(100):
        caches.run(cache.set(str(number), b"x"))
    assert caches.found(cache, "a", "b") == [b"x", b"x"]


@pytest.mark.parametrize("algorithm", ["standard", "two_queues", "arc"])
def test_no_more_than_the_capacity_is_kept(caches: Any, algorithm: str) -> None:
    cache = caches.make(f"lru: {{cap: 5, algorithm: {algorithm}}}")
    choice = random.Random(1)
    for _ in range(500):
        key = str(choice.randrange(12))
        match choice.randrange(3):
            case 0:
                caches.run(cache.set(key, key.encode()))
                assert caches.found(cache, key) == [key.encode()]
            case 1:
                assert caches.found(cache, key)[0] in (None, key.encode())
            case _:
                caches.run(cache.delete(key))
                assert caches.found(cache, key) == [None]
        assert len(cache._items) <= 5


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ("cap: 0", "invalid lru cache parameter capacity: must be bigger than 0"),
        (
            "algorithm: nope",
            'algorithm "nope" not supported. the supported values are "standard", "arc" and "two_queues"',
        ),
        ("algorithm: two_queues, two_queues_recent_ratio: 2", "invalid recent ratio"),
    ],
)
def test_values_that_make_no_sense(caches: Any, config: str, text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        caches.make(f"lru: {{{config}}}")
