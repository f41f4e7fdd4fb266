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
    fixed_zone,
    make_time,
    parse_time,
    weekday,
    zone_name,
)
from headwater.bloblang.gotext import quote, quote_char
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

    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        raise BloblangError(
            f"failed to parse timezone location name: unknown time zone {name}", annotated=True
        ) from None


# Writing -------------------------------------------------------------------------------------------------------------

_COMPOSED = {
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
        if not directive or (colons and directive != "z") or width > 1024:
            return found[0]
        pad: str | None = None
        for flag in flags:
            if flag in "-_0":
                pad = flag
        if directive in _COMPOSED:
            pieces = [self._one(c, pad if c.isalpha() else None, 0, 0) or c for c in _COMPOSED[directive]]
            text: str | None = "".join(pieces)
            if text is not None and width:
                text = text.rjust(width, "0" if pad == "0" else " ")
        else:
            text = self._one(directive, pad, width, colons)
        if text is None:
            return found[0]
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
        return text.rjust(asked, "0" if pad == "0" else " ") if asked else text

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
        return {"n": "\n", "t": "\t", "%": "%"}.get(directive)

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


# Reading -------------------------------------------------------------------------------------------------------------


class _Unreadable(Exception):
    """Why a text does not have the form of a template."""


_RANGES = {
    "Y": (4, 0, 9999),
    "G": (4, 0, 9999),
    "y": (2, 0, 99),
    "g": (2, 0, 99),
    "C": (2, 0, 99),
    "m": (2, 1, 12),
    "d": (2, 1, 31),
    "e": (2, 1, 31),
    "j": (3, 1, 366),
    "H": (2, 0, 24),
    "k": (2, 0, 24),
    "I": (2, 1, 12),
    "l": (2, 1, 12),
    "M": (2, 0, 59),
    "S": (2, 0, 60),
    "U": (2, 0, 53),
    "W": (2, 0, 53),
    "V": (2, 1, 53),
    "u": (1, 1, 7),
    "w": (1, 0, 6),
    "f": (6, 0, 999_999),
    "s": (10, 0, 9_999_999_999),
}
_SPACES = " \t\n\v\f\r"


def strptime(text: str, template: str) -> Timestamp:
    """Read a time by percent directives; what the template does not name is as in 1900-01-01T00:00:00Z.

    Raises:
        BloblangError: The text does not have that form.
    """
    reader = _Reader(text)
    try:
        reader.read(template)
        return reader.build()
    except _Unreadable as failure:
        raise BloblangError(f"failed to parse {quote(text)} with {quote(template)}: {failure}") from None


class _Reader:
    """Reads one time."""

    __slots__ = ("at", "found", "nanosecond", "pm", "seconds", "text", "zone")

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.found: dict[str, int] = {}
        self.nanosecond = 0
        self.pm: bool | None = None
        self.seconds: int | None = None
        self.zone: tzinfo = UTC

    def read(self, template: str) -> None:
        index = 0
        while index < len(template):
            char = template[index]
            index += 1
            if char != "%":
                self._literal(char)
                continue
            if index >= len(template):
                raise _Unreadable('stray "%"')
            directive = template[index]
            index += 1
            while directive == ":" or (directive in "-_0^#" and index < len(template)):
                if index >= len(template):
                    raise _Unreadable(f"unexpected format {quote('%' + directive)}")
                directive = template[index]
                index += 1
            if directive in _COMPOSED and directive != "+":
                for part in _COMPOSED[directive]:
                    if part.isalpha():
                        self._directive(part)
                    else:
                        self._literal(part)
            else:
                self._directive(directive)
        if self.at < len(self.text):
            raise _Unreadable(f"unparsed string {quote(self.text[self.at :])}")

    def _literal(self, char: str) -> None:
        if self.text[self.at : self.at + 1] != char:
            raise _Unreadable(f"expected {quote_char(char)}")
        self.at += 1

    def _number(self, directive: str) -> tuple[int, int]:
        size, low, high = _RANGES[directive]
        end = self.at
        while end < len(self.text) and end - self.at < size and self.text[end] in "0123456789":
            end += 1
        if end == self.at:
            raise _Unreadable(f'cannot parse "%{directive}"')
        value = int(self.text[self.at : end])
        if not low <= value <= high:
            raise _Unreadable(f'cannot parse "%{directive}"')
        width = end - self.at
        self.at = end
        return value, width

    def _name(self, names: tuple[str, ...], directive: str, length: int | None = None) -> int:
        rest = self.text[self.at :].lower()
        for index, name in enumerate(names):
            if rest.startswith(name[:length].lower()):
                self.at += len(name[:length])
                return index
        raise _Unreadable(f'cannot parse "%{directive}"')

    def _directive(self, directive: str) -> None:
        if directive in "ekl" and self.text[self.at : self.at + 1] == " ":
            self.at += 1
        if directive == "f":
            value, width = self._number("f")
            self.nanosecond = value * 1000 * 10 ** (6 - width)
        elif directive == "s":
            self.seconds = self._number("s")[0]
        elif directive in _RANGES:
            value = self._number(directive)[0]
            self.found[{"e": "d", "k": "H", "l": "I"}.get(directive, directive)] = value
            if directive in "Ikl" and directive != "k":
                self.found.pop("H", None)
        elif directive == "B":
            self.found["m"] = self._name(MONTHS, "B") + 1
        elif directive in "bh":
            self.found["m"] = self._name(MONTHS, directive, 3) + 1
        elif directive == "A":
            self.found["w"] = self._name(DAYS, "A")
        elif directive == "a":
            self.found["w"] = self._name(DAYS, "a", 3)
        elif directive in "pP":
            self.pm = self._name(("AM", "PM"), directive) == 1
        elif directive == "Z":
            self._zone_name()
        elif directive == "z":
            self._offset()
        elif directive in "tn":
            end = self.at
            while end < len(self.text) and self.text[end] in _SPACES:
                end += 1
            if end == self.at:
                raise _Unreadable(f'expected a space for "%{directive}"')
            self.at = end
        elif directive == "%":
            self._literal("%")
        else:
            raise _Unreadable(f"unexpected format {quote('%' + directive)}")

    def _zone_name(self) -> None:
        end = self.at
        while end < len(self.text) and "A" <= self.text[end] <= "Z":
            end += 1
        name = self.text[self.at : end]
        try:
            self.zone = parse_time(name, "MST").zone
        except LayoutError:
            raise _Unreadable('cannot parse "%Z"') from None
        self.at = end

    def _offset(self) -> None:
        found = re.compile(r"Z|([+-])([0-9]{2})(?::?([0-9]{2})(?::?([0-9]{2}))?)?").match(self.text, self.at)
        if found is None or (found[2] is not None and (int(found[2]) > 24 or int(found[3] or 0) > 59)):
            raise _Unreadable('cannot parse "%z"')
        self.at = found.end()
        if found[0] == "Z":
            self.zone = UTC
            return
        seconds = int(found[2]) * 3600 + int(found[3] or 0) * 60 + int(found[4] or 0)
        self.zone = fixed_zone(-seconds if found[1] == "-" else seconds)

    def build(self) -> Timestamp:
        found = self.found
        if self.seconds is not None:
            return Timestamp(self.seconds * _BILLION + self.nanosecond, self.zone)
        year = found.get("Y", found.get("G", 1900))
        if "y" in found:
            year = found["y"] + (1900 if found["y"] >= 69 else 2000)
        elif "g" in found:
            year = found["g"] + (1900 if found["g"] >= 69 else 2000)
        if "C" in found:
            year = found["C"] * 100 + year % 100
        hour = found.get("H", 0)
        if "I" in found:
            hour = found["I"] % 12
        if self.pm and hour < 12:
            hour += 12
        clock = (hour, found.get("M", 0), found.get("S", 0), self.nanosecond, self.zone)
        if "j" in found:
            return make_time(year, 1, found["j"], *clock)
        if "d" not in found and "m" not in found:
            week = self._week_day(year)
            if week is not None:
                return make_time(year, 1, week, *clock)
        return make_time(year, found.get("m", 1), found.get("d", 1), *clock)

    def _week_day(self, year: int) -> int | None:
        """Day of the year of a week number and a day of the week; may be beyond the year's ends."""
        found = self.found
        first = (days_from_civil(year, 1, 1) + 4) % 7
        day = found["u"] % 7 if "u" in found else found.get("w")
        if "V" in found:
            day = 1 if day is None else day
            monday_based = (day + 6) % 7
            january_4 = (days_from_civil(year, 1, 4) + 3) % 7
            return 4 - january_4 + (found["V"] - 1) * 7 + monday_based
        if "U" in found:
            day = 0 if day is None else day
            return 1 + (7 - first) % 7 + (found["U"] - 1) * 7 + day
        if "W" in found:
            day = 1 if day is None else day
            return 1 + (8 - first) % 7 + (found["W"] - 1) * 7 + (day + 6) % 7
        return None
