"""Processor `group_by_value`: a batch of its own for each value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def test_a_batch_for_each_value(contents: Callable[..., list[str]]) -> None:
    processors = "- group_by_value: {value: '${! json(\"t\") }'}\n- mapping: 'root = [this.n, batch_size()]'"
    batch = ['{"t":"x","n":1}', '{"t":"y","n":2}', '{"t":"x","n":3}']
    assert contents(processors, batch) == ["[1,2]", "[3,2]", "[2,1]"]


def test_a_value_that_fails_marks_the_message(outcomes: Callable[..., Any]) -> None:
    [(_, error)] = outcomes("- group_by_value: {value: '${! json(\"n\").uppercase() }'}", '{"n":1}')
    assert error == "group value interpolation error: expected string value, got number from json path `n` (1)"
