"""Configuration texts, YAML or JSON, as trees with positions.

YAML is read by libyaml where PyYAML has it; JSON never meets the YAML parser. Only the first document of a text
counts. Errors have the words and line numbers of go-yaml v3, with ``yaml: `` before them.
"""

from __future__ import annotations

import re
from typing import Any, Final

import yaml

from headwater.errors import SyntaxProblem
from headwater.yamltext.json_text import NoJson, parse_json
from headwater.yamltext.limits import LIMITS, Limits, TooLarge
from headwater.yamltext.nodes import Node

_PARSER: Final[Any] = vars(yaml.cyaml)["CParser"] if yaml.__with_libyaml__ else yaml.SafeLoader
_BOM: Final = b"\xef\xbb\xbf"
_ESCAPED_SLASH: Final = re.compile(r"(?<!\\)(?:\\\\)*\\/")
_AHEAD: Final = 2
"""Tokens that go-yaml reads ahead of the one that it looks at."""
_BETWEEN: Final = (yaml.StreamStartToken, yaml.BlockEndToken)
"""Tokens that no parser trips over."""
_TAGS: Final = re.compile(r"tag:yaml\.org,2002:")


def parse_document(data: bytes | str, limits: Limits = LIMITS) -> Node:
    """The tree of the first document of a text; a null in line 0 where there is none.

    Raises:
        SyntaxProblem: It is neither YAML nor JSON, or breaks a limit.
    """
    raw = data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data
    if len(raw) > limits.size:
        raise SyntaxProblem(f"yaml: document is larger than {limits.size} bytes")
    raw = raw.removeprefix(_BOM)
    try:
        if raw[:64].lstrip(b" \r\n")[:1] in (b"{", b"[", b'"'):
            try:
                return parse_json(raw.decode("utf-8"), limits)
            except (NoJson, UnicodeDecodeError):
                pass
        return _Composer(raw, limits).compose()
    except TooLarge as error:
        raise SyntaxProblem(f"yaml: line {error.line}: {error.text}") from None
    except yaml.MarkedYAMLError as error:
        raise _scanner_error(raw, error.problem_mark) or _reworded(error) from None
    except yaml.YAMLError as error:
        raise SyntaxProblem(f"yaml: {getattr(error, 'reason', None) or error}") from None


def problem(line: int, text: str) -> SyntaxProblem:
    """An error as go-yaml words it; `line` counts from 0, and go-yaml does not name the first."""
    return SyntaxProblem(f"yaml: line {line}: {text}" if line > 0 else f"yaml: {text}")


def _reworded(error: yaml.MarkedYAMLError) -> SyntaxProblem:
    """An error of libyaml as go-yaml words it: with the line of its context, or its own where that is the first."""
    line = 0
    for mark in (error.context_mark, error.problem_mark):
        if mark is not None and mark.line:
            line = mark.line + (1 if isinstance(error, yaml.scanner.ScannerError) else 0)
            break
    return problem(line, str(error.problem))


def _scanner_error(raw: bytes, mark: Any) -> SyntaxProblem | None:
    """The error of the scanner that go-yaml meets before anything at a mark: it reads two tokens ahead."""
    scanner = _PARSER(raw)
    ahead = -1
    try:
        while ahead < _AHEAD:
            token = scanner.get_token()
            if token is None:
                return None
            if ahead >= 0 or (token.start_mark.index >= mark.index and type(token) not in _BETWEEN):
                ahead += 1
    except yaml.scanner.ScannerError as error:
        return _reworded(error)
    finally:
        scanner.dispose()
    return None


class _Composer:
    """Makes a tree of a parser's events, without recursion."""

    def __init__(self, raw: bytes, limits: Limits) -> None:
        self._raw = raw
        self._limits = limits
        self._anchors: dict[str, Node] = {}
        self._weights: dict[int, int] = {}
        self._open: set[int] = set()
        self._slashes = b"\\/" in raw

    def compose(self) -> Node:
        """The root of the first document."""
        parser = _PARSER(self._raw)
        try:
            node = self._compose(parser)
            if node.line:
                self._end(parser)
            return node
        finally:
            parser.dispose()

    def _end(self, parser: Any) -> None:
        """Read the end of the document, and as far behind it as go-yaml does."""
        end = parser.get_event()
        try:
            if type(parser.get_event()) is yaml.StreamEndEvent:
                return
        except yaml.YAMLError:
            pass
        error = _scanner_error(self._raw, end.start_mark)
        if error is not None:
            raise error

    def _compose(self, parser: Any) -> Node:
        limits = self._limits
        get_event = parser.get_event
        stack: list[Node] = []
        keys: list[Node | None] = []
        starts: list[int] = []
        values = 0
        while True:
            event = get_event()
            kind = type(event)
            if kind is yaml.ScalarEvent:
                node = self._scalar(event)
            elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
                mark = event.start_mark
                shape: Any = "mapping" if kind is yaml.MappingStartEvent else "sequence"
                node = Node(shape, "", mark.line + 1, mark.column + 1)
            elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                node = stack.pop()
                keys.pop()
                self._weights[id(node)] = values - starts.pop()
                self._open.discard(id(node))
                if not stack:
                    return node
                continue
            elif kind is yaml.AliasEvent:
                mark = event.start_mark
                target = self._anchors.get(event.anchor)
                if target is None:
                    raise SyntaxProblem(f"yaml: unknown anchor '{event.anchor}' referenced")
                node = Node.alias(target)
                values += self._weights.get(id(target), 0)
            elif kind is yaml.DocumentStartEvent:
                if event.version is not None and event.version != (1, 1):
                    raise problem(event.start_mark.line, "found incompatible YAML document")
                continue
            elif kind is yaml.StreamEndEvent:
                return Node("scalar")
            else:
                continue
            values += 1
            if values > limits.values:
                line = event.start_mark.line
                if kind is yaml.AliasEvent:
                    raise TooLarge(line + 1, "document contains excessive aliasing")
                raise TooLarge(line + 1, f"document has more than {limits.values} values")
            if kind is not yaml.AliasEvent and event.anchor is not None:
                self._anchors[event.anchor] = node
            if stack:
                parent = stack[-1]
                if parent.shape == "sequence":
                    parent.items.append(node)
                elif keys[-1] is None:
                    keys[-1] = node
                else:
                    parent.pairs.append((keys[-1], node))
                    keys[-1] = None
            if kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
                stack.append(node)
                keys.append(None)
                starts.append(values)
                self._open.add(id(node))
                if len(stack) > limits.depth:
                    raise TooLarge(
                        event.start_mark.line + 1, f"document is nested more than {limits.depth} levels deep"
                    )
            elif not stack:
                return node

    def _scalar(self, event: Any) -> Node:
        mark = event.start_mark
        style = event.style or ""
        if self._slashes and style == '"':
            self._refuse_slash(event)
        tag = event.tag or ""
        if tag:
            tag = "" if tag == "!" and not style else _TAGS.sub("!!", tag)
            style = "!|" if style == "|" else style
        return Node("scalar", event.value, mark.line + 1, mark.column + 1, style, "!!str" if tag == "!" else tag)

    def _refuse_slash(self, event: Any) -> None:
        """Refuse the escape that libyaml knows and go-yaml does not."""
        source = self._raw.decode("utf-8", "replace")[event.start_mark.index : event.end_mark.index]
        if _ESCAPED_SLASH.search(source):
            line = event.start_mark.line
            raise problem(line + 1 if line else 0, "found unknown escape character")
