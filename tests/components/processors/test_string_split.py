"""Processor `string_split`: a list of the parts of a text."""

from __future__ import annotations

from collections.abc import Callable

import pytest


@pytest.mark.parametrize(
    ("fields", "payload", "result"),
    [
        ("{}", "a\nb\n", '["a","b",""]'),
        ("{delimiter: ', '}", "a, b", '["a","b"]'),
        ("{empty_as_null: true}", "a\n\nb", '["a",null,"b"]'),
        ("{delimiter: ''}", "aé", '["a","é"]'),
        ("{emit_bytes: true}", "a", '["YQ=="]'),
    ],
)
def test_parts(contents: Callable[..., list[str]], fields: str, payload: str, result: str) -> None:
    assert contents(f"- string_split: {fields}", payload) == [result]
