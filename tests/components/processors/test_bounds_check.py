"""Processor `bounds_check`: batches out of bounds are dropped."""

from __future__ import annotations

from collections.abc import Callable


def test_messages_out_of_bounds_are_dropped(contents: Callable[..., list[str]]) -> None:
    sent = ["abc", "abcd", "ab", ""]
    assert contents("- bounds_check: {max_part_size: 3}", *sent, count=2) == ["abc", "ab"]


def test_one_message_drops_its_batch(contents: Callable[..., list[str]]) -> None:
    assert contents("- bounds_check: {max_part_size: 2}", ["a", "bbb"], ["c", "d"], count=2) == ["c", "d"]


def test_the_number_of_messages(contents: Callable[..., list[str]]) -> None:
    assert contents("- bounds_check: {min_parts: 2, max_parts: 2}", ["a"], ["b", "c"], ["d"] * 3, count=2) == ["b", "c"]
