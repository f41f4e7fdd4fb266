"""YAML to values and back, as go-yaml v3 does both."""

from __future__ import annotations

import math
import re
from functools import cmp_to_key
from typing import Any, Final

from headwater.bloblang.errors import BloblangError
from headwater.bloblang.gofloat import format_float
from headwater.bloblang.golayout import RFC3339_NANO, parse_time
from headwater.bloblang.values import (
    DocumentInt,
    Float32,
    Fragment,
    Timestamp,
    decode_text,
    integer_text,
    number_text,
)
from headwater.errors import SyntaxProblem
from headwater.yamltext.document import parse_document
from headwater.yamltext.nodes import Node, decode_scalar, resolve

# Reading -------------------------------------------------------------------------------------------------------------


def parse_yaml(raw: bytes) -> Any:
    """The value of the first document of a YAML text.

    Raises:
        BloblangError: It is none; the text is go-yaml's.
    """
    try:
        node = parse_document(raw)
        reader = _Reader()
        value = reader.value(node, ())
    except SyntaxProblem as error:
        raise BloblangError(str(error)) from None
    if reader.problems:
        raise BloblangError("yaml: unmarshal errors:\n  " + "\n  ".join(reader.problems))
    return value


class _Reader:
    """Makes values of a tree and notes what is wrong with it."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def value(self, node: Node, inside: tuple[int, ...]) -> Any:
        if node.is_scalar:
            return self._scalar(node)
        own = id(node.pairs if node.is_mapping else node.items)
        if own in inside:
            raise SyntaxProblem("yaml: anchor contains itself")
        inside = (*inside, own)
        if node.is_sequence:
            return [self.value(item, inside) for item in node.items]
        return self._mapping(node, inside)

    def _scalar(self, node: Node) -> Any:
        if node.tag == "!!timestamp":
            text = decode_scalar(node)
            try:
                return parse_time(text, RFC3339_NANO) if isinstance(text, str) else text
            except ValueError:
                return text
        if node.tag == "!!binary":
            import base64

            try:
                return decode_text(base64.b64decode(node.value, validate=False))
            except ValueError:
                raise SyntaxProblem("yaml: !!binary value contains invalid base64 data") from None
        return decode_scalar(node)

    def _mapping(self, node: Node, inside: tuple[int, ...]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        lines: dict[str, int] = {}
        merged: list[Node] = []
        for key, value in node.pairs:
            if key.is_scalar and key.tag == "!!merge":
                merged.append(value)
                continue
            name = self._key(key)
            if name in lines:
                self.problems.append(f'line {key.line}: mapping key "{name}" already defined at line {lines[name]}')
                continue
            lines[name] = key.line
            result[name] = self.value(value, inside)
        for value in merged:
            self._merge(result, value, inside)
        return result

    def _merge(self, result: dict[str, Any], value: Node, inside: tuple[int, ...]) -> None:
        sources = [value] if value.is_mapping else value.items if value.is_sequence else []
        if not sources or not all(source.is_mapping for source in sources):
            raise SyntaxProblem("yaml: map merge requires map or sequence of maps as the value")
        for source in sources:
            for key, item in self.value(source, inside).items():
                result.setdefault(key, item)

    def _key(self, node: Node) -> str:
        if not node.is_scalar:
            raise SyntaxProblem(f"yaml: invalid map key: {node.plain()!r}")
        value = decode_scalar(node)
        if type(value) is bool:
            return "true" if value else "false"
        if type(value) is float:
            return format_float(value, "g", -1)
        return node.value if value is None and node.value else "null" if value is None else str(value)


# Writing -------------------------------------------------------------------------------------------------------------

_INDENT: Final = 4
_LONGEST_KEY: Final = 128
_OLD_BOOLEANS: Final = frozenset(
    word for base in ("y", "yes", "on", "n", "no", "off") for word in (base, base.upper(), base.capitalize())
)
_BASE_60: Final = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?\Z", re.ASCII)
_ALWAYS: Final = "#,[]{}&*!|>'\"%@`"
_ESCAPES: Final = {
    "\0": "0", "\a": "a", "\b": "b", "\t": "t", "\n": "n", "\v": "v", "\f": "f", "\r": "r", "\x1b": "e",
    '"': '"', "\\": "\\", "\x85": "N", "\xa0": "_", "\u2028": "L", "\u2029": "P",
}  # fmt: skip


def format_yaml(value: Any) -> str:
    """A value as YAML, in blocks with four spaces and keys in their natural order."""
    out: list[str] = []
    _write(value, -1, out.append, False)
    text = "".join(out)
    return text if text.endswith("\n") else text + "\n"


def _write(value: Any, indent: int, put: Any, in_sequence: bool) -> None:
    """Write a value; the cursor stands where it begins, behind an indicator or at the start of a line."""
    kind = type(value)
    if kind is bytes:
        value, kind = list(value), list
    if kind is dict and value:
        _write_mapping(value, _deeper(indent, in_sequence), put, indent >= 0 and not in_sequence)
    elif kind is list and value:
        _write_sequence(value, _deeper(indent, in_sequence), put, indent >= 0 and not in_sequence)
    else:
        if indent >= 0:
            put(" ")
        put(_scalar(value, _INDENT if indent < 0 else _deeper(indent, in_sequence), False))
        put("\n")


def _deeper(indent: int, in_sequence: bool) -> int:
    if indent < 0:
        return 0
    return indent + 2 if in_sequence else _INDENT * ((indent + _INDENT) // _INDENT)


def _write_mapping(value: dict[str, Any], indent: int, put: Any, fresh: bool) -> None:
    pad = " " * indent
    first = "\n" + pad if fresh else ""
    started = False
    for key in sorted(value, key=cmp_to_key(_natural)):
        if started or fresh:
            put(pad if started or not fresh else first)
        elif indent:
            put(" ")
        started = True
        text = _scalar(key, indent, True)
        if len(text) > _LONGEST_KEY:
            put(f"? {text}\n{pad}:")
        else:
            put(text + ":")
        _write(value[key], indent, put, False)


def _write_sequence(value: list[Any], indent: int, put: Any, fresh: bool) -> None:
    pad = " " * indent
    started = False
    for item in value:
        if fresh and not started:
            put("\n" + pad)
        elif started:
            put(pad)
        elif indent:
            put(" ")
        started = True
        put("-")
        _write(item, indent, put, True)


def _natural(left: str, right: str) -> int:
    """Keys in the order that go-yaml sorts them in: numbers within texts by their value."""
    if left == right:
        return 0
    return -1 if _before(left, right) else 1


def _before(left: str, right: str) -> bool:
    digits = False
    for at in range(min(len(left), len(right))):
        a, b = left[at], right[at]
        if a == b:
            digits = a.isdigit()
            continue
        if a.isalpha() or b.isalpha():
            if a.isalpha() and b.isalpha():
                return a < b
            return a.isalpha() if digits else b.isalpha()
        start = ""
        if "0" in (a, b):
            back = at - 1
            while back >= 0 and left[back].isdigit():
                if left[back] != "0":
                    start = "1"
                    break
                back -= 1
        first, second = _digits(left, at), _digits(right, at)
        x, y = int(start + first or "0"), int(start + second or "0")
        if x != y:
            return x < y
        if len(first) != len(second):
            return len(first) < len(second)
        return a < b
    return len(left) < len(right)


def _digits(text: str, at: int) -> str:
    end = at
    while end < len(text) and end - at < 18 and text[end] in "0123456789":
        end += 1
    return text[at:end]


def _scalar(value: Any, indent: int, key: bool) -> str:
    kind = type(value)
    if kind is str:
        return _text(value, indent, key)
    if value is True or value is False:
        return "true" if value else "false"
    if kind is float or kind is Float32:
        if math.isnan(value):
            return ".nan"
        if math.isinf(value):
            return ".inf" if value > 0 else "-.inf"
        return format_float(value, "g", -1, kind is Float32)
    if kind is Fragment or kind is DocumentInt:
        return _text(number_text(value), indent, key)
    if isinstance(value, int):
        return integer_text(value)
    if kind is Timestamp:
        return value.text()  # type: ignore[no-any-return]
    if kind is list:
        return "[]"
    return "{}" if kind is dict else "null"


def _text(text: str, indent: int, key: bool) -> str:
    if any("\ud800" <= char <= "\udfff" for char in text):
        import base64

        return "!!binary " + base64.b64encode(text.encode("utf-8", "surrogateescape")).decode()
    plain = resolve(text)[0] == "!!str" and text not in _OLD_BOOLEANS and not _BASE_60.match(text)
    if text == "<<":
        plain = False
    block, single, literal = _allowed(text)
    if "\n" in text:
        return _literal(text, indent) if literal and not key else _double(text)
    if not plain:
        return _double(text)
    if block:
        return text
    return "'" + text.replace("'", "''") + "'" if single else _double(text)


def _allowed(text: str) -> tuple[bool, bool, bool]:
    """Whether a text can be written plain, in single quotes, and as a literal block."""
    if not text:
        return False, True, False
    block = not text.startswith(("---", "..."))
    special = tabs = space_break = break_space = False
    before = ""
    for at, char in enumerate(text):
        following = text[at + 1 : at + 2]
        blank_next = following in ("", " ", "\t", "\n", "\r", "\x85", "\u2028", "\u2029")
        if at == 0:
            if char in _ALWAYS or (char in "?:-" and blank_next):
                block = False
        elif (char == ":" and blank_next) or (char == "#" and before in " \t\n"):
            block = False
        if char == "\t":
            tabs = True
        elif char != "\n" and not _printable(char):
            special = True
        if char == "\n" and before == " ":
            space_break = True
        if char == " " and before == "\n":
            break_space = True
        before = char
    if text[0] in " \n" or text[-1] in " \n" or "\n" in text or break_space:
        block = False
    literal = not (text[-1] == " " or space_break or special)
    block = block and not (space_break or tabs or special)
    return block, not (break_space or space_break or tabs or special), literal


def _printable(char: str) -> bool:
    return (
        " " <= char <= "~"
        or char == "\x85"
        or "\xa0" <= char <= "\ud7ff"
        or ("\ue000" <= char <= "\ufffd" and char != "\ufeff")
    )


def _literal(text: str, indent: int) -> str:
    hint = str(_INDENT) if text[0] in " \n" else ""
    chomp = "-" if not text.endswith("\n") else "+" if text.endswith("\n\n") or text == "\n" else ""
    pad = " " * indent
    # The reference writes one line break less where a text begins with some.
    lines = text.removeprefix("\n").split("\n")
    if text.endswith("\n"):
        lines.pop()
    if not lines:
        return f"|{hint}{chomp}"
    body = "\n".join(pad + line if line else "" for line in lines)
    return f"|{hint}{chomp}\n{body}"


def _double(text: str) -> str:
    out: list[str] = []
    for char in text:
        if char in _ESCAPES:
            out.append("\\" + _ESCAPES[char])
        elif _printable(char):
            out.append(char)
        else:
            code = ord(char)
            out.append(f"\\x{code:02X}" if code < 0x100 else f"\\u{code:04X}" if code < 0x10000 else f"\\U{code:08X}")
    return '"' + "".join(out) + '"'
