"""Cache `multilevel`: near and far."""

from __future__ import annotations

from typing import Any

import pytest

from headwater.components.contracts import KeyExists
from headwater.errors import ComponentError, ConfigError


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


def test_there_are_two_levels_at_least(caches: Any) -> None:
    with pytest.raises(ConfigError, match="expected at least two cache levels, found 1"):
        caches.make("multilevel: [near]")


def test_a_level_that_is_missing_is_told(caches: Any) -> None:
    caches.make("memory: {}", "near")
    cache = caches.make("multilevel: [near, nope]")
    with pytest.raises(ComponentError, match="unable to access cache 'nope': unable to locate resource: nope"):
        caches.run(cache.get("a"))
