"""Processor `branch`: children for a copy, and what came of it mapped back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from headwater.errors import ConfigError
from headwater.message import Message

BRANCH = """
- branch:
    request_map: root = this.b
    processors: [{mapping: 'root = content().uppercase()'}]
    result_map: root.up = content().string()
"""


def test_the_message_stays_but_for_the_result(contents: Callable[..., list[str]]) -> None:
    assert contents(BRANCH, '{"a":1,"b":"x"}') == ['{"a":1,"b":"x","up":"X"}']


def test_without_maps_nothing_comes_back(contents: Callable[..., list[str]]) -> None:
    assert contents('- branch: {processors: [{mapping: root = "lost"}]}', '{"a":1}') == ['{"a":1}']


def test_skipped_messages_keep_their_places(contents: Callable[..., list[str]]) -> None:
    branch = """
- branch:
    request_map: 'root = if this.a == 2 { deleted() } else { this }'
    processors: [{mapping: root.at = batch_index()}]
    result_map: root.at = this.at
"""
    assert contents(branch, ['{"a":1}', '{"a":2}', '{"a":3}']) == ['{"a":1,"at":0}', '{"a":2}', '{"a":3,"at":1}']


def test_metadata_of_both_sides(process: Callable[..., list[Message]]) -> None:
    branch = """
- branch:
    request_map: meta q = "sent"
    processors: [{mapping: 'meta got = @q + " back"'}]
    result_map: |
      meta got = metadata("got")
      meta own = @o
"""
    [message] = process(branch, "x", metadata={"o": 1})
    assert message.metadata == {"o": 1, "own": 1, "got": "sent back"}


@pytest.mark.parametrize(
    ("branch", "error"),
    [
        (
            'request_map: root = throw("a"), processors: [{noop: {}}]',
            "request mapping failed: failed assignment (line 1): a",
        ),
        ('processors: [{mapping: root = throw("b")}]', "processors failed: failed assignment (line 1): b"),
        (
            'processors: [{noop: {}}], result_map: root = throw("c")',
            "result mapping failed: failed assignment (line 1): c",
        ),
        ("processors: [{mapping: root = deleted()}]", "child processors resulted in zero messages"),
    ],
)
def test_failures_leave_the_message_as_it_was(outcomes: Callable[..., Any], branch: str, error: str) -> None:
    assert outcomes(f"- branch: {{{branch}}}", '{ "a":1}') == [('{ "a":1}', error)]


def test_as_many_must_come_out_as_went_in(outcomes: Callable[..., Any]) -> None:
    results = outcomes("- branch: {processors: [{select_parts: {parts: [0]}}]}", ["a", "b"])
    assert {error for _, error in results} == {
        "message count from branch processors does not match request, started with 1 messages, finished with 2"
    }


def test_marks_of_before_stay_and_children_do_not_see_them(outcomes: Callable[..., Any]) -> None:
    processors = (
        '- mapping: root = throw("x")\n- branch: {processors: [{mapping: root = errored()}], result_map: root.e = this}'
    )
    assert outcomes(processors, "{}") == [('{"e":false}', "failed assignment (line 1): x")]


def test_processors_are_required(contents: Callable[..., list[str]]) -> None:
    with pytest.raises(ConfigError, match="requires at least one child processor"):
        contents("- branch: {processors: []}", "x")
