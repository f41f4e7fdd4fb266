"""Processor `mapping`: a new document of each message."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from headwater.bloblang import compile_mapping


def test_a_new_document(contents: Callable[..., list[str]]) -> None:
    assert contents("- mapping: root.x = this.a", '{"a":1,"b":2}', '{"a":[2]}') == ['{"x":1}', '{"x":[2]}']


def test_deleted_messages_are_gone_and_delivered(contents: Callable[..., list[str]]) -> None:
    mapping = "- mapping: 'root = if this.a == 1 { deleted() } else { this }'"
    assert contents(mapping, '{"a":1}', '{"a":2}', count=1) == ['{"a":2}']


def test_a_failure_marks_the_message_and_leaves_it_as_it_was(outcomes: Callable[..., Any]) -> None:
    assert outcomes('- mapping: root = throw("no %v".format(this.a))', '{"a": 1}', "bad") == [
        ('{"a": 1}', "failed assignment (line 1): no 1"),
        (
            "bad",
            "failed assignment (line 1): unable to reference message as structured (with 'this.a'): parse as json: "
            "invalid character 'b' looking for beginning of value",
        ),
    ]


def test_mappings_that_look_at_the_batch_see_it(contents: Callable[..., list[str]]) -> None:
    mapping = "- mapping: 'root = [batch_index(), batch_size(), json(\"a\").from_all()]'"
    assert contents(mapping, ['{"a":1}', '{"a":2}']) == ["[0,2,[1,2]]", "[1,2,[1,2]]"]


def test_only_failed_messages_of_a_chunk_are_marked(outcomes: Callable[..., Any]) -> None:
    sent = [f'{{"a":{number}}}' for number in range(50)]
    results = outcomes("- mapping: 'root = if this.a % 7 == 0 { throw(\"seven\") } else { this.a }'", *sent)
    for number, (content, error) in enumerate(results):
        if number % 7:
            assert (content, error) == (str(number), "")
        else:
            assert (content, error) == (sent[number], "failed assignment (line 1): seven")


@pytest.mark.parametrize(
    ("query", "alone"),
    [
        ("content()", True),
        ('json("a")', True),
        ('metadata("k")', True),
        ('@k | meta("k")', True),
        ("error() | error_source_label() | tracing_id()", True),
        ("batch_index()", False),
        ("batch_size()", False),
        ("content().from(0)", False),
        ('json("a").from_all()', False),
    ],
)
def test_only_what_looks_at_other_messages_is_run_batch_by_batch(query: str, alone: bool) -> None:
    assert compile_mapping(f"root = {query}").uses_batch is not alone


def test_a_message_of_a_batch_sees_its_own_content(contents: Callable[..., list[str]]) -> None:
    mapping = "- mapping: 'root = [content().string(), json(\"a\"), error()]'"
    assert contents(mapping, ['{"a":1}', '{"a":2}']) == ['["{\\"a\\":1}",1,null]', '["{\\"a\\":2}",2,null]']
