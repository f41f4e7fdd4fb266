"""Processor `benchmark`: how much passes."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

from headwater.system import StreamSystem


def test_messages_pass_and_are_counted(
    contents: Callable[..., list[str]], system: StreamSystem, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "headwater"):
        assert contents("- benchmark: {interval: 0s}", "abc", ["d", "e"]) == ["abc", "d", "e"]
        system.delete("under-test")
    [line] = [record.getMessage() for record in caplog.records if "stats:" in record.getMessage()]
    assert line.startswith("total stats: ")
    assert line.endswith("B/sec")


def test_a_line_at_each_interval(
    contents: Callable[..., list[str]], caplog: pytest.LogCaptureFixture, until: Callable[..., object]
) -> None:
    with caplog.at_level(logging.INFO, "headwater"):
        contents("- benchmark: {interval: 20ms, count_bytes: false}", "abc")
        until(lambda: sum("rolling stats: " in record.getMessage() for record in caplog.records) > 1)
    assert not any("B/sec" in record.getMessage() for record in caplog.records)
