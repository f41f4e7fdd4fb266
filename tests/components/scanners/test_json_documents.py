"""Scanner `json_documents`: one document after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Scan = Callable[..., list[Any]]


@pytest.mark.parametrize(
    ("config", "data", "expected"),
    [
        (
            "json_documents: {}",
            b'{"a":1}{"b":[2]}\n[1] "s" 5 null',
            ['{"a":1}', '{"b":[2]}', "[1]", '"s"', "5", "null"],
        ),
        ("json_documents: {}", b'{"a":"}]\\"{"}  ', ['{"a":"}]\\"{"}']),
        ("json_documents: {}", b'{"a":', ["! unexpected EOF"]),
        ("json_documents: {}", b"[1]]", ["[1]", "! invalid character ']' looking for beginning of value"]),
    ],
)
def test_what_is_cut(scan: Scan, config: str, data: bytes, expected: list[str]) -> None:
    assert scan(config, data) == expected
