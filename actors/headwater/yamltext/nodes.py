"""The tree of a configuration text: scalars, sequences and mappings that know where they stand.

Scalars stay text until somebody decodes them; their tag follows go-yaml v3, so `yes` is text, `0o17` and `0x1F` are
whole numbers, and an unquoted date is a time. A tree may share nodes where the text has aliases.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal

from headwater.errors import SyntaxProblem

Shape = Literal["scalar", "sequence", "mapping"]

_RESOLVED: Final[dict[str, tuple[str, Any]]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), ("!!null", None)),
    **dict.fromkeys(("true", "True", "TRUE"), ("!!bool", True)),
    **dict.fromkeys(("false", "False", "FALSE"), ("!!bool", False)),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), ("!!float", math.nan)),
    **{sign + text: ("!!float", math.inf) for sign in ("", "+") for text in (".inf", ".Inf", ".INF")},
    **{"-" + text: ("!!float", -math.inf) for text in (".inf", ".Inf", ".INF")},
    "<<": ("!!merge", "<<"),
}
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", re.ASCII)
_INT: Final = re.compile(r"[-+]?(0[xX][0-9a-fA-F]+|0[oO]?[0-7]*|0[bB][01]+|[1-9][0-9]*)", re.ASCII)
_LONGEST_INT: Final = 80
"""Characters that 64 bits can take, in the longest notation, and some leading zeros."""
_TIME: Final = re.compile(
    r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})"
    r"(?:([Tt ])([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:\.([0-9]+))?(Z|[-+][0-9]{2}:[0-9]{2})?)?",
    re.ASCII,
)
_NO_ITEMS: Final[list[Any]] = []
_NO_PAIRS: Final[list[Any]] = []
_DAYS: Final = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_LOOSE_TRUE: Final = frozenset({"y", "Y", "yes", "on"})
_LOOSE_FALSE: Final = frozenset({"n", "N", "no", "off"})


class Node:
    """A value in a configuration text.

    Attributes:
        shape: ``scalar``, ``sequence`` or ``mapping``.
        value: A scalar's text.
        items: A sequence's values.
        pairs: A mapping's keys and values, in order, with repetitions.
        line: Where it begins, from 1; 0 where there is no text.
        column: Likewise.
        style: How a scalar is written: nothing for plain, ``'``, ``"``, ``|``, ``>``; ``!|`` for ``|`` behind a tag.
        aliased: Whether it stands for an anchored value elsewhere; it has that value's content and position.
    """

    __slots__ = ("_tag", "aliased", "column", "items", "line", "pairs", "shape", "style", "value")

    def __init__(
        self,
        shape: Shape,
        value: str = "",
        line: int = 0,
        column: int = 1,
        style: str = "",
        tag: str = "",
    ) -> None:
        self.shape = shape
        self.value = value
        self.line = line
        self.column = column
        self.style = style
        self.aliased = False
        self._tag = tag
        self.items: list[Node] = _NO_ITEMS
        self.pairs: list[tuple[Node, Node]] = _NO_PAIRS
        if shape == "sequence":
            self.items = []
        elif shape == "mapping":
            self.pairs = []

    @classmethod
    def alias(cls, target: Node) -> Node:
        """A node that stands for another one and shares what it holds."""
        node = cls("scalar", target.value, target.line, target.column, target.style, target._tag)
        node.shape = target.shape
        node.items = target.items
        node.pairs = target.pairs
        node.aliased = True
        return node

    def become(self, other: Node) -> None:
        """Take over what another node holds; the place stays."""
        self.shape = other.shape
        self.value = other.value
        self.style = other.style
        self._tag = other._tag
        self.items = other.items
        self.pairs = other.pairs
        self.aliased = False

    @property
    def is_scalar(self) -> bool:
        """Whether it is a single value."""
        return self.shape == "scalar"

    @property
    def is_sequence(self) -> bool:
        """Whether it is a list."""
        return self.shape == "sequence"

    @property
    def is_mapping(self) -> bool:
        """Whether it is an object."""
        return self.shape == "mapping"

    @property
    def is_null(self) -> bool:
        """Whether it is a null."""
        return self.shape == "scalar" and self.tag == "!!null"

    @property
    def is_text(self) -> bool:
        """Whether it is a single text."""
        return self.shape == "scalar" and self.tag in ("!!str", "!!binary")

    @property
    def first_line(self) -> int:
        """Where the content begins, which in a literal block is the line behind the mark."""
        return self.line + (self.style == "|")

    @property
    def tag(self) -> str:
        """The type in YAML's words: ``!!str``, ``!!int``, ``!!seq`` ..."""
        tag = self._tag
        if not tag:
            if self.shape == "scalar":
                tag = "!!str" if self.style else resolve(self.value)[0]
            else:
                tag = "!!seq" if self.shape == "sequence" else "!!map"
            self._tag = tag
        return tag

    def get(self, key: str) -> Node | None:
        """The value of a mapping's key; the last one where it is repeated."""
        for name, value in reversed(self.pairs):
            if name.value == key and name.shape == "scalar":
                return value
        for name, value in self.entries if self._merges() else ():
            if name.value == key and name.shape == "scalar":
                return value
        return None

    def _merges(self) -> bool:
        return any(name.value == "<<" and name.tag == "!!merge" for name, _ in self.pairs)

    @property
    def entries(self) -> list[tuple[Node, Node]]:
        """The pairs of a mapping, with what its merge keys bring in front of its own.

        Raises:
            SyntaxProblem: A merge brings a mapping into itself.
        """
        return self._entries(()) if self._merges() else self.pairs

    def _entries(self, inside: tuple[int, ...]) -> list[tuple[Node, Node]]:
        own = {name.value for name, _ in self.pairs}
        if id(self.pairs) in inside:
            raise SyntaxProblem("yaml: anchor value contains itself")
        inside = (*inside, id(self.pairs))
        merged: dict[str, tuple[Node, Node]] = {}
        kept: list[tuple[Node, Node]] = []
        for name, value in self.pairs:
            if name.value != "<<" or name.tag != "!!merge":
                kept.append((name, value))
                continue
            for source in value.items if value.is_sequence else (value,):
                for pair in source._entries(inside):
                    if pair[0].value not in own:
                        merged.setdefault(pair[0].value, pair)
        return [*merged.values(), *kept]

    def plain(self) -> Any:
        """The value as plain Python data, as go-yaml decodes it into an empty interface.

        Times are RFC 3339 texts and keys are texts, for this is what JSON shows of them.

        Raises:
            SyntaxProblem: A value contains itself.
        """
        return self._plain(())

    def _plain(self, inside: tuple[int, ...]) -> Any:
        if self.shape == "scalar":
            value = decode_scalar(self)
            # JSON has one sort of numbers, and a whole one is written without a point.
            return int(value) if type(value) is float and value.is_integer() and abs(value) < 1e21 else value
        own = id(self.pairs if self.shape == "mapping" else self.items)
        if self.aliased and own in inside:
            raise SyntaxProblem("yaml: anchor value contains itself")
        inside = (*inside, own)
        if self.shape == "mapping":
            return {_key(name): value._plain(inside) for name, value in self.entries}
        return [item._plain(inside) for item in self.items]

    @classmethod
    def of(cls, value: Any) -> Node:
        """A tree without positions for plain Python data."""
        if isinstance(value, Node):
            return value
        if isinstance(value, Mapping):
            node = cls("mapping")
            node.pairs = [(cls("scalar", str(key), style='"'), cls.of(item)) for key, item in value.items()]
            return node
        if isinstance(value, str):
            return cls("scalar", value, style='"', tag="!!str")
        if value is None:
            return cls("scalar", "null", tag="!!null")
        if isinstance(value, bool):
            return cls("scalar", "true" if value else "false", tag="!!bool")
        if isinstance(value, int):
            return cls("scalar", str(value), tag="!!int")
        if isinstance(value, float):
            return cls("scalar", _float_text(value), tag="!!float")
        if isinstance(value, (bytes, bytearray)):
            return cls("scalar", value.decode("utf-8", "surrogateescape"), style='"', tag="!!str")
        if isinstance(value, Sequence | Iterable):
            node = cls("sequence")
            node.items = [cls.of(item) for item in value]
            return node
        return cls("scalar", str(value), style='"', tag="!!str")


def _key(node: Node) -> str:
    """The text form of a mapping's key."""
    if node.shape != "scalar":
        return str(node.plain())
    if node.tag in ("!!int", "!!bool", "!!float"):
        value = decode_scalar(node)
        return str(value).lower() if isinstance(value, bool) else str(value)
    return "null" if node.tag == "!!null" else node.value


def _float_text(value: float) -> str:
    """A float as YAML writes it."""
    if math.isnan(value):
        return ".nan"
    if math.isinf(value):
        return ".inf" if value > 0 else "-.inf"
    return repr(value)


def resolve(text: str) -> tuple[str, Any]:
    """Tag and value of a plain scalar, by the rules of go-yaml v3."""
    if not text:
        return "!!null", None
    first = text[0]
    if first in "tTfFnN~<.+-":
        found = _RESOLVED.get(text)
        if found is not None:
            return found
    elif not "0" <= first <= "9":
        return "!!str", text
    if not ("0" <= first <= "9" or first in "+-."):
        return "!!str", text
    if first == ".":
        return ("!!float", float(text)) if _FLOAT.fullmatch(text) else ("!!str", text)
    if len(text) > 4 and text[4] == "-":
        time = parse_time(text)
        if time is not None:
            return "!!timestamp", time
    plain = text.replace("_", "")
    number = parse_int(plain)
    if number is not None:
        return "!!int", number
    if _FLOAT.fullmatch(plain):
        value = float(plain)
        if not math.isinf(value):
            return "!!float", value
    return "!!str", text


def parse_int(text: str) -> int | None:
    """A whole number of at most 64 bits, in base 10, 16, 8 (``0o17`` and ``017``) or 2; None where it is none."""
    if len(text) > _LONGEST_INT or not _INT.fullmatch(text):
        return None
    digits = text.lstrip("+-")
    if len(digits) > 1 and digits[0] == "0":
        base = {"x": 16, "o": 8, "b": 2}.get(digits[1].lower(), 0)
        body = digits[2:] if base else digits[1:]
        if not body:
            return None
        number = int(body, base or 8)
    else:
        number = int(digits)
    if text[0] == "-":
        return -number if number <= 1 << 63 else None
    if number >= 1 << 64 or (text[0] == "+" and number >= 1 << 63):
        return None
    return number


def parse_time(text: str) -> str | None:
    """RFC 3339 of a YAML time; None where it is none."""
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    year, month, day, mark, hour, minute, second, fraction, zone = match.groups()
    if (mark == " " and zone) or (mark in ("T", "t") and not zone):
        return None
    if not 1 <= int(month) <= 12:
        return None
    leap = int(month) == 2 and int(year) % 4 == 0 and (int(year) % 100 != 0 or int(year) % 400 == 0)
    if not 1 <= int(day) <= _DAYS[int(month) - 1] + leap:
        return None
    if mark is not None and (int(hour) > 23 or int(minute) > 59 or int(second) > 59):
        return None
    fraction = (fraction or "")[:9].rstrip("0")
    return (
        f"{year}-{int(month):02}-{int(day):02}T{int(hour or 0):02}:{int(minute or 0):02}:{int(second or 0):02}"
        f"{'.' + fraction if fraction else ''}{'Z' if zone in (None, '+00:00') else zone}"
    )


def decode_scalar(node: Node) -> Any:
    """The value of a scalar as plain Python data."""
    tag = node.tag
    if tag == "!!str":
        return node.value
    if tag == "!!binary":
        return decode_binary(node.value)
    value = resolve(node.value)
    if tag == "!!float" and isinstance(value[1], int | float):
        return float(value[1])
    return value[1] if value[0] == tag else node.value


def is_base64(text: str) -> bool:
    """Whether a text is base64; line breaks are none of its characters."""
    try:
        base64.b64decode(re.sub(r"[\r\n]", "", text), validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def decode_binary(text: str) -> str:
    """The text in a base64 scalar; itself where it is none."""
    try:
        return base64.b64decode(text).decode("utf-8", "surrogateescape")
    except binascii.Error:
        return text


def loose_bool(text: str) -> bool | None:
    """What a text means where a boolean is due: `yes`, `on`, `n` count, quoted ones too."""
    if text in _LOOSE_TRUE:
        return True
    return False if text in _LOOSE_FALSE else None
