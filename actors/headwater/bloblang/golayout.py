"""Times by Go's layouts, such as ``Mon Jan 2 15:04:05 2006``: writing, reading, and the words of its errors."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Final

from headwater.bloblang.values import Timestamp

RFC3339_NANO = "2006-01-02T15:04:05.999999999Z07:00"

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")

_ELEMENTS = re.compile(
    r"""
    (?P<text>.*?)
    (?:(?P<element>
        January | Jan(?![a-z]) | Monday | Mon(?![a-z]) | MST
      | 002 | 01 | 02 | 03 | 04 | 05 | 06 | 2006 | 15 | PM | pm
      | -07:00:00 | -070000 | -07:00 | -0700 | -07
      | Z07:00:00 | Z070000 | Z07:00 | Z0700 | Z07
      | __2 | _2(?!006) | 1 | 2 | 3 | 4 | 5
    )
    | (?P<fraction>[.,](?:0+|9+)(?![0-9])))
    """,
    re.VERBOSE | re.DOTALL,
)


class LayoutError(ValueError):
    """A text does not have the form of a layout; the text is Go's."""


@lru_cache(maxsize=512)
def split_layout(layout: str) -> tuple[tuple[str, str], ...]:
    """Cut a layout into pairs of literal text and the element after it; the last element may be empty."""
    pieces: list[tuple[str, str]] = []
    at = 0
    while at < len(layout):
        found = _ELEMENTS.match(layout, at)
        if found is None:
            pieces.append((layout[at:], ""))
            break
        pieces.append((found["text"], found["element"] or found["fraction"]))
        at = found.end()
    return tuple(pieces)


# Calendar ------------------------------------------------------------------------------------------------------------


def days_from_civil(year: int, month: int, day: int) -> int:
    """Days since 1970-01-01 of a date; months and days beyond their range carry over."""
    carry, month = divmod(month - 1, 12)
    year += carry
    month += 1
    if month <= 2:
        year -= 1
    era, year_of_era = divmod(year, 400)
    day_of_year = (153 * (month - 3 if month > 2 else month + 9) + 2) // 5
    return era * 146_097 + year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year - 719_468 + day - 1


def weekday(timestamp: Timestamp) -> int:
    """Day of the week in the timestamp's zone; Sunday is 0."""
    return ((timestamp.nanoseconds // 1_000_000_000 + timestamp.offset()) // 86_400 + 4) % 7


def day_of_year(year: int, month: int, day: int) -> int:
    """Day of the year, from 1."""
    return days_from_civil(year, month, day) - days_from_civil(year, 1, 1) + 1


def is_leap(year: int) -> bool:
    """Whether a year has a 29th of February."""
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def days_in(year: int, month: int) -> int:
    """Days of a month."""
    if month == 2:
        return 29 if is_leap(year) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def make_time(
    year: int, month: int, day: int, hour: int, minute: int, second: int, nanosecond: int, zone: tzinfo = UTC
) -> Timestamp:
    """The time that a clock in `zone` shows so; parts beyond their range carry over."""
    seconds = days_from_civil(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second
    total = seconds * 1_000_000_000 + nanosecond
    if zone is UTC:
        return Timestamp(total, UTC)
    offset = Timestamp(total, zone).offset()
    if offset:
        # The first guess takes the wall clock for UTC; near a change of offset the other side decides.
        better = Timestamp(total - offset * 1_000_000_000, zone).offset()
        if better != offset:
            offset = better
    return Timestamp(total - offset * 1_000_000_000, zone)


def fixed_zone(offset: int, name: str | None = None) -> tzinfo:
    """A zone with a constant offset in seconds; without a name of its own it has none."""
    return timezone(timedelta(seconds=offset), name if name is not None else "")


# Writing -------------------------------------------------------------------------------------------------------------


def format_time(timestamp: Timestamp, layout: str) -> str:
    """Write a time by a layout."""
    if layout == RFC3339_NANO:
        return timestamp.text()
    year, month, day, hour, minute, second, nanosecond = timestamp.civil()
    out: list[str] = []
    for text, element in split_layout(layout):
        out.append(text)
        if not element:
            continue
        if element[0] in ".,":
            out.append(_fraction(nanosecond, element))
        elif element in _SIMPLE:
            out.append(_SIMPLE[element](year, month, day, hour, minute, second))
        elif element == "Monday":
            out.append(DAYS[weekday(timestamp)])
        elif element == "Mon":
            out.append(DAYS[weekday(timestamp)][:3])
        elif element == "MST":
            out.append(zone_name(timestamp))
        else:
            out.append(_offset(timestamp.offset(), element))
    return "".join(out)


def _year(year: int) -> str:
    return f"{year:04d}" if year >= 0 else f"-{-year:04d}"


_SIMPLE: Final[dict[str, Callable[..., str]]] = {
    "2006": lambda year, *_: _year(year),
    "06": lambda year, *_: f"{abs(year) % 100:02d}",
    "January": lambda _, month, *__: MONTHS[month - 1],
    "Jan": lambda _, month, *__: MONTHS[month - 1][:3],
    "1": lambda _, month, *__: str(month),
    "01": lambda _, month, *__: f"{month:02d}",
    "2": lambda _, __, day, *___: str(day),
    "_2": lambda _, __, day, *___: f"{day:2d}",
    "02": lambda _, __, day, *___: f"{day:02d}",
    "__2": lambda year, month, day, *_: f"{day_of_year(year, month, day):3d}",
    "002": lambda year, month, day, *_: f"{day_of_year(year, month, day):03d}",
    "15": lambda _, __, ___, hour, *____: f"{hour:02d}",
    "3": lambda _, __, ___, hour, *____: str(hour % 12 or 12),
    "03": lambda _, __, ___, hour, *____: f"{hour % 12 or 12:02d}",
    "4": lambda *parts: str(parts[4]),
    "04": lambda *parts: f"{parts[4]:02d}",
    "5": lambda *parts: str(parts[5]),
    "05": lambda *parts: f"{parts[5]:02d}",
    "PM": lambda *parts: "PM" if parts[3] >= 12 else "AM",
    "pm": lambda *parts: "pm" if parts[3] >= 12 else "am",
}


def _fraction(nanosecond: int, element: str) -> str:
    digits = f"{nanosecond:09d}"[: len(element) - 1].ljust(len(element) - 1, "0")
    if element[1] == "9":
        digits = digits.rstrip("0")
        return element[0] + digits if digits else ""
    return element[0] + digits


def _offset(offset: int, element: str) -> str:
    if element[0] == "Z" and offset == 0:
        return "Z"
    hours, rest = divmod(abs(offset), 3600)
    text = ("-" if offset < 0 else "+") + f"{hours:02d}"
    colon = ":" if ":" in element else ""
    digits = element[1:].replace(":", "")
    if len(digits) >= 4:
        text += f"{colon}{rest // 60:02d}"
    if len(digits) == 6:
        text += f"{colon}{rest % 60:02d}"
    return text


def zone_name(timestamp: Timestamp) -> str:
    """The abbreviation of the zone, or its offset where it has none."""
    name = timestamp.zone_name()
    if name and not name.startswith(("UTC+", "UTC-")):
        return name
    minutes = abs(timestamp.offset()) // 60
    sign = "-" if timestamp.offset() < 0 else "+"
    return f"{sign}{minutes // 60:02d}" + (f"{minutes % 60:02d}" if name == "" or minutes % 60 else "")


def time_string(timestamp: Timestamp) -> str:
    """A time as Go's ``String()`` writes it."""
    return format_time(timestamp, "2006-01-02 15:04:05.999999999 -0700 MST")


# Reading -------------------------------------------------------------------------------------------------------------


class _Parts:
    """What was read of a time so far."""

    __slots__ = (
        "am",
        "day",
        "hour",
        "minute",
        "month",
        "named",
        "nanosecond",
        "offset",
        "pm",
        "second",
        "yday",
        "year",
        "zone",
    )

    def __init__(self) -> None:
        self.year, self.month, self.day, self.yday = 0, -1, -1, -1
        self.hour = self.minute = self.second = self.nanosecond = 0
        self.pm = self.am = False
        self.offset: int | None = None
        self.named = 0
        self.zone: str | None = None


def quote(text: str) -> str:
    """A text as failures show it: what is no ASCII, or controls something, byte by byte."""
    raw = text.encode("utf-8", "surrogateescape")
    return '"' + "".join(map(_shown, raw)) + '"'


def _shown(byte: int) -> str:
    if byte in b'"\\':
        return f"\\{chr(byte)}"
    return chr(byte) if 32 <= byte < 128 else f"\\x{byte:02x}"


class _Mismatch(Exception):
    """An element does not match; the whole failure is worded by who knows the texts."""


class _Range(Exception):
    """A value is out of its range."""

    def __init__(self, what: str, rest: str | None = None) -> None:
        self.what = what
        self.rest = rest


def parse_time(text: str, layout: str) -> Timestamp:
    """Read a time by a layout.

    Raises:
        LayoutError: The text does not have that form, or a value is out of range.
    """
    if layout in _RFC3339:
        usual = _usual_time(text)
        if usual is not None:
            return usual
    parts = _Parts()
    rest = text
    for literal, element in split_layout(layout):
        value = rest
        skipped, met = _skip(value, literal)
        if not met:
            raise _failure(text, layout, skipped, literal)
        if not element:
            if skipped:
                raise LayoutError(f"parsing time {quote(text)}: extra text: {quote(skipped)}")
            return _build(parts, text)
        rest = skipped
        held = rest
        try:
            rest = _read(parts, rest, element, layout)
        except _Mismatch:
            raise _failure(text, layout, held, element) from None
        except _Range as failure:
            raise LayoutError(f"parsing time {quote(text)}: {failure.what} out of range") from None
        if element in ("05", "5") and rest[:1] in (".", ",") and rest[1:2].isdigit():
            following = _following(layout, literal, element)
            if not following:
                digits = re.match(r"[.,][0-9]+", rest)
                assert digits is not None
                parts.nanosecond = _nanoseconds(digits[0])
                rest = rest[digits.end() :]
    if rest:
        raise LayoutError(f"parsing time {quote(text)}: extra text: {quote(rest)}")
    return _build(parts, text)


_YEAR_1970: Final = datetime(1970, 1, 1).toordinal() * 86_400
_RFC3339: Final = frozenset(("2006-01-02T15:04:05Z07:00", RFC3339_NANO))
_USUAL: Final = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})"
    r"(?:[.,]([0-9]{1,9}))?(?:Z|([+-])([01][0-9]|2[0-3]):([0-5][0-9]))"
)


def _usual_time(text: str) -> Timestamp | None:
    """Read a time as most are written, by RFC 3339; None where the long way has to say what it is."""
    found = _USUAL.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, sign, hours, minutes = found.groups()
    try:
        moment = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second))
    except ValueError:
        return None
    seconds = moment.toordinal() * 86_400 + moment.hour * 3600 + moment.minute * 60 + moment.second - _YEAR_1970
    zone: tzinfo = UTC
    if sign:
        offset = int(hours) * 3600 + int(minutes) * 60
        if offset:
            offset = -offset if sign == "-" else offset
            seconds -= offset
            zone = fixed_zone(offset)
    return Timestamp(seconds * 1_000_000_000 + (int(fraction.ljust(9, "0")) if fraction else 0), zone)


def _following(layout: str, literal: str, element: str) -> bool:
    """Whether the element after the seconds is a fraction, which then reads itself."""
    pieces = split_layout(layout)
    at = pieces.index((literal, element))
    return at + 1 < len(pieces) and pieces[at + 1][0] == "" and pieces[at + 1][1][:1] in (".", ",")


def _failure(text: str, layout: str, value: str, element: str) -> LayoutError:
    return LayoutError(
        f"parsing time {quote(text)} as {quote(layout)}: cannot parse {quote(value)} as {quote(element)}"
    )


def _skip(value: str, literal: str) -> tuple[str, bool]:
    """What is left behind a literal text of the layout, and whether all of that was met."""
    at = 0
    index = 0
    while index < len(literal):
        char = literal[index]
        if char == " ":
            if at < len(value) and value[at] != " ":
                return value[at:], False
            while index < len(literal) and literal[index] == " ":
                index += 1
            while at < len(value) and value[at] == " ":
                at += 1
            continue
        if at >= len(value) or value[at] != char:
            return value[at:], False
        index += 1
        at += 1
    return value[at:], True


def _number(value: str, fixed: bool) -> tuple[int, str]:
    if not value[:1].isdigit() or not value[:1].isascii():
        raise _Mismatch
    if not value[1:2].isdigit() or not value[1:2].isascii():
        if fixed:
            raise _Mismatch
        return int(value[0]), value[1:]
    return int(value[:2]), value[2:]


def _digits3(value: str, fixed: bool) -> tuple[int, str]:
    found = re.match(r"[0-9]{1,3}", value)
    if found is None or (fixed and len(found[0]) != 3):
        raise _Mismatch
    return int(found[0]), value[found.end() :]


def _lookup(names: tuple[str, ...], value: str, length: int | None) -> tuple[int, str]:
    for index, name in enumerate(names):
        name = name[:length]
        if value[: len(name)].lower() == name.lower() and len(value) >= len(name):
            return index, value[len(name) :]
    raise _Mismatch


def _read(parts: _Parts, value: str, element: str, layout: str) -> str:
    if element == "2006":
        if len(value) < 4 or not value[0].isdigit():
            raise _Mismatch
        if not value[:4].isascii() or not value[:4].isdigit():
            raise _Mismatch
        parts.year = int(value[:4])
        return value[4:]
    if element == "06":
        if len(value) < 2 or not value[:2].isascii() or not value[:2].isdigit():
            raise _Mismatch
        year = int(value[:2])
        parts.year = year + 1900 if year >= 69 else year + 2000
        return value[2:]
    if element in ("January", "Jan"):
        index, value = _lookup(MONTHS, value, None if element == "January" else 3)
        parts.month = index + 1
        return value
    if element in ("1", "01"):
        parts.month, value = _number(value, element == "01")
        if not 1 <= parts.month <= 12:
            raise _Range("month")
        return value
    if element in ("Monday", "Mon"):
        return _lookup(DAYS, value, None if element == "Monday" else 3)[1]
    if element in ("2", "_2", "02"):
        if element == "_2" and value[:1] == " ":
            value = value[1:]
        parts.day, value = _number(value, element == "02")
        return value
    if element in ("__2", "002"):
        if element == "__2":
            for _ in range(2):
                if value[:1] == " ":
                    value = value[1:]
        parts.yday, value = _digits3(value, element == "002")
        return value
    if element == "15":
        parts.hour, value = _number(value, False)
        if parts.hour > 23:
            raise _Range("hour")
        return value
    if element in ("3", "03"):
        parts.hour, value = _number(value, element == "03")
        if parts.hour > 12:
            raise _Range("hour")
        return value
    if element in ("4", "04"):
        parts.minute, value = _number(value, element == "04")
        if parts.minute > 59:
            raise _Range("minute")
        return value
    if element in ("5", "05"):
        parts.second, value = _number(value, element == "05")
        if parts.second > 59:
            raise _Range("second")
        return value
    if element in ("PM", "pm"):
        if len(value) < 2:
            raise _Mismatch
        word = value[:2]
        if word == element:
            parts.pm = True
        elif word == ("AM" if element == "PM" else "am"):
            parts.am = True
        else:
            raise _Mismatch
        return value[2:]
    if element == "MST":
        return _read_zone_name(parts, value)
    if element[0] in ".,":
        return _read_fraction(parts, value, element)
    return _read_offset(parts, value, element)


def _read_fraction(parts: _Parts, value: str, element: str) -> str:
    if element[1] == "0":
        width = len(element)
        if len(value) < width or value[0] not in ".," or not value[1:width].isdigit():
            raise _Mismatch
        parts.nanosecond = _nanoseconds(value[:width])
        return value[width:]
    if len(value) < 2 or value[0] not in ".," or not value[1].isdigit():
        return value
    found = re.match(r"[.,][0-9]{1,9}", value)
    assert found is not None
    parts.nanosecond = _nanoseconds(found[0])
    return value[found.end() :]


def _nanoseconds(digits: str) -> int:
    return int(digits[1:10].ljust(9, "0"))


_OFFSETS = {
    "07:00": r"([+-])(\d\d):(\d\d)",
    "0700": r"([+-])(\d\d)(\d\d)",
    "07": r"([+-])(\d\d)",
    "07:00:00": r"([+-])(\d\d):(\d\d):(\d\d)",
    "070000": r"([+-])(\d\d)(\d\d)(\d\d)",
}


def _read_offset(parts: _Parts, value: str, element: str) -> str:
    if element[0] == "Z" and value[:1] == "Z":
        parts.offset, parts.zone = 0, "UTC"
        return value[1:]
    found = re.match(_OFFSETS[element[1:]], value, re.ASCII)
    if found is None:
        raise _Mismatch
    hours, minutes, seconds = int(found[2]), int(found.group(3) if found.re.groups > 2 else 0), 0
    if found.re.groups > 3:
        seconds = int(found[4])
    if hours > 24:
        raise _Range("time zone offset hour")
    if minutes > 60:
        raise _Range("time zone offset minute")
    if seconds > 60:
        raise _Range("time zone offset second")
    offset = hours * 3600 + minutes * 60 + seconds
    parts.offset = -offset if found[1] == "-" else offset
    return value[found.end() :]


def _read_zone_name(parts: _Parts, value: str) -> str:
    if value.startswith("UTC"):
        parts.offset, parts.zone = 0, "UTC"
        return value[3:]
    name, rest = _zone_name(value)
    parts.zone = name
    if len(name) > 3 and name.startswith("GMT"):
        parts.named = int(name[3:]) * 3600
    return rest


def _zone_name(value: str) -> tuple[str, str]:
    if len(value) < 3:
        raise _Mismatch
    if value[:4] in ("ChST", "MeST"):
        return value[:4], value[4:]
    if value[:3] == "GMT":
        found = re.match(r"GMT[+-][0-9]+", value)
        if found is None or abs(int(found[0][3:])) > 23:
            return "GMT", value[3:]
        return found[0], value[found.end() :]
    if value[0] in "+-":
        found = re.match(r"[+-][0-9]+", value)
        if found is None or abs(int(found[0])) > 23:
            raise _Mismatch
        return found[0], value[found.end() :]
    found = re.match(r"[A-Z]{0,6}", value)
    assert found is not None
    letters = found[0]
    if len(letters) == 5 and letters[4] == "T":
        return letters, value[5:]
    if len(letters) == 4 and (letters[3] == "T" or letters == "WITA"):
        return letters, value[4:]
    if len(letters) == 3:
        return letters, value[3:]
    raise _Mismatch


def _build(parts: _Parts, text: str) -> Timestamp:
    hour = parts.hour
    if parts.pm and hour < 12:
        hour += 12
    elif parts.am and hour == 12:
        hour = 0
    month, day = parts.month, parts.day
    if parts.yday >= 0:
        if not 1 <= parts.yday <= (366 if is_leap(parts.year) else 365):
            raise LayoutError(f"parsing time {quote(text)}: day-of-year out of range")
        derived = Timestamp((days_from_civil(parts.year, 1, 1) + parts.yday - 1) * 86_400_000_000_000).civil()
        if month >= 0 and month != derived[1]:
            raise LayoutError(f"parsing time {quote(text)}: day-of-year does not match month")
        if day >= 0 and day != derived[2]:
            raise LayoutError(f"parsing time {quote(text)}: day-of-year does not match day")
        month, day = derived[1], derived[2]
    month = 1 if month < 0 else month
    day = 1 if day < 0 else day
    if not 1 <= day <= days_in(parts.year, month):
        raise LayoutError(f"parsing time {quote(text)}: day out of range")
    zone: tzinfo = UTC
    if parts.offset is not None and (parts.offset or parts.zone not in ("UTC", None)):
        zone = fixed_zone(parts.offset, parts.zone)
    elif parts.offset is None and parts.zone is not None:
        # Only the name is known: the clock is taken for UTC's, and an offset within the name is for show.
        zone = fixed_zone(parts.named, parts.zone)
        made = make_time(parts.year, month, day, hour, parts.minute, parts.second, parts.nanosecond)
        return Timestamp(made.nanoseconds, zone)
    return make_time(parts.year, month, day, hour, parts.minute, parts.second, parts.nanosecond, zone)
