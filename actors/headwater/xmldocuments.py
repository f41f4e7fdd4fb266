"""XML as documents: elements become keys, attributes keys with a hyphen, repeated elements lists.

Reads as leniently as Go's decoder does when it is not strict: attributes need neither quotes nor values, end tags may
be missing, entities that are not predefined stay as they were written. None is ever expanded, so no document can grow.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import Any, Final

from headwater.errors import HeadwaterError

DEEPEST: Final = 1000
"""Most elements within each other."""

_NAME = re.compile(r"[A-Za-z_:\u0080-\U0010ffff][A-Za-z0-9_:.\-\u0080-\U0010ffff]*")
_LOOSE_VALUE = re.compile(r"[A-Za-z0-9_:\-]+")
_SPACE = re.compile(r"[ \t\r\n]*")
_ENTITY = re.compile(r"&(#[0-9]+|#x[0-9a-fA-F]+|lt|gt|amp|apos|quot);")
_ENCODING = re.compile(rb"""^\s*<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._\-]+)["']""")
_VERSION = re.compile(r"""\sversion\s*=\s*["']([^"']*)["']""")
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_NAMED: Final = {"lt": "<", "gt": ">", "amp": "&", "apos": "'", "quot": '"'}
_TRIMMED: Final = "\t\r\b\n "
_NOTHING: Final = object()


class XmlError(HeadwaterError):
    """A text is no XML; the words are those of Go's decoder."""


def parse_xml(data: bytes, cast: bool = False) -> dict[str, Any]:
    """The first document of a payload, as an object with the name of its root element as the only key.

    Args:
        data: The payload; what stands behind the first document is not looked at.
        cast: Make numbers and booleans of values that look like them.

    Raises:
        XmlError: There is no document.
    """
    for document in parse_all(data, cast):
        return document
    raise XmlError("EOF")


def parse_all(data: bytes, cast: bool = False) -> Iterator[dict[str, Any]]:
    """The documents of a payload, one behind the other.

    Raises:
        XmlError: What comes next is none.
    """
    return _Parser(_decoded(data), cast).documents()


def _decoded(data: bytes) -> str:
    found = _ENCODING.match(data[:1024])
    name = found[1].decode() if found else "utf-8"
    try:
        codecs.lookup(name)
    except LookupError:
        raise XmlError(
            f'xml.Decoder.Token() - xml: opening charset "{name.lower()}": unsupported charset: "{name.lower()}"'
        ) from None
    try:
        text = data.decode(name)
    except (UnicodeDecodeError, UnicodeError) as error:
        line = data[: getattr(error, "start", 0)].count(b"\n") + 1
        raise XmlError(f"xml.Decoder.Token() - XML syntax error on line {line}: invalid UTF-8") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


class _Element:
    """An element that is open: its name, what it holds, and its text as long as nothing else came before it."""

    __slots__ = ("held", "name", "text")

    def __init__(self, name: str, held: dict[str, Any]) -> None:
        self.name = name
        self.held = held
        self.text: Any = _NOTHING

    def value(self) -> Any:
        """What becomes of it once it is closed."""
        if self.text is _NOTHING:
            return self.held or ""
        if not self.held:
            return self.text
        self.held["#text"] = self.text
        return self.held

    def add(self, name: str, value: Any) -> None:
        """Take in a closed child."""
        if name not in self.held:
            self.held[name] = value
        elif isinstance(self.held[name], list):
            self.held[name].append(value)
        else:
            self.held[name] = [self.held[name], value]


class _Parser:
    def __init__(self, text: str, cast: bool) -> None:
        self._text = text
        self._at = 1 if text.startswith("\ufeff") else 0
        self._cast = cast
        self._open: list[_Element] = []
        self._document: dict[str, Any] | None = None

    def documents(self) -> Iterator[dict[str, Any]]:
        text = self._text
        while self._at < len(text):
            if text[self._at] != "<":
                end = text.find("<", self._at)
                self._characters(self._at, len(text) if end < 0 else end)
            else:
                self._markup()
            if self._document is not None:
                document, self._document = self._document, None
                yield document
        if self._open:
            raise self._error("unexpected EOF")

    def _error(self, words: str) -> XmlError:
        line = self._text.count("\n", 0, self._at) + 1
        return XmlError(f"xml.Decoder.Token() - XML syntax error on line {line}: {words}")

    def _to(self, mark: str, start: int) -> str:
        """What stands before `mark`; goes on behind it."""
        end = self._text.find(mark, start)
        if end < 0:
            self._at = len(self._text)
            raise self._error("unexpected EOF")
        self._at = end + len(mark)
        return self._text[start:end]

    def _unescaped(self, text: str) -> str:
        if (found := _ILLEGAL.search(text)) is not None:
            raise self._error(f"illegal character code U+{ord(found[0]):04X}")
        return _ENTITY.sub(_entity, text) if "&" in text else text

    def _characters(self, start: int, end: int) -> None:
        self._at = end
        text = self._text[start:end]
        if "]]>" in text:
            raise self._error("unescaped ]]> not in CDATA section")
        self._take_text(self._unescaped(text))

    def _take_text(self, text: str) -> None:
        text = text.strip(_TRIMMED)
        if not text or not self._open:
            return
        element = self._open[-1]
        if element.held:
            element.held["#text"] = self._value(text)
        else:
            element.text = self._value(text)

    def _markup(self) -> None:
        text, at = self._text, self._at
        if text.startswith("<?", at):
            self._instruction()
        elif text.startswith("<!--", at):
            comment = self._to("-->", at + 4)
            if "--" in comment:
                raise self._error('invalid sequence "--" not allowed in comments')
        elif text.startswith("<![CDATA[", at):
            self._take_text(self._to("]]>", at + 9))
        elif text.startswith("<!", at):
            self._directive()
        elif text.startswith("</", at):
            self._end_tag()
        else:
            self._start_tag()

    def _instruction(self) -> None:
        found = _NAME.match(self._text, self._at + 2)
        if found is None:
            raise self._error("expected target name after <?")
        content = self._to("?>", found.end())
        if found[0] == "xml" and (version := _VERSION.search(content)) is not None and version[1] != "1.0":
            raise XmlError(
                f'xml.Decoder.Token() - xml: unsupported version "{version[1]}"; only version 1.0 is supported'
            )

    def _directive(self) -> None:
        """Pass over a document type or the like, with brackets and quotes that it may hold."""
        text, at = self._text, self._at + 2
        depth, quote = 1, ""
        while at < len(text):
            mark = text[at]
            at += 1
            if quote:
                quote = "" if mark == quote else quote
            elif mark in "\"'":
                quote = mark
            elif mark == "<":
                depth += 1
            elif mark == ">":
                depth -= 1
                if depth == 0:
                    self._at = at
                    return
        self._at = len(text)
        raise self._error("unexpected EOF")

    def _name(self, at: int, complaint: str) -> str:
        found = _NAME.match(self._text, at)
        if found is None:
            self._at = at
            raise self._error("unexpected EOF" if at >= len(self._text) else complaint)
        self._at = found.end()
        return found[0]

    def _skip_space(self) -> None:
        found = _SPACE.match(self._text, self._at)
        self._at = found.end() if found else self._at
        if self._at >= len(self._text):
            raise self._error("unexpected EOF")

    def _end_tag(self) -> None:
        name = self._name(self._at + 2, "expected element name after </")
        self._skip_space()
        if self._text[self._at] != ">":
            raise self._error(f"invalid characters between </{name} and >")
        self._at += 1
        local = _local(name)
        while self._open:
            closed = self._open[-1].name
            self._close()
            if closed == local or self._document is not None:
                return
        raise self._error(f"unexpected end element </{local}>")

    def _start_tag(self) -> None:
        name = self._name(self._at + 1, "expected element name after <")
        held: dict[str, Any] = {}
        while True:
            self._skip_space()
            mark = self._text[self._at]
            if mark == "/":
                self._at += 1
                if self._at >= len(self._text):
                    raise self._error("unexpected EOF")
                if self._text[self._at] != ">":
                    raise self._error("expected /> in element")
                break
            if mark == ">":
                break
            attribute = self._name(self._at, "expected attribute name in element")
            held["-" + _local(attribute)] = self._value(self._attribute(attribute))
        self._at += 1
        if len(self._open) >= DEEPEST:
            raise XmlError(f"document is nested deeper than {DEEPEST} elements")
        self._open.append(_Element(_local(name), held))
        if mark == "/":
            self._close()

    def _attribute(self, name: str) -> str:
        """The value of an attribute; one without a value is its own name."""
        self._skip_space()
        if self._text[self._at] != "=":
            return name
        self._at += 1
        self._skip_space()
        quote = self._text[self._at]
        if quote in "\"'":
            return self._unescaped(self._to(quote, self._at + 1))
        found = _LOOSE_VALUE.match(self._text, self._at)
        if found is None:
            return ""
        self._at = found.end()
        return found[0]

    def _close(self) -> None:
        element = self._open.pop()
        if self._open:
            self._open[-1].add(element.name, element.value())
        else:
            self._document = {element.name: element.value()}

    def _value(self, text: str) -> Any:
        if not self._cast or text.lower() in ("nan", "inf", "-inf"):
            return text
        from headwater.bloblang.gonumbers import parse_float

        try:
            number = parse_float(text)
        except ValueError:
            return {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}.get(
                text, {"t": True, "T": True, "f": False, "F": False}.get(text, text)
            )
        return int(number) if number.is_integer() and abs(number) < 1e15 else number


def _local(name: str) -> str:
    """A name without its name space."""
    space, colon, local = name.partition(":")
    return local if colon and space and local and ":" not in local else name


def _entity(found: re.Match[str]) -> str:
    name = found[1]
    if name[0] != "#":
        return _NAMED[name]
    code = int(name[2:], 16) if name[1] == "x" else int(name[1:])
    if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF or _ILLEGAL.match(chr(code)):
        return found[0]
    return chr(code)
