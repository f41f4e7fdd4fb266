"""Times: layouts, percent directives, zones, periods, and years of any size."""

from __future__ import annotations

from typing import Any

import pytest

from headwater.bloblang.golayout import LayoutError, format_time, make_time, parse_time
from headwater.bloblang.values import Timestamp

_AT = '"2020-02-29T12:34:56.123456789Z".ts_parse("2006-01-02T15:04:05Z07:00")'


@pytest.mark.parametrize(
    ("layout", "text"),
    [
        ("Mon Jan _2 15:04:05 2006", "Sat Feb 29 12:34:56 2020"),
        ("Monday, 02-Jan-06 15:04:05 MST", "Saturday, 29-Feb-20 12:34:56 UTC"),
        ("3:04PM 03 pm", "12:34PM 12 pm"),
        ("2006-002 __2", "2020-060  60"),
        ("05.000 05.999 05,0 .00", "56.123 56.123 56,1 .12"),
        ("-07 -0700 -07:00 Z0700 Z07:00:00", "+00 +0000 +00:00 Z Z"),
        ("January Jan 1 01 Janet", "February Feb 2 02 Janet"),
        ("at 2006 o'clock", "at 2020 o'clock"),
    ],
)
def test_layout(evaluate: Any, layout: str, text: str) -> None:
    assert evaluate(f'{_AT}.ts_format("{layout}")') == text


@pytest.mark.parametrize(
    ("text", "layout", "result"),
    [
        ("Feb 3, 2020", "Jan 2, 2006", "2020-02-03T00:00:00Z"),
        ("2020-01-02 03:04 GMT+3", "2006-01-02 15:04 MST", "2020-01-02T06:04:00+03:00"),
        ("05.5", "05", "0000-01-01T00:00:05.5Z"),
        ("2020  1", "2006 1", "2020-01-01T00:00:00Z"),
        ("12:04AM", "3:04PM", "0000-01-01T00:04:00Z"),
        ("69-01-02", "06-01-02", "1969-01-02T00:00:00Z"),
    ],
)
def test_parse(text: str, layout: str, result: str) -> None:
    assert parse_time(text, layout).text() == result


@pytest.mark.parametrize(
    ("text", "layout", "words"),
    [
        ("2021-02-29", "2006-01-02", 'parsing time "2021-02-29": day out of range'),
        ("24:00", "15:04", 'parsing time "24:00": hour out of range'),
        ("x", "2006", 'parsing time "x" as "2006": cannot parse "x" as "2006"'),
        ("2020x", "2006", 'parsing time "2020x": extra text: "x"'),
        ("on 2020", "at 2006", 'parsing time "on 2020" as "at 2006": cannot parse "on 2020" as "at "'),
    ],
)
def test_parse_words(text: str, layout: str, words: str) -> None:
    with pytest.raises(LayoutError) as failure:
        parse_time(text, layout)
    assert str(failure.value) == words


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("%Y-%m-%d %H:%M:%S.%f", "2020-02-29 12:34:56.123456"),
        ("%-d %_m %e %k %l %j", "29  2 29 12 12 060"),
        ("%G-W%V-%u %U %W %w", "2020-W09-6 08 08 6"),
        (
            "%c|%D|%F|%R|%r|%T|%v|%x|%X",
            "Sat Feb 29 12:34:56 2020|02/29/20|2020-02-29|12:34|12:34:56 PM|12:34:56|29-Feb-2020|02/29/20|12:34:56",
        ),
        ("%z %:z %::z %Z %s %%", "+0000 +00:00 +00:00:00 UTC 1582979696 %"),
        ("%#p %^a %10Y", "pm SAT 0000002020"),
        ("%N %Q a%", "%N %Q a%"),
    ],
)
def test_strftime(evaluate: Any, template: str, text: str) -> None:
    assert evaluate(f'{_AT}.ts_strftime("{template}")') == text


@pytest.mark.parametrize(
    ("text", "template", "result"),
    [
        ("2020 10 1", "%Y %U %w", "2020-03-09T00:00:00Z"),
        ("2020 09 6", "%G %V %u", "2020-02-29T00:00:00Z"),
        ("03:04 PM", "%I:%M %p", "1900-01-01T15:04:00Z"),
        ("2020-01-02 -08:00", "%F %z", "2020-01-02T00:00:00-08:00"),
        ("1582979696", "%s", "2020-02-29T12:34:56Z"),
        ("2020-02-30", "%F", "2020-03-01T00:00:00Z"),
        ("2020-13", "%Y-%m", 'error: failed to parse "2020-13" with "%Y-%m": cannot parse "%m"'),
    ],
)
def test_strptime(evaluate: Any, text: str, template: str, result: str) -> None:
    assert evaluate("this.a.ts_strptime(this.b).string()", {"a": text, "b": template}) == result


@pytest.mark.parametrize(
    ("query", "result"),
    [
        ('"2021-03-14T10:00:00Z".ts_tz("America/New_York").ts_format("15:04 MST")', "06:00 EDT"),
        ("253402300800.ts_format()", "10000-01-01T00:00:00Z"),
        ('"2020-01-31T00:00:00Z".ts_add_iso8601("P1M").ts_format()', "2020-03-02T00:00:00Z"),
        (
            '"2020-03-29T00:30:00+01:00".ts_tz("Europe/Berlin").ts_add_iso8601("P1D").ts_format()',
            "2020-03-30T00:30:00+02:00",
        ),
        (
            '"P1Y1M1W1DT1H1M1.5S".parse_duration_iso8601()',
            (31556952 + 2629746 + 604800 + 86400 + 3600 + 60) * 10**9 + 1_500_000_000,
        ),
        ('"2020-01-01T00:30:00Z".ts_round("1h".parse_duration()).ts_unix()', 1577840400),
        ('"1h30m1.5s".parse_duration()', 5401500000000),
    ],
)
def test_use(evaluate: Any, query: str, result: Any) -> None:
    assert evaluate(query) == result


@pytest.mark.parametrize("year", [-5000, -1, 0, 1, 1900, 9999, 10000, 250000])
def test_years_of_any_size(year: int) -> None:
    made = make_time(year, 2, 28, 23, 59, 59, 1)
    assert made.civil() == (year, 2, 28, 23, 59, 59, 1)
    assert format_time(Timestamp(made.nanoseconds), "01-02 15:04:05") == "02-28 23:59:59"
