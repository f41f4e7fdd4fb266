"""Scanner `lines`: lines of text, however they end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Scan = Callable[..., list[Any]]


TOO_LONG = "! bufio.Scanner: token too long"


@pytest.mark.parametrize(
    ("config", "data", "expected"),
    [
        ("lines: {}", b"a\nb\n", ["a", "b"]),
        ("lines: {}", b"a\r\n\r\nb", ["a", "", "b"]),
        ("lines: {}", b"", []),
        ("lines: {}", b"\n", [""]),
        ("lines: {omit_empty: true}", b"a\n\n\r\nb\n", ["a", "b"]),
        ("lines: {custom_delimiter: '|'}", b"a|b||c\nd|", ["a", "b", "", "c\nd"]),
        ("lines: {custom_delimiter: 'END'}", b"aENDbEN", ["a", "bEN"]),
        ("lines: {max_buffer_size: 8}", b"short\nthis is too long\nend\n", ["short", "this is ", TOO_LONG]),
        ("lines: {max_buffer_size: 4}", b"abc\nabcd\n", ["abc", "abcd", TOO_LONG]),
    ],
)
def test_what_is_cut(scan: Scan, config: str, data: bytes, expected: list[str]) -> None:
    assert scan(config, data) == expected


def test_invalid_text_passes_untouched(messages: Scan) -> None:
    assert [m.content() for m in messages("lines: {}", b"\xff\xfe\nok\n")] == [b"\xff\xfe", b"ok"]
