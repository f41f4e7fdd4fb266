"""Times by percent directives (``%Y-%m-%d``), and time zones and timestamps from other values."""

from __future__ import annotations

import re
from datetime import UTC, tzinfo
from functools import lru_cache
from typing import Any, Final

from headwater.bloblang.errors import BloblangError, TypeMismatch
from headwater.bloblang.golayout import (
    DAYS,
    MONTHS,
    RFC3339_NANO,
    LayoutError,
    day_of_year,
    days_from_civil,
    parse_time,
    weekday,
    zone_name,
)
from headwater.bloblang.values import Timestamp, UInt64, decode_text, is_number, number

_BILLION = 1_000_000_000


def to_timestamp(value: Any) -> Timestamp:
    """A timestamp of a timestamp, of seconds since 1970 (with decimals), or of an RFC 3339 text.

    Raises:
        BloblangError: The text is none.
        TypeMismatch: It is none of these.
    """
    kind = type(value)
    if kind is Timestamp:
        return value  # type: ignore[no-any-return]
    if kind is str or kind is bytes:
        try:
            return parse_time(value if kind is str else decode_text(value), RFC3339_NANO)
        except LayoutError as error:
            raise BloblangError(str(error)) from None
    if is_number(value):
        return Timestamp(unix_nanoseconds(value), local_zone())
    raise TypeMismatch(value, "number", "string")


def unix_nanoseconds(value: Any) -> int:
    """Nanoseconds since 1970 of a number of seconds."""
    seconds = number(value)
    if type(seconds) is UInt64 or type(seconds) is int:
        return int(seconds) * _BILLION
    return _float_nanoseconds(float(seconds))


def _float_nanoseconds(seconds: float) -> int:
    if seconds != seconds or abs(seconds) >= 9.2e18:
        return -(1 << 63) * _BILLION
    whole = int(seconds)
    return whole * _BILLION + int((seconds - whole) * 1e9)


@lru_cache(maxsize=1)
def _local() -> tzinfo:
    import os
    from zoneinfo import ZoneInfo

    name = os.environ.get("TZ", "").lstrip(":")
    for source in (name, _linked_zone() if not name else ""):
        if source and source not in ("UTC", "Etc/UTC"):
            try:
                return ZoneInfo(source)
            except (ValueError, OSError, LookupError):
                continue
    return UTC


def _linked_zone() -> str:
    import os

    try:
        target = os.path.realpath("/etc/localtime")
    except OSError:
        return ""
    return target.partition("zoneinfo/")[2]


def local_zone() -> tzinfo:
    """The zone of this machine."""
    return _local()


def now() -> Timestamp:
    """The present time in the zone of this machine."""
    import time

    return Timestamp(time.time_ns(), local_zone())


@lru_cache(maxsize=256)
def find_zone(name: str) -> tzinfo:
    """A time zone by its name; ``Local`` is that of this machine.

    Raises:
        BloblangError: There is none.
    """
    if name in ("", "UTC"):
        return UTC
    if name == "Local":
        return local_zone()
    from zoneinfo import ZoneInfo

    if name.startswith(("/", "\\")) or ".." in name:
        raise BloblangError("failed to parse timezone location name: time: invalid location name", annotated=True)
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        raise BloblangError(
            f"failed to parse timezone location name: unknown time zone {name}", annotated=True
        ) from None


# Writing -------------------------------------------------------------------------------------------------------------

COMPOSED = {
    "D": "m/d/y",
    "x": "m/d/y",
    "F": "Y-m-d",
    "R": "H:M",
    "r": "I:M:S p",
    "T": "H:M:S",
    "X": "H:M:S",
    "c": "a b e H:M:S Y",
    "v": "e-b-Y",
    "+": "a b e H:M:S Z Y",
}
_DIRECTIVE = re.compile(r"%([-_0^#]*)([1-9][0-9]*)?(:*)(.?)", re.DOTALL)


_PLAIN: Final = {
    "Y": "{0:04d}", "m": "{1:02d}", "d": "{2:02d}", "H": "{3:02d}", "M": "{4:02d}", "S": "{5:02d}",
    "F": "{0:04d}-{1:02d}-{2:02d}", "T": "{3:02d}:{4:02d}:{5:02d}",
}  # fmt: skip


@lru_cache(maxsize=256)
def _plain(template: str) -> str | None:
    """Of a template that shows numbers of the clock and calendar alone, what `str.format` takes instead."""
    pieces = template.replace("{", "{{").replace("}", "}}").split("%")
    if any(piece[:1] not in _PLAIN for piece in pieces[1:]):
        return None
    return pieces[0] + "".join(_PLAIN[piece[0]] + piece[1:] for piece in pieces[1:])


def strftime(timestamp: Timestamp, template: str) -> str:
    """Write a time by percent directives; unknown ones stay as they are."""
    civil = timestamp.civil()
    plain = _plain(template)
    if plain is not None and 0 <= civil[0] <= 9999:
        return plain.format(*civil)
    return _Writer(timestamp).write(template)


class _Writer:
    """Writes one time."""

    __slots__ = ("day", "hour", "minute", "month", "nanosecond", "second", "timestamp", "year")

    def __init__(self, timestamp: Timestamp) -> None:
        self.timestamp = timestamp
        self.year, self.month, self.day, self.hour, self.minute, self.second, self.nanosecond = timestamp.civil()

    def write(self, template: str) -> str:
        return _DIRECTIVE.sub(self._replace, template)

    def _replace(self, found: re.Match[str]) -> str:
        flags, width, colons, directive = found[1], int(found[2] or 0), len(found[3]), found[4]
        if (colons and directive != "z") or colons > 3 or width > 1024:
            return found[0]
        pad: str | None = None
        for flag in flags:
            if flag in "-_0":
                pad = flag
        if directive in COMPOSED:
            # What is asked of the whole is not asked of its parts, nor of the whole.
            text: str | None = "".join(self._one(c, None, 0, 0) or c for c in COMPOSED[directive])
            flags = flags.replace("#", "")
        else:
            text = self._one(directive, pad, width, colons) if directive else None
        if text is None:
            return self._word(found[0].removesuffix(directive), pad, width - len(directive)) + directive
        if "^" in flags:
            return text.upper()
        if "#" in flags:
            return text.lower() if directive in "pZ" else text.upper()
        return text

    def _digits(self, value: int, width: int, pad: str | None, asked: int, fill: str = "0") -> str:
        if pad == "-":
            return str(value)
        if pad == "_":
            fill = " "
        elif pad == "0":
            fill = "0"
        size = max(width, asked)
        if value < 0 and fill == "0":
            return "-" + str(-value).rjust(size - 1, "0")
        return str(value).rjust(size, fill)

    def _word(self, text: str, pad: str | None, asked: int) -> str:
        return text.rjust(asked, "0" if pad == "0" else " ")

    def _one(self, directive: str, pad: str | None, asked: int, colons: int) -> str | None:
        digits = self._digits
        if directive == "Y":
            return digits(self.year, 4, pad, asked)
        if directive == "y":
            return digits(self.year % 100, 2, pad, asked)
        if directive == "C":
            return digits(self.year // 100, 2, pad, asked)
        if directive in "gGV":
            year, week = self._iso_week()
            if directive == "V":
                return digits(week, 2, pad, asked)
            return digits(year, 4, pad, asked) if directive == "G" else digits(year % 100, 2, pad, asked)
        if directive == "m":
            return digits(self.month, 2, pad, asked)
        if directive == "B":
            return self._word(MONTHS[self.month - 1], pad, asked)
        if directive in "bh":
            return self._word(MONTHS[self.month - 1][:3], pad, asked)
        if directive == "A":
            return self._word(DAYS[weekday(self.timestamp)], pad, asked)
        if directive == "a":
            return self._word(DAYS[weekday(self.timestamp)][:3], pad, asked)
        if directive == "w":
            return digits(weekday(self.timestamp), 1, pad, asked)
        if directive == "u":
            return digits(weekday(self.timestamp) or 7, 1, pad, asked)
        if directive in "UW":
            start = (weekday(self.timestamp) + (7 if directive == "U" else 6)) % 7
            return digits((self._yday() - 1 + 7 - start) // 7, 2, pad, asked)
        if directive == "j":
            return digits(self._yday(), 3, pad, asked)
        if directive == "d":
            return digits(self.day, 2, pad, asked)
        if directive == "e":
            return digits(self.day, 2, pad, asked, " ")
        if directive == "H":
            return digits(self.hour, 2, pad, asked)
        if directive == "k":
            return digits(self.hour, 2, pad, asked, " ")
        if directive == "I":
            return digits(self.hour % 12 or 12, 2, pad, asked)
        if directive == "l":
            return digits(self.hour % 12 or 12, 2, pad, asked, " ")
        if directive == "p":
            return self._word("AM" if self.hour < 12 else "PM", pad, asked)
        if directive == "P":
            return self._word("am" if self.hour < 12 else "pm", pad, asked)
        if directive == "M":
            return digits(self.minute, 2, pad, asked)
        if directive == "S":
            return digits(self.second, 2, pad, asked)
        if directive == "s":
            return digits(self.timestamp.nanoseconds // _BILLION, 1, pad, asked)
        if directive == "f":
            return digits(self.nanosecond // 1000, 6, pad, asked)
        if directive == "Z":
            return self._word(zone_name(self.timestamp), pad, asked)
        if directive == "z":
            return self._zone(pad, asked, colons)
        char = {"n": "\n", "t": "\t", "%": "%"}.get(directive)
        return char and self._word(char, pad, asked)

    def _yday(self) -> int:
        return day_of_year(self.year, self.month, self.day)

    def _iso_week(self) -> tuple[int, int]:
        """Year and week by ISO 8601."""
        days = days_from_civil(self.year, self.month, self.day)
        thursday = days - (days + 3) % 7 + 3
        year = self.year
        for candidate in (year - 1, year, year + 1):
            if days_from_civil(candidate, 1, 1) <= thursday < days_from_civil(candidate + 1, 1, 1):
                year = candidate
        return year, (thursday - days_from_civil(year, 1, 1)) // 7 + 1

    def _zone(self, pad: str | None, asked: int, colons: int) -> str:
        offset = self.timestamp.offset()
        sign = "-" if offset < 0 else "+"
        hours, rest = divmod(abs(offset), 3600)
        minutes, seconds = divmod(rest, 60)
        if colons == 0:
            tail = f"{minutes:02d}"
        elif colons == 1:
            tail = f":{minutes:02d}"
        elif colons == 2:
            tail = f":{minutes:02d}:{seconds:02d}"
        else:
            tail = f":{minutes:02d}:{seconds:02d}" if seconds else f":{minutes:02d}" if minutes else ""
        room = max(asked - len(tail), 3)
        if pad == "_":
            return f"{sign}{hours}".rjust(room) + tail
        return f"{sign}{hours}{tail}" if pad == "-" else f"{sign}{str(hours).rjust(room - 1, '0')}{tail}"
