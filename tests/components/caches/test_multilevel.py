"""Cache `multilevel`: near and far."""

from __future__ import annotations

from typing import Any

import pytest

from headwater.components.contracts import KeyExists
from headwater.errors import ConfigError


def test_what_is_far_is_copied_near(caches: Any) -> None:
    near = caches.make("memory: {}", "near")
    far = caches.make("memory: {init_values: {a: far}}", "far")
    cache = caches.make("multilevel: [near, far]")
    assert caches.found(near, "a") == [None]
    assert caches.found(cache, "a") == [b"far"]
    assert caches.found(near, "a") == [b"far"]
    with pytest.raises(KeyExists):
        caches.run(cache.add("a", b"1"))
    caches.run(cache.add("b", b"2"))
    assert caches.found(near, "b") == caches.found(far, "b") == [b"2"]
    caches.run(cache.delete("a"))
    assert caches.found(near, "a") == caches.found(far, "a") == [None]


@pytest.mark.parametrize(
    ("labels", "text"),
    [
        ("[near]", "expected at least two cache levels, found 1"),
        ("[near, nope]", "cache resource 'nope' was not found"),
    ],
)
def test_levels_have_to_be_there(caches: Any, labels: str, text: str) -> None:
    caches.make("memory: {}", "near")
    with pytest.raises(ConfigError, match=text):
        caches.make(f"multilevel: {labels}")
