"""Processor `catch`: children for what has failed."""

from __future__ import annotations

from collections.abc import Callable

BOOM = "- mapping: 'root = if this.a == 2 { throw(\"boom\") } else { this }'\n"


def test_failed_messages_are_handled_and_no_longer_marked(contents: Callable[..., list[str]]) -> None:
    assert contents(BOOM + "- catch:\n    - mapping: root.why = error()", '{"a":1}', '{"a":2}') == [
        '{"a":1}',
        '{"why":"failed assignment (line 1): boom"}',
    ]


def test_an_empty_list_takes_the_marks_off(contents: Callable[..., list[str]]) -> None:
    assert contents(BOOM + "- catch: []", ['{"a":2}']) == ['{"a":2}']


def test_children_that_fail_leave_no_mark(contents: Callable[..., list[str]]) -> None:
    processors = BOOM + '- catch:\n    - mapping: root = throw("again")\n    - mapping: root = "still runs"'
    assert contents(processors, '{"a":2}') == ["still runs"]


def test_failed_messages_may_be_dropped(contents: Callable[..., list[str]]) -> None:
    assert contents(BOOM + "- catch:\n    - mapping: root = deleted()", ['{"a":1}', '{"a":2}'], count=1) == ['{"a":1}']


def test_children_that_wait(contents: Callable[..., list[str]]) -> None:
    processors = BOOM + "- catch:\n    - sleep: {duration: 1ms}\n    - mapping: root = batch_size()"
    assert contents(processors, ['{"a":2}', '{"a":1}']) == ["1", '{"a":1}']
