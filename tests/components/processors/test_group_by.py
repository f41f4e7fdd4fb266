"""Processor `group_by`: a batch of its own for each group of messages."""

from __future__ import annotations

from collections.abc import Callable


def test_groups_are_batches_in_order(contents: Callable[..., list[str]]) -> None:
    processors = """
- group_by:
    - {check: this.t == "y", processors: [{archive: {format: lines}}]}
    - {check: this.t == "x"}
- mapping: 'root = content().string() + " of %v".format(batch_size())'
"""
    batch = ['{"t":"x"}', '{"t":"y","n":1}', '{"t":"z"}', '{"t":"y","n":2}', '{"t":"x"}']
    assert contents(processors, batch, count=4) == [
        '{"t":"y","n":1}\n{"t":"y","n":2} of 1',
        '{"t":"x"} of 2',
        '{"t":"x"} of 2',
        '{"t":"z"} of 1',
    ]


def test_a_check_that_fails_is_no_match(contents: Callable[..., list[str]]) -> None:
    assert contents("- group_by: [{check: this.a == 1}]", ["bad", '{"a":1}']) == ['{"a":1}', "bad"]
