"""Processor `noop`: nothing happens."""

from __future__ import annotations

from collections.abc import Callable


def test_nothing_happens(contents: Callable[..., list[str]]) -> None:
    assert contents("- noop: {}", '{ "a" : 1 }', ["b", "c"]) == ['{ "a" : 1 }', "b", "c"]
