"""Processor `try`: children until one of them fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from headwater.message import Message

STOPS = """
- try:
    - mapping: 'root = if this.a == 2 { throw("boom") } else { this }'
    - mapping: root = this.merge({"after":true})
"""


def test_what_failed_skips_the_rest(outcomes: Callable[..., Any]) -> None:
    assert outcomes(STOPS, '{"a":1}', '{"a":2}') == [
        ('{"a":1,"after":true}', ""),
        ('{"a":2}', "failed assignment (line 1): boom"),
    ]


def test_messages_of_a_batch_are_alone(outcomes: Callable[..., Any]) -> None:
    results = outcomes(STOPS + "    - mapping: root = batch_size()", ['{"a":2}', '{"a":1}'])
    assert results == [('{"a":2}', "failed assignment (line 1): boom"), ("1", "")]


def test_what_had_failed_before_is_left_alone(outcomes: Callable[..., Any]) -> None:
    assert outcomes('- mapping: root = throw("before")\n- try:\n    - mapping: root = "changed"', "x") == [
        ("x", "failed assignment (line 1): before")
    ]


def test_the_mark_says_which_child_failed(process: Callable[..., list[Message]]) -> None:
    [message] = process('- try:\n    - label: inner\n      mapping: root = throw("x")', "a")
    assert message.error is not None
    assert (message.error.name, message.error.label, message.error.path) == (
        "mapping",
        "inner",
        "pipeline.processors.0.try.0",
    )


def test_children_that_wait(outcomes: Callable[..., Any]) -> None:
    processors = '- try:\n    - sleep: {duration: 1ms}\n    - mapping: root = throw("x")\n    - mapping: root = "no"'
    assert outcomes(processors, ["a", "b"]) == [
        ("a", "failed assignment (line 1): x"),
        ("b", "failed assignment (line 1): x"),
    ]
