"""Scanner `json_array`: the elements of one array."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Scan = Callable[..., list[Any]]


@pytest.mark.parametrize(
    ("config", "data", "expected"),
    [
        ("json_array: {}", b'[{"a":1}, {"b":2} ,3]', ['{"a":1}', '{"b":2}', "3"]),
        ("json_array: {}", b"[]", []),
        ("json_array: {}", b"[ 1 , [2, 3] ] and more", ["1", "[2,3]"]),
        ("json_array: {}", b'[{"b": 1.50, "a": "x  y"}]', ['{"b":1.50,"a":"x  y"}']),
        ("json_array: {}", b"[1,,2]", ["1", "! invalid character ',' looking for beginning of value"]),
        ("json_array: {}", b"[,1]", ["! invalid character ',' looking for beginning of value"]),
        ("json_array: {}", b"[1 2]", ["1", "! invalid character '2' after array element"]),
        ("json_array: {}", b"[1,]", ["1", "! invalid character ']' looking for beginning of value"]),
        ("json_array: {}", b"[1", ["1", "! unexpected EOF"]),
        ("json_array: {}", b'{"a":1}', ["! expected opening '[' but got {"]),
        ("json_array: {}", b'[{"a":1}, {"b":', ['{"a":1}', "! unexpected EOF"]),
    ],
)
def test_what_is_cut(scan: Scan, config: str, data: bytes, expected: list[str]) -> None:
    assert scan(config, data) == expected
