"""Floats to text as Go's ``strconv.FormatFloat`` writes them."""

from __future__ import annotations

import math
import struct
from decimal import Decimal

_EXPONENT_FROM = 6
"""The power of ten from which the shortest ``g`` form is written with an exponent."""


def shortest_digits(value: float, single: bool = False) -> tuple[str, int]:
    """The fewest digits that read back as the same number, and the exponent of the first of them.

    `single` asks for the fewest that tell 32-bit numbers apart.
    """
    text = _shortest_single(value) if single else repr(abs(value))
    mantissa, _, exponent = text.partition("e")
    whole, _, fraction = mantissa.partition(".")
    power = len(whole) - 1 + (int(exponent) if exponent else 0)
    digits = whole + fraction
    stripped = digits.lstrip("0")
    power -= len(digits) - len(stripped)
    stripped = stripped.rstrip("0")
    return (stripped, power) if stripped else ("0", 0)


def _shortest_single(value: float) -> str:
    value = abs(value)
    for precision in range(6, 10):
        text = f"{value:.{precision}g}"
        if struct.unpack("f", struct.pack("f", float(text)))[0] == value:
            break
    return text


def format_float(value: float, kind: str, precision: int, single: bool = False) -> str:
    """Write a float.

    Args:
        value: What to write.
        kind: ``e``, ``E``, ``f``, ``g``, ``G``, ``x`` or ``X``.
        precision: Digits after the point (for ``g`` all digits), -1 for as many as are needed.
        single: It is a 32-bit number.
    """
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    sign = "-" if math.copysign(1.0, value) < 0 else ""
    if kind in "xX":
        text = _hexadecimal(abs(value), precision)
        return sign + (text.upper() if kind == "X" else text)
    if precision < 0:
        digits, power = shortest_digits(value, single)
        if kind == "f":
            return sign + plain(digits, power)
        if kind in "eE" or power < -4 or power >= _EXPONENT_FROM:
            return sign + _scientific(digits, power, "E" if kind in "EG" else "e")
        return sign + plain(digits, power)
    if kind == "f":
        return sign + f"{Decimal(abs(value)):.{precision}f}"
    if kind in "eE":
        return sign + _two_digit_exponent(f"{Decimal(abs(value)):.{precision}e}", kind)
    precision = precision or 1
    if value == 0:
        return sign + "0"
    text = f"{Decimal(abs(value)):.{precision - 1}e}"
    mantissa, _, exponent = text.partition("e")
    power = int(exponent)
    digits = mantissa.replace(".", "").rstrip("0") or "0"
    if precision > len(digits) > power:
        precision = len(digits)
    if power < -4 or power >= precision:
        return sign + _scientific(digits, power, "E" if kind == "G" else "e")
    return sign + plain(digits, power)


def plain(digits: str, power: int) -> str:
    """Digits without an exponent."""
    if power < 0:
        return "0." + "0" * (-power - 1) + digits
    if len(digits) <= power + 1:
        return digits.ljust(power + 1, "0")
    return f"{digits[: power + 1]}.{digits[power + 1 :]}"


def _scientific(digits: str, power: int, mark: str) -> str:
    mantissa = digits if len(digits) == 1 else f"{digits[0]}.{digits[1:]}"
    return f"{mantissa}{mark}{'-' if power < 0 else '+'}{abs(power):02d}"


def _two_digit_exponent(text: str, mark: str) -> str:
    mantissa, _, exponent = text.partition("e")
    power = int(exponent)
    return f"{mantissa}{mark}{'-' if power < 0 else '+'}{abs(power):02d}"


def _hexadecimal(value: float, precision: int) -> str:
    if value == 0:
        return "0x0p+00" if precision <= 0 else f"0x0.{'0' * precision}p+00"
    mantissa, exponent = math.frexp(value)
    bits, power = int(mantissa * (1 << 53)), exponent - 1
    if precision >= 0:
        shift = 52 - 4 * precision
        if shift > 0:
            half, low = 1 << (shift - 1), bits & ((1 << shift) - 1)
            bits >>= shift
            if low > half or (low == half and bits & 1):
                bits += 1
            bits <<= shift
            if bits >= 1 << 53:
                bits >>= 1
                power += 1
    fraction = f"{bits & ((1 << 52) - 1):013x}"
    fraction = fraction.rstrip("0") if precision < 0 else fraction.ljust(precision, "0")[:precision]
    point = f".{fraction}" if fraction else ""
    return f"0x1{point}p{'-' if power < 0 else '+'}{abs(power):02d}"
