"""Scanner `switch`: a scanner for each name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Scan = Callable[..., list[Any]]


def test_a_scanner_by_name(messages: Scan) -> None:
    config = r"switch: [{re_match_name: '\.csv$', scanner: {csv: {}}}, {re_match_name: txt, scanner: {lines: {}}}]"
    assert [m.content() for m in messages(config, b"h\n1\n", "a.csv")] == [b'{"h":"1"}']
    assert [m.content() for m in messages(config, b"h\n1\n", "a.txt")] == [b"h", b"1"]
