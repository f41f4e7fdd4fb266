"""Processor `for_each`: children for each message by itself."""

from __future__ import annotations

from collections.abc import Callable


def test_messages_are_alone(contents: Callable[..., list[str]]) -> None:
    assert contents("- for_each:\n    - mapping: root = [batch_index(), batch_size()]", ["a", "b"]) == [
        "[0,1]",
        "[0,1]",
    ]


def test_results_are_one_batch(contents: Callable[..., list[str]]) -> None:
    processors = "- for_each:\n    - unarchive: {format: json_array}\n- mapping: root = [this, batch_size()]"
    assert contents(processors, ["[1,2]", "[3]"], count=3) == ["[1,3]", "[2,3]", "[3,3]"]


def test_dropped_messages_are_left_out(contents: Callable[..., list[str]]) -> None:
    processors = "- for_each:\n    - mapping: 'root = if this == 1 { deleted() }'"
    assert contents(processors, ["1", "2"], count=1) == ["2"]
