"""Floats as text, by the two rules that the language has: one for text, one for JSON."""

from __future__ import annotations

import math
import struct

from headwater.bloblang.errors import BloblangError


class Float32(float):
    """A float that was rounded to 32 bits; takes no part in arithmetic."""

    __slots__ = ()

    def __new__(cls, value: float) -> Float32:
        try:
            rounded = struct.unpack("f", struct.pack("f", value))[0]
        except OverflowError:
            rounded = math.copysign(math.inf, value)
        return super().__new__(cls, rounded)


class NonFinite(float):
    """NaN or an infinity in a document, so that the fast encoder meets a type that it does not know."""

    __slots__ = ()


def _digits(value: float) -> tuple[str, str, int]:
    """Sign, shortest digits that read back the same, and the decimal exponent of the first digit."""
    text = repr(float(value))
    if type(value) is Float32:
        text = next(t for p in range(1, 10) if float(Float32(float(t := f"{value:.{p}g}"))) == float(value))
    sign = "-" if text[0] == "-" else ""
    mantissa, _, power = text.lstrip("-").partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = whole + fraction
    exponent = int(power or 0) + len(whole) - 1
    stripped = digits.lstrip("0")
    if not stripped:
        return sign, "0", 0
    exponent -= len(digits) - len(stripped)
    return sign, stripped.rstrip("0") or "0", exponent


def _plain(sign: str, digits: str, exponent: int) -> str:
    if exponent < 0:
        return f"{sign}0.{'0' * (-exponent - 1)}{digits}"
    if len(digits) <= exponent + 1:
        return sign + digits + "0" * (exponent + 1 - len(digits))
    return f"{sign}{digits[: exponent + 1]}.{digits[exponent + 1 :]}"


def _scientific(sign: str, digits: str, exponent: int, width: int) -> str:
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{fraction}e{'-' if exponent < 0 else '+'}{abs(exponent):0{width}d}"


def float_text(value: float) -> str:
    """A float as text by the %g rule: exponent form below 1e-4 and from 1e6, `NaN`, `+Inf`, `-Inf`."""
    if value != value:
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    sign, digits, exponent = _digits(value)
    if exponent < -4 or exponent >= 6:
        return _scientific(sign, digits, exponent, 2)
    return _plain(sign, digits, exponent)


def float_json(value: float) -> str:
    """A float as JSON: plain from 1e-6 up to 1e21, whole ones without a point.

    Raises:
        BloblangError: It is NaN or infinite.
    """
    if value != value or math.isinf(value):
        raise BloblangError(f"json: unsupported value: {float_text(value)}")
    sign, digits, exponent = _digits(value)
    if value != 0 and (exponent < -6 or exponent >= 21):
        return _scientific(sign, digits, exponent, 1 if exponent < 0 else 2)
    return _plain(sign, digits, exponent)
