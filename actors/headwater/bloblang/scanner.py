"""Terms of Bloblang's text: blanks, names, numbers, strings; and how their failures add up.

An alternative that fails says where and what it expected. Of several failures the one that got furthest counts; those
that got
equally far are told together. A failure that is committed (``required:``) ends the search.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import NoReturn

from headwater.bloblang.errors import ParseError

BLANKS = re.compile(r"[ \t]*")
SKIP = re.compile(r"(?:[ \t]+|\r?\n|#[^\n]*\n)*")
NAME = re.compile(r"[A-Za-z0-9_]+")
SNAKE = re.compile(r"[a-z0-9_]+")
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_ESCAPE = re.compile(
    r"\\(?:([abfnrtv\\\"])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3}))|\\|\n", re.DOTALL
)
_SIMPLE = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92, '"': 34}


class Failure(Exception):
    """A term was not met.

    Attributes:
        at: Offset in the source.
        expected: What could stand there.
        fatal: Whether no other alternative may be tried.
        text: Another message than what was expected.
        constructed: Whether a function refused its literal arguments.
    """

    def __init__(
        self, at: int, expected: Sequence[str] = (), fatal: bool = False, text: str = "", constructed: bool = False
    ) -> None:
        super().__init__()
        self.at = at
        self.expected = list(expected)
        self.fatal = fatal
        self.text = text
        self.constructed = constructed

    def join(self, other: Failure) -> Failure:
        """The one of two failures that got further, or both together."""
        if other.at > self.at:
            return other
        if other.at == self.at:
            self.expected += other.expected
        return self

    def message(self) -> str:
        """The words without the position."""
        if self.text:
            return self.text
        words = list(dict.fromkeys(self.expected))
        if len(words) > 2:
            listed = f"{', '.join(words[:-1])}, or {words[-1]}"
        elif len(self.expected) > len(words) == 1:
            # Two alternatives that expect the same are told so by the reference.
            listed = f" or {words[0]}"
        else:
            listed = " or ".join(words)
        return f"{'required: ' if self.fatal else ''}expected {listed}"

    def error(self, source: str, single_line: bool = False) -> ParseError:
        """The failure as users see it."""
        line, column = (1, self.at + 1) if single_line else position(source, self.at)
        error = ParseError(line, column, self.message(), source[self.at : self.at + 5], single_line)
        error.constructed = self.constructed
        return error


def position(source: str, at: int) -> tuple[int, int]:
    """Line and column of an offset, from 1.

    The reference takes the lines before in bytes from an offset in code points; users compare positions, so this does
    too.
    """
    line = 1
    start = 0
    while True:
        end = source.find("\n", start)
        if end < 0:
            return line, at + 1
        length = len(source[start:end].encode("utf-8", "surrogateescape")) + 1
        if at < length:
            return line, at + 1
        at -= length
        start = end + 1
        line += 1


class Scanner:
    """A place in a source, and the terms that can be read there."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0
        self.end = len(source)

    def fatal(self, at: int, text: str) -> NoReturn:
        """Fail with a text of its own and end the search."""
        raise Failure(at, (), True, text)

    def blanks(self) -> None:
        """Pass over spaces and tabs."""
        self.at = BLANKS.match(self.source, self.at).end()  # type: ignore[union-attr]

    def need_blanks(self) -> None:
        """Pass over spaces and tabs, at least one."""
        start = self.at
        self.blanks()
        if self.at == start:
            raise Failure(start, ("whitespace",))

    def skip(self) -> None:
        """Pass over spaces, tabs, line breaks and comments."""
        self.at = SKIP.match(self.source, self.at).end()  # type: ignore[union-attr]

    def line_break(self) -> None:
        """Pass over a line break, or a comment with the line break that ends it."""
        source, at = self.source, self.at
        if source.startswith("#", at):
            end = source.find("\n", at)
            if end < 0:
                raise Failure(self.end, ("line break",))
            self.at = end + 1
            return
        if source.startswith("\r", at):
            at += 1
        if not source.startswith("\n", at):
            raise Failure(at, ("line break",))
        self.at = at + 1

    def term(self, text: str, label: str = "") -> None:
        """Pass over a fixed text."""
        if not self.source.startswith(text, self.at):
            raise Failure(self.at, (label or text,))
        self.at += len(text)

    def must(self, text: str, label: str = "") -> None:
        """Pass over a fixed text; nothing else may stand there."""
        if not self.source.startswith(text, self.at):
            raise Failure(self.at, (label or text,), True)
        self.at += len(text)

    def peek(self, text: str) -> bool:
        """Whether a fixed text comes next."""
        return self.source.startswith(text, self.at)

    def name(self, label: str) -> str:
        """A name of letters, digits and underscores."""
        found = NAME.match(self.source, self.at)
        if found is None:
            raise Failure(self.at, (label,))
        self.at = found.end()
        return found.group()

    def name_or_string(self, label: str) -> str:
        """A name, or any text in quotes."""
        return self.quoted() if self.peek('"') else self.name(label)

    def quoted(self) -> str:
        """A string in quotes."""
        start = self.at
        self.term('"', "quoted string")
        source, at = self.source, self.at
        while True:
            quote = source.find('"', at)
            if quote < 0:
                raise Failure(self.end, ("end quote",), True)
            slashes = quote - 1
            while slashes >= self.at and source[slashes] == "\\":
                slashes -= 1
            if (quote - slashes) % 2:
                break
            at = quote + 1
        body = source[self.at : quote]
        if "\\" in body or "\n" in body:
            text = unescape(body)
            if text is None:
                self.fatal(start, "failed to unescape quoted string contents: invalid syntax")
            body = text
        self.at = quote + 1
        return body

    def raw_string(self) -> str:
        """A string in triple quotes."""
        if self.end - self.at < 6:
            raise Failure(self.at, ("quoted string",))
        self.term('"""', "quoted string")
        end = self.source.find('"""', self.at)
        if end < 0:
            raise Failure(self.end, ("end triple-quote",), True)
        text = self.source[self.at : end]
        self.at = end + 3
        return text

    def number(self) -> int | float:
        """Digits, perhaps with a point and more digits."""
        start = self.at
        found = NUMBER.match(self.source, start)
        if found is None:
            raise Failure(start + self.peek("-"), ("number",))
        self.at = found.end()
        text = found.group().lstrip("-")
        sign = -1 if found.group()[0] == "-" else 1
        if found.group(1):
            value = float(text)
            if value == math.inf:
                self.fatal(start, f"failed to parse '{text}' as float: {_out_of_range('ParseFloat', text)}")
            return sign * value
        if len(text) > 18 and (len(text.lstrip("0")) > 19 or int(text) >= 1 << 63):
            self.fatal(start, f"failed to parse '{text}' as integer: {_out_of_range('ParseInt', text)}")
        return sign * int(text)


def _out_of_range(function: str, text: str) -> str:
    return f'strconv.{function}: parsing "{text}": value out of range'


def unescape(body: str) -> str | None:
    """The text of a quoted string's inside, or None where it breaks the rules of escapes."""
    raw: list[bytes] = []
    at = 0
    for found in _ESCAPE.finditer(body):
        raw.append(body[at : found.start()].encode("utf-8", "surrogatepass"))
        at = found.end()
        simple, two, four, eight, octal = found.groups()
        if simple:
            raw.append(bytes((_SIMPLE[simple],)))
        elif two:
            raw.append(bytes((int(two, 16),)))
        elif four or eight:
            code = int(four or eight, 16)
            if code > 0x10FFFF or 0xD800 <= code < 0xE000:
                return None
            raw.append(chr(code).encode())
        elif octal and int(octal, 8) < 256:
            raw.append(bytes((int(octal, 8),)))
        else:
            return None
    raw.append(body[at:].encode("utf-8", "surrogatepass"))
    return b"".join(raw).decode("utf-8", "surrogateescape")
