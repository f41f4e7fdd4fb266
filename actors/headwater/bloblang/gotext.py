"""Text by the rules of Go: quoting, and case by code point.

A text that is not UTF-8 is a `str` whose stray bytes are lone surrogates (``surrogateescape``).
"""

from __future__ import annotations

import re

from headwater.bloblang.values import decode_text, encode_text

_SHORT = {7: "\\a", 8: "\\b", 12: "\\f", 10: "\\n", 13: "\\r", 9: "\\t", 11: "\\v", 34: '\\"', 92: "\\\\"}
_PLAIN = re.compile(r"[ !#-\[\]-~]*\Z")
_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\"}
_WIDTHS = {"x": 2, "u": 4, "U": 8}
_HEX = frozenset("0123456789abcdefABCDEF")
_OCTAL = frozenset("01234567")


def quote(text: str) -> str:
    """Write a text as a Go string literal between double quotes."""
    if _PLAIN.match(text):
        return f'"{text}"'
    return '"' + "".join(map(_quoted, text)) + '"'


def quote_ascii(text: str) -> str:
    """Write a text as a Go string literal in ASCII only."""
    return '"' + "".join(c if " " <= c <= "~" and c not in '"\\' else _quoted(c, False) for c in text) + '"'


def quote_char(char: str) -> str:
    """Write one code point as a Go character literal between single quotes."""
    if char == "'":
        return "'\\''"
    return f"'{char if char == chr(34) else _quoted(char)}'"


def _quoted(char: str, printable: bool = True) -> str:
    code = ord(char)
    if code in _SHORT:
        return _SHORT[code]
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if char.isprintable() and (printable or code < 0x7F):
        return char
    if code < 0x20 or code == 0x7F:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def unquote(text: str) -> str:
    """Read a Go string literal: in double quotes, back quotes, or a character in single quotes.

    Raises:
        ValueError: It is none; the text is Go's.
    """
    if len(text) < 2 or text[0] != text[-1] or text[0] not in "\"'`":
        raise ValueError("invalid syntax")
    mark, body = text[0], text[1:-1]
    if mark == "`":
        if "`" in body:
            raise ValueError("invalid syntax")
        return body.replace("\r", "")
    result = unescape(body, mark)
    if mark == "'" and len(result) != 1:
        raise ValueError("invalid syntax")
    return result


def unescape(body: str, mark: str = '"') -> str:
    """Resolve the escapes of a literal's inside; `mark` is the quotation mark around it.

    Raises:
        ValueError: An escape is unknown or broken, or there is a raw newline or quotation mark.
    """
    if "\n" in body or (mark in body and "\\" not in body):
        raise ValueError("invalid syntax")
    if "\\" not in body:
        return body
    parts: list[str] = []
    raw = False
    at, end = 0, len(body)
    while at < end:
        char = body[at]
        if char == mark:
            raise ValueError("invalid syntax")
        if char != "\\":
            parts.append(char)
            at += 1
            continue
        kind = body[at + 1 : at + 2]
        if kind in _ESCAPES and kind:
            parts.append(_ESCAPES[kind])
            at += 2
        elif kind == mark:
            parts.append(mark)
            at += 2
        elif kind in _WIDTHS and kind:
            digits = body[at + 2 : at + 2 + _WIDTHS[kind]]
            code = _digits(digits, _WIDTHS[kind], _HEX, 16)
            if kind == "x":
                parts.append(chr(code) if code < 0x80 else chr(0xDC00 + code))
                raw = raw or code >= 0x80
            elif code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
                raise ValueError("invalid syntax")
            else:
                parts.append(chr(code))
            at += 2 + _WIDTHS[kind]
        else:
            code = _digits(body[at + 1 : at + 4], 3, _OCTAL, 8)
            if code > 255:
                raise ValueError("invalid syntax")
            parts.append(chr(code) if code < 0x80 else chr(0xDC00 + code))
            raw = raw or code >= 0x80
            at += 4
    result = "".join(parts)
    return decode_text(encode_text(result)) if raw else result


def _digits(digits: str, width: int, allowed: frozenset[str], base: int) -> int:
    if len(digits) != width or not allowed.issuperset(digits):
        raise ValueError("invalid syntax")
    return int(digits, base)


def upper(text: str) -> str:
    """Upper case, code point by code point: what has no single capital stays as it is; a stray byte becomes U+FFFD."""
    if text.isascii():
        return text.upper()
    return "".join(_upper(c) for c in text)


def lower(text: str) -> str:
    """Lower case, code point by code point."""
    if text.isascii():
        return text.lower()
    return "".join(_lower(c) for c in text)


def title(char: str) -> str:
    """Title case of one code point."""
    changed = char.title()
    return changed if len(changed) == 1 else char


def _upper(char: str) -> str:
    if "\udc80" <= char <= "\udcff":
        return "\ufffd"
    changed = char.upper()
    return changed if len(changed) == 1 else char


def _lower(char: str) -> str:
    if char == "İ":
        return "i"
    if "\udc80" <= char <= "\udcff":
        return "\ufffd"
    changed = char.lower()
    return changed if len(changed) == 1 else char
