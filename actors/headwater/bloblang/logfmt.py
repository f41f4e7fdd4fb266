"""Lines in logfmt: ``key=value`` pairs with blanks between them."""

from __future__ import annotations

from typing import Any

from headwater.bloblang.errors import BloblangError
from headwater.bloblang.gotext import quote

_BLANKS = " \t"
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\"}


def parse_logfmt(line: str) -> dict[str, Any]:
    """The pairs of a line; a key without a value is true.

    Raises:
        BloblangError: A quoted value does not end.
    """
    result: dict[str, Any] = {}
    at, end = 0, len(line)
    while at < end:
        if line[at] in _BLANKS or line[at] == "=":
            at += 1
            continue
        start = at
        while at < end and line[at] not in _BLANKS and line[at] != "=":
            at += 1
        key = line[start:at]
        if at >= end or line[at] != "=":
            result[key] = True
            continue
        at += 1
        if at < end and line[at] == '"':
            result[key], at = _quoted(line, at + 1, key)
            continue
        start = at
        while at < end and line[at] not in _BLANKS:
            at += 1
        result[key] = line[start:at]
    return result


def _quoted(line: str, at: int, key: str) -> tuple[str, int]:
    out: list[str] = []
    end = len(line)
    while at < end:
        char = line[at]
        if char == '"':
            return "".join(out), at + 1
        if char == "\\" and at + 1 < end:
            at += 1
            out.append(_ESCAPES.get(line[at], "\\" + line[at]))
        else:
            out.append(char)
        at += 1
    raise BloblangError(f"logfmt: unterminated quoted value for key {quote(key)}")
