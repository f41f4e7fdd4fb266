"""What is wrong with a jq query, in the words of gojq, which Benthos uses."""

from __future__ import annotations

import re
from typing import Any, Final

from headwater.bloblang.gotext import quote
from headwater.documents import decode_document, encode_document
from headwater.errors import DocumentError

_VALUE: Final = r"(\w+ \(.*?\)|null)"
_OPERATIONS: Final = {
    "added": "cannot add",
    "subtracted": "cannot subtract",
    "multiplied": "cannot multiply",
    "divided": "cannot divide",
}
_RULES: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (re.compile(rf"{_VALUE} and {_VALUE} cannot be divided because the divisor is zero"), r"cannot divide \1 by: \2"),
    (
        re.compile(rf"{_VALUE} and {_VALUE} cannot be divided \(remainder\) because the divisor is zero"),
        r"cannot modulo \1 by: \2",
    ),
    (re.compile(rf"Cannot iterate over {_VALUE}"), r"cannot iterate over: \1"),
    (re.compile(rf"{_VALUE} has no keys"), r"keys cannot be applied to: \1"),
    (re.compile(rf"{_VALUE} has no length"), r"length cannot be applied to: \1"),
    (re.compile(rf"{_VALUE} cannot be parsed as a number"), r"tonumber cannot be applied to: \1"),
    (re.compile(rf"{_VALUE} cannot be matched, as it is not a string"), r"match cannot be applied to: \1"),
    (re.compile(rf"{_VALUE} cannot be (\w+)-formatted, only array"), r"@\2 cannot be applied to: \1"),
    (re.compile(rf"{_VALUE} cannot be sorted, as it is not an array"), r"sort cannot be applied to: \1"),
    (re.compile(rf"{_VALUE} cannot be grouped, as it is not an array"), r"group_by cannot be applied to: \1"),
    (re.compile(r"(\w+) is not a valid format"), r"format not defined: @\1"),
    (re.compile(r"Regex failure: (.*)"), r"invalid regular expression: \1"),
)
_BINARY: Final = re.compile(rf"{_VALUE} and {_VALUE} cannot be (added|subtracted|multiplied|divided)")
_PLACE: Final = re.compile(r" at <[\w-]+>, line (\d+), column (\d+):?$")
_LAST_TOKEN: Final = re.compile(r"[$@]?\w+$|\W$")
_FUNCTION: Final = re.compile(r"[a-z][a-z0-9_]*")
_OF_TYPE: Final = re.compile(r"requires|must be|number required|only strings|cannot be|Cannot iterate|has no ")
_PATH: Final = re.compile(r"\s*(?:\.(?:[A-Za-z_]\w*)|\.?\[-?\d+\])+")
_STEP: Final = re.compile(r"\.([A-Za-z_]\w*)|\[(-?\d+)\]")
_MOST_SHOWN: Final = 30
_TYPES: Final[dict[type, str]] = {str: "string", list: "array", dict: "object"}
_CLOSING: Final[dict[type, bytes]] = {str: b'"', list: b"]", dict: b"}"}
_INDEX: Final = re.compile(r"Cannot index (\w+) with (.*)", re.DOTALL)


def complaint(text: str, raises: bool = False, query: str = "", document: Any = None) -> str:
    """The words for a query that failed.

    Args:
        text: Those of libjq.
        raises: Whether the query raises errors of its own; what no rule knows is then taken for one of them.
        query: The query, which tells what it was that failed where it is a function or a path.
        document: What it was run on.
    """
    text = text.replace("null (null)", "null")
    if _FUNCTION.fullmatch(query) and _OF_TYPE.search(text):
        return f"{query} cannot be applied to: {preview(document)}"
    if (found := _BINARY.fullmatch(text)) is not None:
        return f"{_OPERATIONS[found[3]]}: {found[1]} and {found[2]}"
    if (found := _INDEX.fullmatch(text)) is not None:
        wanted = "array" if found[2].startswith("number") else "object"
        value = _indexed(query, document)
        return f"expected an {wanted} but got: {preview(value) if _type(value) == found[1] else found[1]}"
    for pattern, words in _RULES:
        if pattern.fullmatch(text):
            return pattern.sub(words, text)
    return f"error: {_compact(text)}" if raises else text


def preview(value: Any) -> str:
    """A value as gojq shows it in errors: its type, and some of it."""
    if value is None:
        return "null"
    shown = encode_document(value)
    if len(shown) > _MOST_SHOWN:
        end = b" ..." + _CLOSING.get(type(value), b"")
        shown = shown[: _MOST_SHOWN - len(end)].decode("utf-8", "ignore").encode() + end
    return f"{_type(value)} ({shown.decode()})"


def _type(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    return _TYPES.get(type(value), "number")


def _indexed(query: str, document: Any) -> Any:
    """What the path that a query begins with cannot go on from; the document itself where that cannot be told."""
    value = document
    path = _PATH.match(query)
    for name, index in _STEP.findall(path[0]) if path is not None else ():
        if name and isinstance(value, dict):
            value = value.get(name)
        elif index and isinstance(value, list):
            place = int(index)
            value = value[place] if -len(value) <= place < len(value) else None
        elif value is not None:
            break
    return value


def _compact(text: str) -> str:
    """A text, or a document without spaces between its parts."""
    if text[:1] not in ("{", "["):
        return text
    try:
        return encode_document(decode_document(text.encode())).decode()
    except DocumentError:
        return text


def refusal(text: str, query: str) -> str:
    """The words for a query that cannot be compiled."""
    line = text.splitlines()[0].removeprefix("jq: error: ")
    place = _PLACE.search(line)
    line = _PLACE.sub("", line)
    if (found := re.match(r"(\S+/\d+) is not defined", line)) is not None:
        return f"error compiling jq query: function not defined: {found[1]}"
    if (found := re.match(r"(\$\S+) is not defined", line)) is not None:
        return f"error compiling jq query: variable not defined: {found[1]}"
    if "unexpected end of file" in line:
        return "error parsing jq query: unexpected EOF"
    if "unexpected" in line and place is not None:
        lines = query.split("\n")
        before = lines[min(int(place[1]), len(lines)) - 1].encode()[: int(place[2])].decode("utf-8", "replace")
        found = _LAST_TOKEN.search(before)
        return f"error parsing jq query: unexpected token {quote(found[0] if found else before)}"
    return f"error parsing jq query: {line}"
