"""JSON texts as configuration trees with positions, without a YAML parser between.

A text that is no JSON, or that YAML reads otherwise, is handed back: JSON is then read as the YAML that it nearly is.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from headwater.yamltext.limits import Limits, TooLarge
from headwater.yamltext.nodes import Node

_TOKEN: Final = re.compile(
    r"[ \t\r\n]*(?:"
    r'(?P<string>"(?:[^"\\\x00-\x1f]|\\["\\bfnrtu])*")'
    r"|(?P<plain>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?|true|false|null)"
    r"|(?P<mark>[{}\[\]:,]))"
)
_BLANK: Final = re.compile(r"[ \t\r\n]*")
_decode_string: Final = msgspec.json.Decoder(str).decode


class NoJson(Exception):
    """The text is no JSON document."""


def parse_json(text: str, limits: Limits) -> Node:
    """The tree of a JSON text.

    Raises:
        NoJson: It is none.
        TooLarge: It breaks a limit.
    """
    line = 0
    line_start = 0
    line_break = text.find("\n")
    position = 0
    match = _TOKEN.match
    stack: list[Node] = []
    keys: list[Node | None] = []
    root: Node | None = None
    values = 0
    expect = "value"
    while True:
        token = match(text, position)
        if token is None:
            raise NoJson
        kind = token.lastgroup or ""
        start = token.start(kind)
        position = token.end()
        mark = token.group("mark") if kind == "mark" else None
        if mark is not None and mark in "}],:":
            if mark == ":":
                if expect != "colon":
                    raise NoJson
                expect = "value"
                continue
            if mark == ",":
                if expect != "comma":
                    raise NoJson
                expect = "key" if stack[-1].shape == "mapping" else "value"
                continue
            if not stack or expect not in ("comma", "first") or (stack[-1].shape == "mapping") != (mark == "}"):
                raise NoJson
            stack.pop()
            keys.pop()
        else:
            while 0 <= line_break < start:
                line += 1
                line_start = line_break + 1
                line_break = text.find("\n", line_start)
            column = start - line_start + 1
            values += 1
            if values > limits.values:
                raise TooLarge(line + 1, f"document has more than {limits.values} values")
            if mark is None:
                if kind == "string":
                    try:
                        node = Node("scalar", _decode_string(token.group(kind)), line + 1, column, '"', "!!str")
                    except msgspec.DecodeError:
                        raise NoJson from None
                else:
                    node = Node("scalar", token.group("plain"), line + 1, column)
            else:
                node = Node("mapping" if mark == "{" else "sequence", "", line + 1, column)
            if expect == "key" or (expect == "first" and stack[-1].shape == "mapping"):
                if kind != "string":
                    raise NoJson
                keys[-1] = node
                expect = "colon"
                continue
            if expect not in ("value", "first"):
                raise NoJson
            if not stack:
                root = node
            elif stack[-1].shape == "mapping":
                key = keys[-1]
                assert key is not None
                stack[-1].pairs.append((key, node))
            else:
                stack[-1].items.append(node)
            if mark is not None:
                stack.append(node)
                keys.append(None)
                if len(stack) > limits.depth:
                    raise TooLarge(line + 1, f"document is nested more than {limits.depth} levels deep")
                expect = "first"
                continue
        expect = "comma"
        if not stack:
            break
    blank = _BLANK.match(text, position)
    if root is None or blank is None or blank.end() != len(text):
        raise NoJson
    return root
