"""Formatting by verbs as Go's ``fmt.Sprintf`` does it, with its way of reporting wrong verbs and arguments."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

import orjson

from headwater.bloblang import gotext
from headwater.bloblang.gofloat import format_float
from headwater.bloblang.golayout import time_string
from headwater.bloblang.values import (
    DocumentInt,
    Float32,
    Timestamp,
    UInt64,
    decode_text,
    encode_text,
    go_type_name,
    number_text,
)

_LARGEST = 1_000_000
"""The largest width or precision, as in Go."""


class _Flags:
    """What stands between the percent sign and the verb."""

    __slots__ = ("minus", "plus", "precision", "sharp", "space", "width", "zero")

    def __init__(self) -> None:
        self.minus = self.plus = self.sharp = self.space = self.zero = False
        self.width: int | None = None
        self.precision: int | None = None

    def pad(self, text: str, zero: bool = False) -> str:
        """Fill a text up to the width."""
        if self.width is None or len(text) >= self.width:
            return text
        if self.minus:
            return text.ljust(self.width)
        if self.zero and zero:
            return text.zfill(self.width) if text[:1] in "+-" else text.rjust(self.width, "0")
        return text.rjust(self.width)


_PLAIN: Final[dict[str, tuple[type, ...]]] = {"s": (str, DocumentInt), "d": (int,), "v": (str, int, DocumentInt)}


@lru_cache(maxsize=256)
def _plain(template: str) -> tuple[tuple[str, ...], tuple[tuple[type, ...], ...]] | None:
    """What stands between the verbs of a template with %s, %d and %v alone, and the types that each shows as is."""
    pieces = template.split("%")
    if any(piece[:1] not in _PLAIN for piece in pieces[1:]):
        return None
    return (pieces[0], *(piece[1:] for piece in pieces[1:])), tuple(_PLAIN[piece[0]] for piece in pieces[1:])


def sprintf(template: str, arguments: Sequence[Any]) -> str:
    """Format `arguments` by the verbs of `template`."""
    plain = _plain(template)
    if plain is not None and len(plain[1]) == len(arguments):
        pieces, kinds = plain
        if all(type(value) in kind for value, kind in zip(arguments, kinds, strict=True)):
            return pieces[0] + "".join([f"{value}{piece}" for value, piece in zip(arguments, pieces[1:], strict=True)])
    out: list[str] = []
    at, end = 0, len(template)
    position = 0
    reordered = False
    while at < end:
        mark = template.find("%", at)
        if mark < 0:
            out.append(template[at:])
            break
        out.append(template[at:mark])
        at = mark + 1
        flags = _Flags()
        while at < end and template[at] in "#0+- ":
            char = template[at]
            if char == "#":
                flags.sharp = True
            elif char == "0":
                flags.zero = True
            elif char == "+":
                flags.plus = True
            elif char == "-":
                flags.minus, flags.zero = True, False
            else:
                flags.space = True
            at += 1
        good = True
        position, at, indexed, fine = _index(template, at, position, len(arguments))
        good, reordered = good and fine, reordered or indexed
        if at < end and template[at] == "*":
            at += 1
            width, position = _star(arguments, position)
            if width is None:
                out.append("%!(BADWIDTH)")
            elif width < 0:
                flags.width, flags.minus, flags.zero = -width, True, False
            else:
                flags.width = width
            indexed = False
        else:
            width, at = _digits(template, at)
            flags.width = width
            if indexed and width is not None:
                good = False
        if at + 1 <= end and template[at : at + 1] == ".":
            at += 1
            if indexed:
                good = False
            position, at, indexed, fine = _index(template, at, position, len(arguments))
            good, reordered = good and fine, reordered or indexed
            if at < end and template[at] == "*":
                at += 1
                precision, position = _star(arguments, position)
                if precision is None or precision < 0:
                    out.append("%!(BADPREC)")
                    precision = None
                flags.precision = precision
                indexed = False
            else:
                precision, at = _digits(template, at)
                flags.precision = precision or 0
        if not indexed:
            position, at, indexed, fine = _index(template, at, position, len(arguments))
            good, reordered = good and fine, reordered or indexed
        if at >= end:
            out.append("%!(NOVERB)")
            break
        verb = template[at]
        at += 1
        if verb == "%":
            out.append("%")
        elif not good:
            out.append(f"%!{verb}(BADINDEX)")
        elif position >= len(arguments):
            out.append(f"%!{verb}(MISSING)")
        else:
            out.append(_format(arguments[position], verb, flags, True))
            position += 1
    if not reordered and position < len(arguments):
        extra = [
            "<nil>" if value is None else f"{go_type_name(value)}={_format(value, 'v', _Flags(), True)}"
            for value in arguments[position:]
        ]
        out.append(f"%!(EXTRA {', '.join(extra)})")
    return "".join(out)


def _digits(template: str, at: int) -> tuple[int | None, int]:
    start = at
    while at < len(template) and template[at] in "0123456789":
        at += 1
    if at == start or at - start > 7:
        return None, at
    value = int(template[start:at])
    return (value if value <= _LARGEST else None), at


def _index(template: str, at: int, position: int, count: int) -> tuple[int, int, bool, bool]:
    """Read an argument index such as ``[2]``: the position, where to go on, whether there was one, and a good one."""
    if at >= len(template) or template[at] != "[":
        return position, at, False, True
    close = template.find("]", at)
    if close < 0:
        return position, at + 1, True, False
    digits = template[at + 1 : close]
    if not digits.isascii() or not digits.isdigit() or len(digits) > 7 or not 1 <= int(digits) <= count:
        return position, close + 1, True, False
    return int(digits) - 1, close + 1, True, True


def _star(arguments: Sequence[Any], position: int) -> tuple[int | None, int]:
    if position >= len(arguments):
        return None, position
    value = arguments[position]
    if type(value) not in (int, UInt64) or abs(value) > _LARGEST:
        return None, position + 1
    return value, position + 1


def _bad(value: Any, verb: str, flags: _Flags) -> str:
    if value is None:
        return f"%!{verb}(<nil>)"
    return f"%!{verb}({go_type_name(value)}={_format(value, 'v', flags, True)})"


def _format(value: Any, verb: str, flags: _Flags, top: bool) -> str:
    kind = type(value)
    if verb == "T":
        return flags.pad("<nil>" if value is None else go_type_name(value))
    if value is None:
        if verb == "v":
            return flags.pad("<nil>" if top or not flags.sharp else "interface {}(nil)")
        return _bad(value, verb, flags) if top else flags.pad("<nil>")
    if verb == "p":
        return _bad(value, verb, flags)
    if kind is bool:
        return flags.pad("true" if value else "false") if verb in "tv" else _bad(value, verb, flags)
    if kind is int or kind is UInt64:
        return _integer(value, verb, flags)
    if kind is float or kind is Float32:
        return _float(value, verb, flags)
    if kind is str:
        return _text(value, value, verb, flags)
    if kind is orjson.Fragment or kind is DocumentInt:
        return _text(value, number_text(value), verb, flags)
    if kind is bytes:
        return _bytes(value, verb, flags)
    if kind is Timestamp:
        return _text(value, time_string(value), verb, flags)
    if kind is list:
        inner = [_format(item, verb, flags, False) for item in value]
        if verb == "v" and flags.sharp:
            return "[]interface {}{" + ", ".join(inner) + "}"
        return "[" + " ".join(inner) + "]"
    if kind is dict:
        pairs = sorted(value.items(), key=lambda pair: encode_text(pair[0]))
        inner = [f"{_format(key, verb, flags, False)}:{_format(item, verb, flags, False)}" for key, item in pairs]
        if verb == "v" and flags.sharp:
            return "map[string]interface {}{" + ", ".join(inner) + "}"
        return "map[" + " ".join(inner) + "]"
    return flags.pad("<nil>")


def _integer(value: int, verb: str, flags: _Flags) -> str:
    if verb == "v" and flags.sharp and type(value) is UInt64:
        return flags.pad(f"{value:#x}")
    if verb in "dv":
        digits, prefix = str(abs(value)), ""
    elif verb == "b":
        digits, prefix = f"{abs(value):b}", "0b" if flags.sharp else ""
    elif verb in "oO":
        digits, prefix = f"{abs(value):o}", "0o" if verb == "O" else ("0" if flags.sharp else "")
    elif verb in "xX":
        digits, prefix = f"{abs(value):{verb}}", f"0{verb}" if flags.sharp else ""
    elif verb == "c":
        return flags.pad(_char(value))
    elif verb == "q":
        char = _char(value)
        return flags.pad(f"'{gotext.quote_ascii(char)[1:-1]}'" if flags.plus else gotext.quote_char(char))
    elif verb == "U":
        text = f"U+{max(value, 0):04X}"
        if flags.sharp and 0 <= value <= 0x10FFFF and chr(value).isprintable():
            text += f" '{chr(value)}'"
        return flags.pad(text)
    elif verb in "eEfFgG":
        return _bad(value, verb, flags)
    else:
        return _bad(value, verb, flags)
    if flags.precision is not None:
        if flags.precision == 0 and value == 0:
            return " " * (flags.width or 0)
        digits = digits.rjust(flags.precision, "0")
    sign = "-" if value < 0 else "+" if flags.plus else " " if flags.space else ""
    if flags.zero and flags.width is not None and not flags.minus and flags.precision is None:
        digits = digits.rjust(flags.width - len(sign), "0")
    return flags.pad(sign + prefix + digits)


def _char(value: int) -> str:
    return chr(value) if 0 <= value <= 0x10FFFF and not 0xD800 <= value <= 0xDFFF else "\ufffd"


def _float(value: float, verb: str, flags: _Flags) -> str:
    single = type(value) is Float32
    if verb == "v":
        text = format_float(value, "g", -1, single)
    elif verb in "eEfFgGxX":
        kind = "f" if verb == "F" else verb
        precision = flags.precision
        if precision is None:
            precision = -1 if kind in "gGxX" else 6
        text = format_float(value, kind, precision, single)
        if flags.sharp and kind in "gG":
            text = _keep_zeros(text, 6 if flags.precision is None else flags.precision)
    elif verb == "b":
        mantissa, exponent = math.frexp(value)
        text = f"{int(mantissa * (1 << 53))}p{exponent - 53:+d}"
    else:
        return _bad(value, verb, flags)
    special = math.isinf(value) or math.isnan(value)
    if text[0] not in "+-" and (flags.plus or flags.space):
        text = ("+" if flags.plus else " ") + text
    elif text[0] == "+" and flags.space and not flags.plus:
        text = " " + text[1:]
    return flags.pad(text, zero=not special)


def _keep_zeros(text: str, digits: int) -> str:
    mantissa, mark, exponent = text.partition("e")
    have = sum(c.isdigit() for c in mantissa.lstrip("-0."))
    if "." not in mantissa:
        mantissa += "."
    return mantissa + "0" * max(digits - have, 0) + mark + exponent


def _text(value: Any, text: str, verb: str, flags: _Flags) -> str:
    if verb in "sv" and not (verb == "v" and flags.sharp):
        return flags.pad(text if flags.precision is None else text[: flags.precision])
    if verb in "qv":
        if flags.precision is not None:
            text = text[: flags.precision]
        if flags.sharp and verb == "q" and "`" not in text and text.isprintable():
            return flags.pad(f"`{text}`")
        return flags.pad(gotext.quote_ascii(text) if flags.plus and verb == "q" else gotext.quote(text))
    if verb in "xX":
        return _hex(encode_text(text), verb, flags)
    return _bad(value, verb, flags)


def _bytes(value: bytes, verb: str, flags: _Flags) -> str:
    if verb == "v" and flags.sharp:
        return "[]byte{" + ", ".join(f"{byte:#x}" for byte in value) + "}"
    if verb in "vd":
        return "[" + " ".join(_integer(byte, "d", flags) for byte in value) + "]"
    if verb in "sqxX":
        return _text(value, decode_text(value), verb, flags)
    return "[" + " ".join(_bad_byte(byte, verb, flags) for byte in value) + "]"


def _bad_byte(byte: int, verb: str, flags: _Flags) -> str:
    return _integer(byte, verb, flags) if verb in "bcoOU" else f"%!{verb}(uint8={byte})"


def _hex(raw: bytes, verb: str, flags: _Flags) -> str:
    if flags.precision is not None:
        raw = raw[: flags.precision]
    mark = f"0{verb}" if flags.sharp else ""
    if flags.space:
        text = " ".join(f"{mark}{byte:02{verb}}" for byte in raw)
    else:
        text = (mark if raw else "") + (raw.hex() if verb == "x" else raw.hex().upper())
    return flags.pad(text)
