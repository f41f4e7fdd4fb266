"""Numbers and labels as exporters write them."""

from __future__ import annotations

import math
from typing import Final

from headwater.telemetry.metrics import Labels

_ESCAPES: Final = {
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
    "\\": "\\\\",
    '"': '\\"',
}


def number_text(value: float) -> str:
    """A number in the shortest form that reads back the same, with an exponent from a million on."""
    if isinstance(value, int) and -1_000_000 < value < 1_000_000:
        return str(value)
    number = float(value)
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "+Inf" if number > 0 else "-Inf"
    if not number:
        return "0"
    sign = "-" if number < 0 else ""
    digits, exponent = _scientific(abs(number))
    if exponent < -4 or exponent >= 6:
        mantissa = digits[0] + ("." + digits[1:] if len(digits) > 1 else "")
        return f"{sign}{mantissa}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"
    if exponent < 0:
        return f"{sign}0.{'0' * (-exponent - 1)}{digits}"
    digits = digits.ljust(exponent + 1, "0")
    whole, fraction = digits[: exponent + 1], digits[exponent + 1 :]
    return f"{sign}{whole}.{fraction}" if fraction else sign + whole


def _scientific(number: float) -> tuple[str, int]:
    """The significant digits of a positive number, and the decimal exponent of the first."""
    mantissa, _, exponent = repr(number).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = whole + fraction
    leading = len(digits) - len(digits.lstrip("0"))
    power = int(exponent or "0") + len(whole) - 1 - leading
    return digits.strip("0") or "0", power


def quote_ascii(text: str) -> str:
    """A text in double quotes with escapes for all that is not printable ASCII, as the flat names have their labels."""
    parts = ['"']
    for character in text:
        code = ord(character)
        if character in _ESCAPES:
            parts.append(_ESCAPES[character])
        elif 0x20 <= code < 0x7F:
            parts.append(character)
        elif code < 0x80:
            parts.append(f"\\x{code:02x}")
        elif code < 0x10000:
            parts.append(f"\\u{code:04x}")
        else:
            parts.append(f"\\U{code:08x}")
    parts.append('"')
    return "".join(parts)


def flat_name(name: str, labels: Labels) -> str:
    """A series' name with its labels: ``name{label="L",path="P",stream="ID"}``."""
    if not labels:
        return name
    return f"{name}{{{','.join(f'{key}={quote_ascii(value)}' for key, value in labels)}}}"
