"""Scanner `csv`: rows as objects or arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Scan = Callable[..., list[Any]]


@pytest.mark.parametrize(
    ("config", "data", "expected"),
    [
        ("csv: {}", b'a,b\n1,x\n2,"y,z"\n', ['{"a":"1","b":"x"}', '{"a":"2","b":"y,z"}']),
        ("csv: {parse_header_row: false}", b"a,b\n1,x\n", ['["a","b"]', '["1","x"]']),
        ("csv: {custom_delimiter: ;}", b"a;b\n1;x\n", ['{"a":"1","b":"x"}']),
        ("csv: {}", b"a,b\n1\n2,y\n", ["! record on line 2: wrong number of fields", '{"a":"2","b":"y"}']),
        ("csv: {}", b"a,b\n", []),
    ],
)
def test_what_is_cut(scan: Scan, config: str, data: bytes, expected: list[str]) -> None:
    assert scan(config, data) == expected


def test_messages_of_wrong_rows_are_marked_where_that_is_asked_for(messages: Scan) -> None:
    found = messages("csv: {continue_on_error: true}", b"a,b\n1,x\n1,2,3\n4,y\n")
    assert [(m.document(), m.metadata["csv_row"], m.error.text if m.error else "") for m in found] == [
        ({"a": "1", "b": "x"}, 0, ""),
        ({"a": "1", "b": "2"}, 1, "record on line 3: wrong number of fields"),
        ({"a": "4", "b": "y"}, 2, ""),
    ]


def test_of_a_row_that_breaks_off_there_is_what_was_read(messages: Scan) -> None:
    found = messages("csv: {continue_on_error: true}", b'a,b\n1,x"y\n3,"z\n4\n')
    assert [(m.document(), m.error.text if m.error else "") for m in found] == [
        ({"a": "1"}, 'parse error on line 2, column 4: bare " in non-quoted-field'),
        ({"a": "3"}, 'record on line 3; parse error on line 4, column 3: extraneous or missing " in quoted-field'),
    ]


def test_a_header_that_is_asked_for_must_be_there(scan: Scan) -> None:
    assert scan("csv: {}", b"") == ["! EOF"]
    assert scan("csv: {parse_header_row: false}", b"") == []
