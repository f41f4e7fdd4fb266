"""Scanner `chunker`: pieces of one size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Scan = Callable[..., list[Any]]


@pytest.mark.parametrize(
    ("config", "data", "expected"),
    [
        ("chunker: {size: 4}", b"abcdefghij", ["abcd", "efgh", "ij"]),
        ("chunker: {size: 5}", b"abcdefghij", ["abcde", "fghij"]),
    ],
)
def test_what_is_cut(scan: Scan, config: str, data: bytes, expected: list[str]) -> None:
    assert scan(config, data) == expected
