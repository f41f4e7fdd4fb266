"""Durations are Go's."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies

from headwater.durations import InvalidDuration, format_duration, format_seconds, parse_duration, parse_seconds


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("0", 0),
        ("1ns", 1),
        ("1.5us", 1_500),
        ("2µs", 2_000),
        ("100ms", 100_000_000),
        ("1h15m30.5s", 4_530_500_000_000),
        (".5s", 500_000_000),
        ("5.s", 5_000_000_000),
        ("1.5h", 5_400_000_000_000),
        ("-1m", -60_000_000_000),
        ("0" * 5_000 + "1.5" + "0" * 5_000 + "s", 1_500_000_000),
        ("+3s", 3_000_000_000),
    ],
)
def test_parsing(text: str, nanoseconds: int) -> None:
    assert parse_duration(text) == nanoseconds


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", 'time: invalid duration ""'),
        ("5", 'time: missing unit in duration "5"'),
        ("soon", 'time: invalid duration "soon"'),
        ("5 s", 'time: unknown unit " s" in duration "5 s"'),
        ("1d", 'time: unknown unit "d" in duration "1d"'),
        (".s", 'time: invalid duration ".s"'),
        ("-", 'time: invalid duration "-"'),
        ("9" * 5_000 + "s", f'time: invalid duration "{"9" * 5_000}s"'),
        ("9999999999h", 'time: invalid duration "9999999999h"'),
    ],
)
def test_refusing(text: str, problem: str) -> None:
    with pytest.raises(InvalidDuration) as caught:
        parse_duration(text)
    assert str(caught.value) == problem


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "0s"),
        (1, "1ns"),
        (1_500, "1.5µs"),
        (2_000_000, "2ms"),
        (999_999_999, "999.999999ms"),
        (60_000_000_000, "1m0s"),
        (69_334_717_193, "1m9.334717193s"),
        (3_600_000_000_000, "1h0m0s"),
        (90_061_000_000_000, "25h1m1s"),
        (-1_500_000_000, "-1.5s"),
    ],
)
def test_writing(nanoseconds: int, text: str) -> None:
    assert format_duration(nanoseconds) == text


def test_seconds() -> None:
    assert parse_seconds("1.5s") == 1.5
    assert format_seconds(1.5) == "1.5s"


@given(strategies.integers(-(2**62), 2**62))
def test_what_is_written_is_read_back(nanoseconds: int) -> None:
    assert parse_duration(format_duration(nanoseconds)) == nanoseconds
