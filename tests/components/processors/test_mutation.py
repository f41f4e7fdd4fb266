"""Processor `mutation`: documents that are changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def test_other_fields_stay(contents: Callable[..., list[str]]) -> None:
    assert contents("- mutation: 'root.c = this.a + 1'", '{"a":1,"b":2}') == ['{"a":1,"b":2,"c":2}']


def test_what_was_assigned_is_seen(contents: Callable[..., list[str]]) -> None:
    assert contents("- mutation: |\n    root.a = 10\n    root.d = this.a", '{"a":1}') == ['{"a":10,"d":10}']


def test_fields_and_messages_are_deleted(contents: Callable[..., list[str]]) -> None:
    mutation = "- mutation: 'root = if this.a == 2 { deleted() }'\n- mutation: root.a = deleted()"
    assert contents(mutation, '{"a":1,"b":1}', '{"a":2}', count=1) == ['{"b":1}']


def test_a_failure_keeps_what_was_done(outcomes: Callable[..., Any]) -> None:
    [(content, error)] = outcomes('- mutation: |\n    root.x = 1\n    root.y = throw("no")', '{"a":1}')
    assert (content, error) == ('{"a":1,"x":1}', "failed assignment (line 2): no")
