"""Output `drop_on`: what is given up, and how."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

Deliver = Callable[..., list[str]]


def test_failures_count_as_delivered(deliver: Deliver, caplog: pytest.LogCaptureFixture) -> None:
    assert deliver("output: {drop_on: {error: true, output: {reject: nope}}}", "a", ["b", "c"]) == ["", ""]
    assert "Message dropped due to: nope" in caplog.text


def test_only_failures_that_match_are_dropped(deliver: Deliver) -> None:
    config = "output: {drop_on: {error_patterns: ['^no [ab]$'], output: {reject: 'no ${! content() }'}}}"
    assert deliver(config, "a", "c", ["b", "d"], ["d", "b"]) == ["", "no c", "", "no d"]


def test_nothing_is_dropped_unasked(deliver: Deliver) -> None:
    assert deliver("output: {drop_on: {output: {reject: nope}}}", "a") == ["nope"]


def test_many_at_once(deliver: Deliver, tmp_path: Path) -> None:
    config = f"""
    pipeline: {{processors: [{{mapping: 'root = if content() == "b" {{ throw("x") }}'}}]}}
    output: {{drop_on: {{error: true, output: {{reject_errored: {{file: {{path: '{tmp_path}/x'}}}}}}}}}}
    """
    assert deliver(config, "a", "b", "c") == [""] * 3
    assert (tmp_path / "x").read_text() == "a\nc\n"


def test_what_waits_too_long_is_rejected(deliver: Deliver, caplog: pytest.LogCaptureFixture) -> None:
    config = "output: {drop_on: {back_pressure: 30ms, output: {inproc: nobody}}}"
    assert deliver(config, "a", "b") == ["experienced back pressure beyond: 30ms"] * 2
    assert "Message dropped due to back pressure." in caplog.text


def test_what_waits_too_long_may_be_dropped(deliver: Deliver) -> None:
    config = "output: {drop_on: {error: true, back_pressure: 20ms, output: {inproc: nobody}}}"
    started = time.monotonic()
    assert deliver(config, *"abcdef") == [""] * 6
    assert time.monotonic() - started < 2


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ("error: true, error_patterns: [a]", "field 'error_patterns' is ineffective when 'error' is set to `true`"),
        ("error_patterns: [a, '(']", "error pattern 1 failed to compile: error parsing regexp: missing closing"),
        ("back_pressure: soon", "failed to parse back_pressure duration: time: invalid duration"),
    ],
)
def test_values_that_make_no_sense(deliver: Deliver, fields: str, text: str) -> None:
    with pytest.raises(Exception, match=text):
        deliver(f"output: {{drop_on: {{{fields}, output: {{drop: {{}}}}}}}}", "a")
