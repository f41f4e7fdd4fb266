"""Scanner `to_the_end`: all in one message."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Scan = Callable[..., list[Any]]


@pytest.mark.parametrize(
    ("config", "data", "expected"),
    [
        ("to_the_end: {}", b"a\nb\n", ["a\nb\n"]),
        ("to_the_end: {}", b"", [""]),
    ],
)
def test_what_is_cut(scan: Scan, config: str, data: bytes, expected: list[str]) -> None:
    assert scan(config, data) == expected
