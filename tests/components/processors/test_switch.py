"""Processor `switch`: children of the first case that a message matches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from headwater.errors import ConfigError

CASES = """
- switch:
    - check: this.a == 1
      processors: [{mapping: root = "one"}]
    - check: this.a == 2
      processors: [{mapping: root = deleted()}]
    - check: this.a == 3
      processors: [{mapping: 'root = [batch_index(), batch_size()]'}]
"""


def test_the_first_case_that_matches(contents: Callable[..., list[str]]) -> None:
    assert contents(CASES, '{"a":1}', '{"a":2}', '{"a":4}', count=2) == ["one", '{"a":4}']


def test_messages_of_a_case_are_a_batch_and_order_stays(contents: Callable[..., list[str]]) -> None:
    batch = ['{"a":3}', '{"a":1}', '{"a":3}', '{"a":2}', '{"a":4}']
    assert contents(CASES, batch, count=4) == ["[0,2]", "one", "[1,2]", '{"a":4}']


def test_a_check_that_fails_marks_the_message(outcomes: Callable[..., Any]) -> None:
    text = (
        "failed assignment (line 1): unable to reference message as structured (with 'this.a'): parse as json: "
        "invalid character 'b' looking for beginning of value"
    )
    assert outcomes("- switch: [{check: this.a == 1, processors: [{noop: {}}]}]", "bad") == [("bad", text)]


def test_falling_through(contents: Callable[..., list[str]]) -> None:
    cases = """
- switch:
    - {check: this == 1, fallthrough: true, processors: [{mapping: root = this + 10}]}
    - {check: 'false', processors: [{mapping: root = this + 100}]}
"""
    assert contents(cases, "1", ["2", "1"]) == ["111", "2", "111"]


def test_going_on(contents: Callable[..., list[str]]) -> None:
    cases = """
- switch:
    - {check: this == 1, continue: true, processors: [{mapping: root = this + 1}]}
    - {check: this == 2, processors: [{mapping: root = this + 100}]}
"""
    assert contents(cases, "1", ["2", "1", "3"]) == ["102", "102", "102", "3"]


def test_children_that_wait(contents: Callable[..., list[str]]) -> None:
    cases = "- switch: [{check: this == 2, processors: [{sleep: {duration: 1ms}}, {mapping: root = this + 1}]}]"
    assert contents(cases, ["1", "2", "3"]) == ["1", "3", "3"]


def test_a_case_needs_processors(contents: Callable[..., list[str]]) -> None:
    with pytest.raises(ConfigError, match="case '0' parse error: case has no processors"):
        contents("- switch: [{check: 'true'}]", "x")
