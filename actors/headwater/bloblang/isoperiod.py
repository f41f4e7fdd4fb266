"""Periods by ISO 8601, such as ``P1Y2M3DT4H5M6S``."""

from __future__ import annotations

import re
from fractions import Fraction

from headwater.bloblang.errors import BloblangError
from headwater.bloblang.golayout import make_time
from headwater.bloblang.gonumbers import wrap_int64
from headwater.bloblang.values import Timestamp

_BILLION = 1_000_000_000
_SECONDS = {"Y": 31_556_952, "M": 2_629_746, "W": 604_800, "D": 86_400, "H": 3600, "m": 60, "S": 1}
_DATE, _CLOCK = "YMWD", "HmS"
_NUMBER = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]*)?|[+-]?[.,][0-9]+")


class Period:
    """Years, months, weeks, days, hours, minutes (``m``) and seconds, each perhaps with a fraction."""

    __slots__ = ("fields",)

    def __init__(self, fields: dict[str, Fraction]) -> None:
        self.fields = fields

    def nanoseconds(self) -> int:
        """Length, a year taken for 365.2425 days and a month for a twelfth of it; wrapped as an int64 is."""
        return wrap_int64(int(sum(value * _SECONDS[name] * _BILLION for name, value in self.fields.items())))

    def add_to(self, timestamp: Timestamp, sign: int) -> Timestamp:
        """The time that is this period later (or earlier, with -1 for `sign`): date parts by the calendar."""
        fields = self.fields
        year, month, day, hour, minute, second, nanosecond = timestamp.civil()
        whole: dict[str, int] = {}
        rest = Fraction(0)
        for name in _DATE:
            value = fields.get(name, Fraction(0)) * sign
            whole[name] = int(value)
            rest += (value - whole[name]) * _SECONDS[name]
        for name in _CLOCK:
            rest += fields.get(name, Fraction(0)) * sign * _SECONDS[name]
        moved = make_time(
            year + whole["Y"],
            month + whole["M"],
            day + whole["W"] * 7 + whole["D"],
            hour,
            minute,
            second,
            nanosecond,
            timestamp.zone,
        )
        return Timestamp(moved.nanoseconds + int(rest * _BILLION), timestamp.zone)


def parse_period(text: str) -> Period:
    """Read a period; a sign may stand before it.

    Raises:
        BloblangError: It is none.
    """
    body = text
    negative = body.startswith("-")
    if body.startswith(("+", "-")):
        body = body[1:]
    if not body:
        raise BloblangError("cannot parse a blank string as a period", annotated=True)
    if not body.startswith("P"):
        raise BloblangError(f"{text}: expected 'P' period mark at the start", annotated=True)
    body = body[1:]
    if body == "0":
        return Period({})
    fields: dict[str, Fraction] = {}
    allowed = _DATE
    clock = False
    fraction = ""
    while body:
        if body[0] == "T":
            if clock:
                raise _failure(text, "'T' designator cannot occur more than once")
            clock, body, allowed = True, body[1:], _CLOCK
            continue
        number = _NUMBER.match(body)
        if number is None:
            raise _failure(text, f"expected a number but found '{body[0]}'")
        body = body[number.end() :]
        if not body:
            raise _failure(text, "missing designator at the end")
        designator, body = body[0], body[1:]
        if designator not in "YMWDHS":
            raise _failure(text, f"expected a designator Y, M, W, D, H, or S not '{designator}'")
        name = "m" if designator == "M" and clock else designator
        if name not in allowed:
            raise _failure(text, f"'{designator}' designator cannot occur here")
        if name in fields:
            raise _failure(text, f"'{designator}' designator cannot occur more than once")
        if fraction:
            raise _failure(text, f"'{fraction}' & '{designator}' only the last field can have a fraction")
        digits = number[0].replace(",", ".")
        if len(digits) > 40:
            raise _failure(text, "number invalid or out of range")
        fields[name] = Fraction(digits if not digits.endswith(".") else digits + "0")
        if "." in digits:
            fraction = designator
    if not fields:
        raise _failure(text, "expected 'Y', 'M', 'W', 'D', 'H', 'M', or 'S' designator")
    if negative:
        fields = {name: -value for name, value in fields.items()}
    return Period(fields)


def _failure(text: str, reason: str) -> BloblangError:
    return BloblangError(f"{text}: {reason}", annotated=True)
