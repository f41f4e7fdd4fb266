"""Scanner `re_match`: cuts where an expression matches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from headwater.errors import ConfigError

Scan = Callable[..., list[Any]]


TOO_LONG = "! bufio.Scanner: token too long"


@pytest.mark.parametrize(
    ("config", "data", "expected"),
    [
        (
            "re_match: {pattern: '(?m)^[0-9]{2}:'}",
            b"junk\n10: one\nmore\n11: two\n",
            ["junk\n", "10: one\nmore\n", "11: two\n"],
        ),
        ("re_match: {pattern: X}", b"aXbXXc", ["a", "Xb", "X", "Xc"]),
        ("re_match: {pattern: Q}", b"abc\ndef", ["abc\ndef"]),
        ("re_match: {pattern: X, max_buffer_size: 4}", b"aXbbbbbbbbbbbbXc", ["a", "Xbb", TOO_LONG]),
    ],
)
def test_what_is_cut(scan: Scan, config: str, data: bytes, expected: list[str]) -> None:
    assert scan(config, data) == expected


def test_bad_patterns_are_refused(made: Scan) -> None:
    with pytest.raises(ConfigError, match="error parsing regexp"):
        made("re_match: {pattern: '('}")
