"""Processor `processors`: children one after the other."""

from __future__ import annotations

from collections.abc import Callable


def test_children_run_in_order(contents: Callable[..., list[str]]) -> None:
    assert contents("- processors:\n    - mapping: root = this.b\n    - mapping: root = this + 1", '{"b":1}') == ["2"]


def test_batches_may_be_split(contents: Callable[..., list[str]]) -> None:
    processors = "- processors:\n    - split: {size: 1}\n- mapping: root = batch_size()"
    assert contents(processors, ["a", "b"]) == ["1", "1"]
