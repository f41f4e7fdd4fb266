"""Numbers from text by the rules and in the words of Go's ``strconv``."""

from __future__ import annotations

import math
import re

from headwater.bloblang.gotext import quote

_DIGITS = {2: r"[01]*", 8: r"[0-7]*", 10: r"[0-9]*", 16: r"[0-9a-fA-F]*"}
_DECIMAL = re.compile(r"[+-]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9][0-9_]*)?\Z", re.ASCII)
_HEXADECIMAL = re.compile(
    r"[+-]?0[xX](?:[0-9a-fA-F_]+(?:\.[0-9a-fA-F_]*)?|\.[0-9a-fA-F_]+)[pP][+-]?[0-9][0-9_]*\Z", re.ASCII
)
_SPECIAL = re.compile(r"([+-]?)inf(?:inity)?\Z", re.ASCII | re.IGNORECASE)
_UNDERSCORES = re.compile(r"(?<![0-9a-fA-FxXoObB])_|_(?![0-9a-fA-F])")

INT64_MIN = -(1 << 63)
INT64_MAX = (1 << 63) - 1
UINT64_MAX = (1 << 64) - 1
_MOST_DIGITS = 4000
"""Beyond what any 64-bit number can have; Python refuses to convert texts that are longer still."""


class NumberError(ValueError):
    """A text is no number, or one that does not fit; the text is Go's."""


def _failure(function: str, text: str, reason: str) -> NumberError:
    return NumberError(f"strconv.{function}: parsing {quote(text)}: {reason}")


def parse_int(text: str, bits: int = 64) -> int:
    """Read a signed integer, whose prefix tells the base, with underscores between digits.

    Raises:
        NumberError: It is none, or does not fit into `bits` bits.
    """
    value = _integer(text, "ParseInt", signed=True)
    if not -(1 << (bits - 1)) <= value < 1 << (bits - 1):
        raise _failure("ParseInt", text, "value out of range")
    return value


def parse_uint(text: str, bits: int = 64) -> int:
    """Read an unsigned integer; like `parse_int`, but without a sign."""
    value = _integer(text, "ParseUint", signed=False)
    if value >= 1 << bits:
        raise _failure("ParseUint", text, "value out of range")
    return value


def _integer(text: str, function: str, signed: bool) -> int:
    negative = text.startswith("-")
    body = text[1:] if signed and text[:1] in ("+", "-") else text
    base = 10
    if body[:1] == "0" and len(body) > 1:
        base = {"x": 16, "b": 2, "o": 8}.get(body[1].lower(), 0)
        body = body[2:] if base and len(body) > 2 else body[1:] if not base else body
        base = base or 8
    value = _magnitude(body.replace("_", ""), base, text, function)
    if "_" in text and _UNDERSCORES.search(text):
        raise _failure(function, text, "invalid syntax")
    return -value if negative else value


def _magnitude(digits: str, base: int, text: str, function: str) -> int:
    """The number that digits make; what is too large is told before a digit that is none behind it."""
    good = re.match(_DIGITS[base], digits)
    assert good is not None
    value = int(good[0][:_MOST_DIGITS], base) if good[0] else 0
    if value > UINT64_MAX:
        raise _failure(function, text, "value out of range")
    if not good[0] or good.end() < len(digits):
        raise _failure(function, text, "invalid syntax")
    return value


def parse_decimal_int(text: str) -> int:
    """Read a plain decimal integer as Go's ``Atoi`` does: a sign and digits, nothing else."""
    body = text[1:] if text[:1] in ("+", "-") else text
    value = _magnitude(body, 10, text, "Atoi")
    value = -value if text.startswith("-") else value
    if not INT64_MIN <= value <= INT64_MAX:
        raise _failure("Atoi", text, "value out of range")
    return value


def parse_float(text: str) -> float:
    """Read a float: decimal, hexadecimal with an exponent, infinities and NaN in any case.

    Raises:
        NumberError: It is none, or its size is beyond a double.
    """
    if _DECIMAL.match(text) and _groups(text):
        value = float(text.replace("_", ""))
        if math.isinf(value):
            raise _failure("ParseFloat", text, "value out of range")
        return value
    if _HEXADECIMAL.match(text) and _groups(text):
        try:
            return float.fromhex(text.replace("_", ""))
        except OverflowError:
            raise _failure("ParseFloat", text, "value out of range") from None
    if infinity := _SPECIAL.match(text):
        return -math.inf if infinity[1] == "-" else math.inf
    if text.lower() == "nan":
        return math.nan
    raise _failure("ParseFloat", text, "invalid syntax")


def _groups(text: str) -> bool:
    return "_" not in text or not _UNDERSCORES.search(text)


def parse_bool(text: str) -> bool | None:
    """Read one of the words that Go's ``ParseBool`` knows; None for any other."""
    if text in ("1", "t", "T", "TRUE", "true", "True"):
        return True
    if text in ("0", "f", "F", "FALSE", "false", "False"):
        return False
    return None


def wrap_int64(value: int) -> int:
    """Bring an integer into 64 bits as a machine does: what is beyond is cut off."""
    if INT64_MIN <= value <= INT64_MAX:
        return value
    value &= UINT64_MAX
    return value - (1 << 64) if value > INT64_MAX else value


def truncate_to_int64(value: float) -> int:
    """Cut the decimals off, as a conversion to ``int64`` does on common hardware."""
    if value != value or not -9.223372036854775808e18 <= value < 9.223372036854775808e18:
        return INT64_MIN
    return int(value)
