"""Regular expressions by RE2, with the syntax, the words and the ways of replacing of Go's ``regexp``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from headwater.bloblang.errors import BloblangError
from headwater.bloblang.values import decode_text, encode_text

_REASONS = (
    ("missing closing ]", "missing closing ]"),
    ("missing ]", "missing closing ]"),
    ("missing )", "missing closing )"),
    ("unexpected )", "unexpected )"),
    ("trailing \\ at end of regexp", "trailing backslash at end of expression"),
    ("trailing \\", "trailing backslash at end of expression"),
    ("no argument for repetition operator", "missing argument to repetition operator"),
    ("invalid repetition size", "invalid repeat count"),
    ("bad repetition operator", "invalid nested repetition operator"),
    ("invalid perl operator", "invalid or unsupported Perl syntax"),
    ("invalid escape sequence", "invalid escape sequence"),
    ("invalid character class range", "invalid character class range"),
    ("invalid character class", "invalid character class"),
    ("invalid UTF-8", "invalid UTF-8"),
    ("invalid named capture group", "invalid named capture"),
    ("duplicate capture group name", "duplicate capture group name"),
    ("pattern too large - compile failed", "expression too large"),
)
_MAX_PROGRAM = 64 * 1024 * 1024
_TEMPLATE = re.compile(rb"\$(?:(\$)|\{([A-Za-z0-9_]+)\}|([A-Za-z0-9_]+))")
_WIDTHS = bytes((1 if i < 0xC0 else 2 if i < 0xE0 else 3 if i < 0xF0 else 4) for i in range(256))


Spans = Sequence[tuple[int, int]]
"""Begin and end of a match and of its groups; -1 for a group that takes no part."""


class Regexp:
    """A compiled expression; works on bytes, so that a text need not be UTF-8."""

    __slots__ = ("_find", "groups", "names")

    def __init__(self, pattern: str) -> None:
        import re2

        options = re2.Options()
        options.log_errors = False
        options.max_mem = _MAX_PROGRAM
        raw = encode_text(pattern)
        try:
            raw.decode()
        except UnicodeDecodeError:
            raise BloblangError(f"error parsing regexp: invalid UTF-8: `{pattern}`", annotated=True) from None
        try:
            compiled: Any = re2.compile(raw, options)
        except re2.error as error:
            raise BloblangError(f"error parsing regexp: {_reason(error, pattern)}", annotated=True) from None
        self.groups: int = compiled.groups
        self.names: dict[str, int] = {decode_text(name): place for name, place in compiled.groupindex.items()}
        self._find = _finder(compiled, self.groups)

    def found(self, text: bytes) -> bool:
        """Whether it matches somewhere."""
        return self._find(text, 0) is not None

    def first(self, text: bytes) -> Spans | None:
        """The leftmost match, or None."""
        return self._find(text, 0)

    def all(self, text: bytes) -> Iterator[Spans]:
        """All matches that do not overlap; an empty one right after another match does not count."""
        position, end, before = 0, len(text), -1
        while position <= end:
            spans = self._find(text, position)
            if spans is None:
                return
            start, stop = spans[0]
            accepted = True
            if stop == position:
                accepted = start != before
                position += _WIDTHS[text[position]] if position < end else 1
            else:
                position = stop
            before = stop
            if accepted:
                yield spans

    def replace_all(self, text: bytes, template: bytes) -> bytes:
        """All matches replaced by a template, in which ``$1`` and ``${name}`` stand for groups."""
        pieces = _split_template(template, self.groups, self.names)
        out: list[bytes] = []
        last = position = 0
        end = len(text)
        while position <= end:
            spans = self._find(text, position)
            if spans is None:
                break
            start, stop = spans[0]
            out.append(text[last:start])
            if stop > last or start == 0:
                for piece in pieces:
                    out.append(piece if type(piece) is bytes else text[slice(*spans[piece])])  # type: ignore[index]
            last = stop
            width = _WIDTHS[text[position]] if position < end else 1
            position = max(stop, position + width)
        out.append(text[last:])
        return b"".join(out)


def group(text: bytes, span: tuple[int, int]) -> bytes:
    """The bytes of a group; none for one that takes no part."""
    return text[span[0] : span[1]]


def _finder(compiled: Any, groups: int) -> Callable[[bytes, int], Spans | None]:
    """A function that gives the leftmost match from a position on.

    The library's own search makes objects around the spans that this asks its core for: four times as slow.
    """
    core = getattr(compiled, "_regexp", None)
    if core is not None and hasattr(core, "Match") and hasattr(type(core), "Anchor"):
        match, anchor = core.Match, type(core).Anchor.UNANCHORED

        def find(text: bytes, start: int) -> Spans | None:
            spans: Spans = match(anchor, text, start, len(text))
            return spans if spans[0][0] >= 0 else None

        return find

    def search(text: bytes, start: int) -> Spans | None:
        found = compiled.search(text, start)
        return None if found is None else [found.span(index) for index in range(groups + 1)]

    return search


def _split_template(template: bytes, groups: int, names: dict[str, int]) -> list[bytes | int]:
    pieces: list[bytes | int] = []
    at = 0
    for found in _TEMPLATE.finditer(template):
        pieces.append(template[at : found.start()])
        at = found.end()
        name = (found[2] or found[3] or b"").decode()
        if found[1]:
            pieces.append(b"$")
        elif name.isdigit() and not (len(name) > 1 and name[0] == "0"):
            if len(name) < 9 and int(name) <= groups:
                pieces.append(int(name))
        elif name in names:
            pieces.append(names[name])
    pieces.append(template[at:])
    return [piece for piece in pieces if piece != b""]


def _reason(error: Exception, pattern: str) -> str:
    raw = error.args[0] if error.args else ""
    words = decode_text(raw) if isinstance(raw, bytes) else str(raw)
    for theirs, ours in _REASONS:
        if words.startswith(theirs):
            part = words[len(theirs) :].removeprefix(": ")
            return f"{ours}: `{_part(ours, part, pattern)}`"
    return words


def _part(reason: str, part: str, pattern: str) -> str:
    if reason in ("missing closing )", "unexpected )"):
        return pattern
    if reason == "trailing backslash at end of expression":
        return ""
    return part


@lru_cache(maxsize=512)
def compile_regexp(pattern: str) -> Regexp:
    """Compile an expression; the same one twice is compiled once.

    Raises:
        BloblangError: It is none; the text is Go's.
    """
    return Regexp(pattern)
