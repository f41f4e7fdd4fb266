"""Times: reading, writing, rounding, zones and differences."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from typing import Any

from headwater.bloblang.errors import BloblangError
from headwater.bloblang.golayout import RFC3339_NANO, LayoutError, days_from_civil, format_time, parse_time
from headwater.bloblang.gonumbers import INT64_MAX, INT64_MIN, wrap_int64
from headwater.bloblang.isoperiod import parse_period
from headwater.bloblang.registry import Example, Param, method
from headwater.bloblang.strptimes import strptime
from headwater.bloblang.targets import TEXT, TIME, TIMESTAMPS
from headwater.bloblang.timeformat import find_zone, strftime
from headwater.bloblang.values import Timestamp
from headwater.durations import InvalidDuration, parse_duration

_YEAR_1 = days_from_civil(1, 1, 1) * 86_400_000_000_000


def _in_zone(target: Timestamp, zone: tzinfo | None) -> Timestamp:
    return target if zone is None else Timestamp(target.nanoseconds, zone)


def _method(
    name: str,
    native: Callable[..., Any],
    *params: Param,
    alias: str = "",
    target: str = "timestamp",
    receives: tuple[str, ...] = TIME,
    constructor: bool = False,
    summary: str,
    examples: list[Example],
) -> None:
    """Register a method, and the older name that it had before."""
    for each in filter(None, (name, alias)):
        renamed = [Example(e.summary, e.mapping.replace(f".{name}(", f".{each}("), *e.results) for e in examples]
        method(
            each,
            *params,
            target=target,
            bare=True,
            static=True,
            constructor=constructor,
            category=TIMESTAMPS,
            receives=receives,
            status="beta" if each == name else "deprecated",
            summary=summary,
            examples=renamed,
        )(native)


def _ts_format(format: str, tz: str | None) -> Callable[[Timestamp], str]:
    zone = None if tz is None else find_zone(tz)
    return lambda target: format_time(_in_zone(target, zone), format)


_method(
    "ts_format",
    _ts_format,
    Param("format", "string", "A layout, written as the time Mon Jan 2 15:04:05 -0700 MST 2006.", default=RFC3339_NANO),
    Param("tz", "string", "The time zone to show the time in.", optional=True),
    alias="format_timestamp",
    constructor=True,
    summary="Write a time by a layout.",
    examples=[
        Example(
            "",
            'root.something_at = (this.created_at + 300).ts_format("2006-01-02T15:04:05Z07:00", "UTC")',
            ('{"created_at":1597405526}', '{"something_at":"2020-08-14T11:50:26Z"}'),
        ),
        Example(
            "",
            'root.something_at = this.created_at.ts_format("2006-Jan-02 15:04:05", "UTC")',
            ('{"created_at":"2020-08-14T11:50:26.371Z"}', '{"something_at":"2020-Aug-14 11:50:26"}'),
        ),
    ],
)


def _ts_strftime(format: str, tz: str | None) -> Callable[[Timestamp], str]:
    zone = None if tz is None else find_zone(tz)
    return lambda target: strftime(_in_zone(target, zone), format)


def _ts_tz(tz: str) -> Callable[[Timestamp], Timestamp]:
    zone = find_zone(tz)
    return lambda target: Timestamp(target.nanoseconds, zone)


_method(
    "ts_strftime",
    _ts_strftime,
    Param("format", "string", "Text with percent directives."),
    Param("tz", "string", "The time zone to show the time in.", optional=True),
    alias="format_timestamp_strftime",
    constructor=True,
    summary="Write a time by percent directives.",
    examples=[
        Example(
            "",
            'root.something_at = this.created_at.ts_strftime("%Y-%b-%d %H:%M:%S", "UTC")',
            ('{"created_at":1597405526}', '{"something_at":"2020-Aug-14 11:45:26"}'),
        )
    ],
)


def _ts_parse(target: str, format: str) -> Timestamp:
    try:
        return parse_time(target, format)
    except LayoutError as error:
        raise BloblangError(str(error)) from None


_method(
    "ts_parse",
    _ts_parse,
    Param("format", "string", "A layout, written as the time Mon Jan 2 15:04:05 -0700 MST 2006."),
    target="text",
    receives=TEXT,
    summary="Read a time by a layout.",
    examples=[
        Example(
            "",
            'root.doc.timestamp = this.doc.timestamp.ts_parse("2006-Jan-02")',
            ('{"doc":{"timestamp":"2020-Aug-14"}}', '{"doc":{"timestamp":"2020-08-14T00:00:00Z"}}'),
        )
    ],
)
_method(
    "ts_strptime",
    strptime,
    Param("format", "string", "Text with percent directives."),
    target="text",
    receives=TEXT,
    summary="Read a time by percent directives.",
    examples=[
        Example(
            "",
            'root.doc.timestamp = this.doc.timestamp.ts_strptime("%Y-%b-%d")',
            ('{"doc":{"timestamp":"2020-Aug-14"}}', '{"doc":{"timestamp":"2020-08-14T00:00:00Z"}}'),
        )
    ],
)


def _old(name: str, native: Callable[[str, str], Timestamp], shown: str) -> None:
    method(
        name,
        Param("format", "string", "The form of the text."),
        target="text",
        bare=True,
        static=True,
        category=TIMESTAMPS,
        receives=TEXT,
        status="deprecated",
        summary="Read a time and give it as RFC 3339 text.",
        examples=[
            Example(
                "",
                f'root.doc.timestamp = this.doc.timestamp.{name}("{shown}")',
                ('{"doc":{"timestamp":"2020-Aug-14"}}', '{"doc":{"timestamp":"2020-08-14T00:00:00Z"}}'),
            )
        ],
    )(lambda target, format: native(target, format).text())


_old("parse_timestamp", _ts_parse, "2006-Jan-02")
_old("parse_timestamp_strptime", strptime, "%Y-%b-%d")

for _name, _unit, _what, _shown in (
    ("ts_unix", 1_000_000_000, "seconds", "1256811905"),
    ("ts_unix_milli", 1_000_000, "milliseconds", "1256811905000"),
    ("ts_unix_micro", 1_000, "microseconds", "1256811905000000"),
    ("ts_unix_nano", 1, "nanoseconds", "1256811905000000000"),
):
    _method(
        _name,
        lambda target, _unit=_unit: wrap_int64(target.nanoseconds // _unit),
        alias=_name.replace("ts_", "format_timestamp_"),
        summary=f"Whole {_what} since 1970.",
        examples=[
            Example(
                "",
                f"root.created_at_unix = this.created_at.{_name}()",
                ('{"created_at":"2009-10-29T10:25:05Z"}', f'{{"created_at_unix":{_shown}}}'),
            )
        ],
    )


def _ts_round(target: Timestamp, duration: int) -> Timestamp:
    if duration <= 0:
        return target
    # Multiples count from the beginning of the year 1; halves are rounded up.
    rest = (target.nanoseconds - _YEAR_1) % duration
    down = target.nanoseconds - rest
    return Timestamp(down if rest + rest < duration else down + duration, target.zone)


_method(
    "ts_round",
    _ts_round,
    Param("duration", "integer", "Nanoseconds, such as parse_duration gives them."),
    summary="The nearest time that is a multiple of a duration.",
    examples=[
        Example(
            "",
            'root.created_at_hour = this.created_at.ts_round("1h".parse_duration())',
            ('{"created_at":"2020-08-14T05:54:23Z"}', '{"created_at_hour":"2020-08-14T06:00:00Z"}'),
        )
    ],
)
_method(
    "ts_tz",
    _ts_tz,
    Param("tz", "string", "Name of the time zone; Local is that of the machine."),
    constructor=True,
    summary="The same time, shown in another time zone.",
    examples=[
        Example(
            "",
            'root.created_at_utc = this.created_at.ts_tz("UTC")',
            ('{"created_at":"2021-02-03T17:05:06+01:00"}', '{"created_at_utc":"2021-02-03T16:05:06Z"}'),
        )
    ],
)
_method(
    "ts_sub",
    lambda target, t2: min(max(target.nanoseconds - t2.nanoseconds, INT64_MIN), INT64_MAX),
    Param("t2", "timestamp", "The time to subtract."),
    summary="Nanoseconds from another time to this one.",
    examples=[
        Example(
            "",
            'root.between = this.started_at.ts_sub("2020-08-14T05:54:23Z").abs()',
            ('{"started_at":"2020-08-13T05:54:23Z"}', '{"between":86400000000000}'),
        )
    ],
)


def _moved(sign: int) -> Callable[[str], Callable[[Timestamp], Timestamp]]:
    def make(duration: str) -> Callable[[Timestamp], Timestamp]:
        period = parse_period(duration)
        return lambda target: period.add_to(target, sign)

    return make


for _name, _sign, _what, _shown in (
    ("ts_add_iso8601", 1, "later", '{"moved":"2021-10-17T05:54:23Z"}'),
    ("ts_sub_iso8601", -1, "earlier", '{"moved":"2019-06-11T05:54:23Z"}'),
):
    method(
        _name,
        Param("duration", "string", "A period by ISO 8601."),
        target="timestamp",
        constructor=True,
        bare=True,
        static=True,
        category=TIMESTAMPS,
        receives=TIME,
        status="beta",
        summary=f"The time that is a period {_what}.",
        examples=[
            Example(
                "",
                f'root.moved = this.created_at.{_name}("P1Y2M3D")',
                ('{"created_at":"2020-08-14T05:54:23Z"}', _shown),
            )
        ],
    )(_moved(_sign))


@method(
    "parse_duration",
    target="text",
    bare=True,
    static=True,
    category=TIMESTAMPS,
    receives=TEXT,
    summary="Nanoseconds of a duration such as 1h30m, 300ms or 1.5s.",
    examples=[
        Example(
            "",
            "root.delay_for_ns = this.delay_for.parse_duration()",
            ('{"delay_for":"50us"}', '{"delay_for_ns":50000}'),
        )
    ],
)
def parse_duration_(target: str) -> int:
    try:
        return parse_duration(target)
    except InvalidDuration as error:
        raise BloblangError(str(error)) from None


@method(
    "parse_duration_iso8601",
    target="text",
    bare=True,
    static=True,
    category=TIMESTAMPS,
    receives=TEXT,
    status="beta",
    summary="Nanoseconds of a period by ISO 8601, years and months at their average length.",
    examples=[
        Example(
            "",
            "root.delay_for_ns = this.delay_for.parse_duration_iso8601()",
            ('{"delay_for":"P3Y6M4DT12H30M5S"}', '{"delay_for_ns":110839937000000000}'),
        )
    ],
)
def parse_duration_iso8601(target: str) -> int:
    return parse_period(target).nanoseconds()
