"""Processor `parallel`: children for all messages of a batch at once."""

from __future__ import annotations

import time
from collections.abc import Callable


def test_order_is_kept(contents: Callable[..., list[str]]) -> None:
    processors = """
- parallel:
    processors:
      - sleep: {duration: '${! 30 - this * 10 }ms'}
      - mapping: root = [this, batch_size()]
"""
    assert contents(processors, ["1", "2", "3"]) == ["[1,1]", "[2,1]", "[3,1]"]


def test_messages_wait_at_the_same_time(contents: Callable[..., list[str]]) -> None:
    started = time.monotonic()
    contents("- parallel:\n    processors:\n      - sleep: {duration: 100ms}", ["a"] * 10)
    assert time.monotonic() - started < 0.7


def test_a_cap_bounds_how_many_wait(contents: Callable[..., list[str]]) -> None:
    started = time.monotonic()
    contents("- parallel:\n    cap: 1\n    processors:\n      - sleep: {duration: 50ms}", ["a", "b", "c"])
    assert time.monotonic() - started >= 0.15


def test_children_that_do_not_wait(contents: Callable[..., list[str]]) -> None:
    assert contents(
        "- parallel:\n    processors:\n      - mapping: 'root = if this == 2 { deleted() }'", ["1", "2"], count=1
    ) == ["1"]
