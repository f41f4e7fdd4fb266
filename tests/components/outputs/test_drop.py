"""Output `drop`: everything counts as delivered."""

from __future__ import annotations

from collections.abc import Callable


def test_messages_are_acked(deliver: Callable[..., list[str]]) -> None:
    assert deliver("output: {drop: {}}", "a", ["b", "c"]) == ["", ""]
