"""Scanner `skip_bom`: drops the mark of byte order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Scan = Callable[..., list[Any]]


@pytest.mark.parametrize(
    ("config", "data", "expected"),
    [
        ("skip_bom: {into: {lines: {}}}", b"\xef\xbb\xbfa\nb", ["a", "b"]),
        ("skip_bom: {into: {lines: {}}}", b"a\nb", ["a", "b"]),
    ],
)
def test_what_is_cut(scan: Scan, config: str, data: bytes, expected: list[str]) -> None:
    assert scan(config, data) == expected


def test_half_a_mark_is_content(messages: Scan) -> None:
    assert [message.content() for message in messages("skip_bom: {}", b"\xef\xbb")] == [b"\xef\xbb"]
