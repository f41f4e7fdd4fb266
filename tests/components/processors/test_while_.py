"""Processor `while`: children again and again."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from headwater.errors import ConfigError


def test_it_runs_while_the_check_is_true(contents: Callable[..., list[str]]) -> None:
    processors = "- while:\n    check: this.a < 5\n    processors:\n      - mapping: root.a = this.a + 2"
    assert contents(processors, '{"a":1}', '{"a":9}') == ['{"a":5}', '{"a":9}']


def test_at_least_once(contents: Callable[..., list[str]]) -> None:
    processors = "- while: {at_least_once: true, check: 'false', processors: [{mapping: root.a = 1}]}"
    assert contents(processors, "{}") == ['{"a":1}']


def test_at_most_so_often_and_other_work_gets_its_turn(contents: Callable[..., list[str]]) -> None:
    processors = "- while: {max_loops: 200, check: 'true', processors: [{mapping: root.a = this.a + 1}]}"
    assert contents(processors, '{"a":0}') == ['{"a":200}']


def test_a_check_that_fails_ends_it(contents: Callable[..., list[str]]) -> None:
    assert contents("- while: {check: this.a > 0, processors: [{mapping: root = deleted()}]}", "bad") == ["bad"]


def test_a_check_is_required(contents: Callable[..., list[str]]) -> None:
    with pytest.raises(ConfigError, match="a check query is required"):
        contents("- while: {processors: [{noop: {}}]}", "x")
