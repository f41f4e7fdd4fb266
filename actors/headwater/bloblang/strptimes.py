"""Times read by percent directives, one after another: of two that say the same the later counts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, tzinfo
from functools import lru_cache
from typing import Final

from headwater.bloblang.errors import BloblangError
from headwater.bloblang.golayout import (
    DAYS,
    MONTHS,
    LayoutError,
    days_from_civil,
    fixed_zone,
    make_time,
    parse_time,
    zone_name,
)
from headwater.bloblang.gotext import quote, quote_char
from headwater.bloblang.timeformat import COMPOSED
from headwater.bloblang.values import Timestamp

_SPACES: Final = " \t\n\v\f\r"
_NUMBERS: Final = {
    "Y": (4, 0, 9999), "G": (4, 0, 9999), "y": (2, 0, 99), "g": (2, 0, 99), "C": (2, 0, 99),
    "m": (2, 1, 12), "d": (2, 1, 31), "e": (2, 1, 31), "j": (3, 1, 366),
    "H": (2, 0, 23), "k": (2, 0, 23), "I": (2, 1, 12), "l": (2, 1, 12), "M": (2, 0, 59), "S": (2, 0, 60),
    "U": (2, 0, 53), "W": (2, 0, 53), "V": (2, 1, 53), "u": (1, 1, 7), "w": (1, 0, 6),
    "f": (6, 0, 999_999), "s": (10, 0, 9_999_999_999),
}  # fmt: skip
"""Of a directive that is a number: most digits, least and greatest value."""
_NAMES: Final = {
    "B": MONTHS, "b": tuple(name[:3] for name in MONTHS), "h": tuple(name[:3] for name in MONTHS),
    "A": DAYS, "a": tuple(name[:3] for name in DAYS), "p": ("AM", "PM"), "P": ("AM", "PM"),
}  # fmt: skip
_FIRST_WEEKDAY: Final = {"U": 0, "W": 1, "V": 4}
"""The day of the week that decides which week is a year's first, counted from Sunday."""


class _Unreadable(Exception):
    """Why a text does not have the form of a template."""


def strptime(text: str, template: str) -> Timestamp:
    """Read a time by percent directives; what the template does not name is as in 1900-01-01T00:00:00Z.

    Raises:
        BloblangError: The text does not have that form.
    """
    reader = _Reader(_bytewise(text))
    try:
        for step in _steps(_bytewise(template)):
            step(reader)
        return reader.time()
    except _Unreadable as failure:
        raise BloblangError(f"failed to parse {quote(text)} with {quote(template)}: {failure}") from None


def _bytewise(text: str) -> str:
    """A text of which each character is a byte, as the reference goes through it."""
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("latin-1")


def _whole(text: str) -> str:
    return text if text.isascii() else text.encode("latin-1").decode("utf-8", "surrogateescape")


_Step = Callable[["_Reader"], None]


@lru_cache(maxsize=256)
def _steps(template: str) -> tuple[_Step, ...]:
    """What is to be read for a template; it fails where the template does, when what stands before was read."""
    steps: list[_Step] = []
    at = 0
    while at < len(template):
        char = template[at]
        at += 1
        if char != "%":
            steps.append(_literal(char))
        elif at == len(template):
            steps.append(_wrong('stray "%"'))
        elif template[at] == ":":
            colons = 2 if template.startswith("::", at) else 1
            if template.startswith("z", at + colons):
                steps.append(_zone(colons))
                at += colons + 1
            else:
                steps.append(_wrong(f"expected 'z' after \"%{':' * colons}\""))
        else:
            steps += _directive(template[at])
            at += 1
    steps.append(_Reader.end)
    return tuple(steps)


def _directive(directive: str) -> list[_Step]:
    if directive in COMPOSED:
        parts = (_directive(part) if part.isalpha() else [_literal(part)] for part in COMPOSED[directive])
        return [step for steps in parts for step in steps]
    if directive in _NUMBERS:
        return [lambda reader: reader.number(directive)]
    if directive in _NAMES:
        return [lambda reader: reader.name(directive)]
    if directive in "tn":
        return [lambda reader: reader.spaces(directive)]
    if directive == "z":
        return [_zone(0)]
    if directive == "Z":
        return [_Reader.zone_name]
    return [_literal("%") if directive == "%" else _wrong(f"unexpected format {quote('%' + directive)}")]


def _literal(char: str) -> _Step:
    def read(reader: _Reader) -> None:
        if reader.text[reader.at : reader.at + 1] != char:
            raise _Unreadable(f"expected {quote_char(char)}")
        reader.at += 1

    return read


def _zone(colons: int) -> _Step:
    return lambda reader: reader.offset(colons)


def _wrong(text: str) -> _Step:
    def fail(reader: _Reader) -> None:
        raise _Unreadable(text)

    return fail


class _Reader:
    """Reads one time."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.year, self.month, self.day, self.yday = 1900, 1, 0, 0
        self.hour = self.minute = self.second = self.nanosecond = 0
        self.century = -1
        self.pm = False
        self.week = self.weekday = 0
        self.first_weekday = -1
        self.iso_year = self.named = self.shifted = False
        self.zone: tzinfo = UTC

    def end(self) -> None:
        """Nothing may follow."""
        if self.at < len(self.text):
            raise _Unreadable(f"unparsed string {quote(_whole(self.text[self.at :]))}")

    def digits(self, size: int, low: int, high: int) -> int | None:
        """A number of at most so many digits; None where there is none in the range."""
        end = start = self.at
        while end < len(self.text) and end - start < size and self.text[end] in "0123456789":
            end += 1
        if end == start or not low <= (value := int(self.text[start:end])) <= high:
            return None
        self.at = end
        return value

    def number(self, directive: str) -> None:
        """A directive that is a number."""
        if directive in "ekl" and self.text[self.at : self.at + 1] == " ":
            self.at += 1
        start = self.at
        value = self.digits(*_NUMBERS[directive])
        if value is None:
            raise _Unreadable(f'cannot parse "%{directive}"')
        if directive == "f":
            self.nanosecond = value * 1000 * 10 ** (6 - self.at + start)
        elif directive == "s":
            self.year, self.month, self.day, self.hour, self.minute, self.second, _ = Timestamp(
                value * 1_000_000_000, UTC
            ).civil()
        else:
            self.keep(directive, value)

    def keep(self, directive: str, value: int) -> None:
        """Note a number that was read."""
        match directive:
            case "Y":
                self.year = value
            case "y":
                self.year = value + (2000 if value < 69 else 1900)
            case "G" | "g":
                self.year = value + (2000 if directive == "g" else 0)
                self.iso_year = True
            case "C":
                self.century = value
            case "m":
                self.month = value
            case "d" | "e":
                self.day = value
            case "j":
                self.yday = value
            case "H" | "k":
                self.hour = value
            case "I" | "l":
                self.hour = value % 12
            case "M":
                self.minute = value
            case "S":
                self.second = value
            case "u" | "w":
                self.weekday = value % 7 + 1
            case _:
                self.week, self.first_weekday = value, _FIRST_WEEKDAY[directive]
                self.weekday = self.weekday or (1 if directive == "U" else 2)

    def name(self, directive: str) -> None:
        """A directive that is a word; capitals do not matter."""
        rest = self.text[self.at :].lower()
        names = _NAMES[directive]
        index = next((n for n, name in enumerate(names) if rest.startswith(name.lower())), None)
        if index is None:
            raise _Unreadable(f'cannot parse "%{directive}"')
        self.at += len(names[index])
        if directive in "Bbh":
            self.month = index + 1
        elif directive in "Aa":
            self.weekday = index + 1
        else:
            self.pm = index == 1

    def spaces(self, directive: str) -> None:
        """White space, at least one."""
        start = self.at
        while self.text[self.at : self.at + 1] and self.text[self.at] in _SPACES:
            self.at += 1
        if self.at == start:
            raise _Unreadable(f'expected a space for "%{directive}"')

    def zone_name(self) -> None:
        """An abbreviation in capitals."""
        start = self.at
        while "A" <= self.text[self.at : self.at + 1] <= "Z":
            self.at += 1
        name = self.text[start : self.at]
        try:
            found = parse_time(name, "MST")
        except LayoutError:
            raise _Unreadable(f'cannot parse {quote(name)} with "%Z"') from None
        if self.shifted:
            self.zone = fixed_zone(Timestamp(0, self.zone).offset(), zone_name(found))
        else:
            self.zone = found.zone
        self.named = True

    def offset(self, colons: int) -> None:
        """``+hh``, ``+hhmm``, ``+hh:mm`` or ``+hh:mm:ss``; ``Z``. Colons that the template asks for must be there."""
        unreadable = _Unreadable(f'cannot parse "%{":" * colons}z"')
        missing = _Unreadable(f"expected ':' for \"%{':' * colons}z\"")
        sign = self.text[self.at : self.at + 1]
        self.at += 1
        if sign == "Z":
            self.zone = UTC
            return
        if sign not in ("+", "-"):
            raise unreadable
        hours = self._pair(23)
        if hours is None:
            raise unreadable
        colon = self.text.startswith(":", self.at)
        if colon:
            self.at += 1
        elif colons:
            raise missing
        minutes = self._pair(59)
        seconds = None
        if minutes is None:
            if colon or colons:
                raise unreadable
        elif colons == 2 or (colon and not colons):
            if self.text.startswith(":", self.at):
                self.at += 1
                seconds = self._pair(59)
                if seconds is None:
                    if colons:
                        raise unreadable
                    self.at -= 1
            elif colons:
                raise missing
        total = (hours * 60 + (minutes or 0)) * 60 + (seconds or 0)
        name = zone_name(Timestamp(0, self.zone)) if self.named else None
        self.zone = fixed_zone(-total if sign == "-" else total, name)
        self.shifted = True

    def _pair(self, high: int) -> int | None:
        start = self.at
        value = self.digits(2, 0, high)
        if self.at != start + 2:
            self.at = start
            return None
        return value

    def time(self) -> Timestamp:
        """What all of it says."""
        year = self.year if self.century < 0 else self.century * 100 + self.year % 100
        clock = (self.hour + 12 * self.pm, self.minute, self.second, self.nanosecond, self.zone)
        if self.day:
            return make_time(year, self.month, self.day, *clock)
        if self.yday:
            if self.iso_year:
                raise _Unreadable('use "%Y" to parse non-ISO year for "%j"')
            return make_time(year, 1, self.yday, *clock)
        if self.first_weekday < 0:
            return make_time(year, self.month, 1, *clock)
        if self.first_weekday == 4 and not self.iso_year:
            raise _Unreadable('use "%G" to parse ISO year for "%V"')
        if self.first_weekday != 4 and self.iso_year:
            raise _Unreadable('use "%Y" to parse non-ISO year for "%U" or "%W"')
        week = self.week + (self.first_weekday > 0 and self.weekday == 1)
        before = days_from_civil(year, 1, 1) - 1 - self.first_weekday
        return make_time(year, 1, -self.first_weekday + week * 7 - (before + 4) % 7 + self.weekday - 1, *clock)
