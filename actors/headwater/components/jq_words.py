"""What is wrong with a jq query, in the words of gojq, which Benthos uses."""

from __future__ import annotations

import re
from typing import Final

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
_INDEX: Final = re.compile(r"Cannot index (\w+) with (.*)", re.DOTALL)


def complaint(text: str, raises: bool = False) -> str:
    """The words for a query that failed.

    Args:
        text: Those of libjq.
        raises: Whether the query raises errors of its own; what no rule knows is then taken for one of them.
    """
    text = text.replace("null (null)", "null")
    if (found := _BINARY.fullmatch(text)) is not None:
        return f"{_OPERATIONS[found[3]]}: {found[1]} and {found[2]}"
    if (found := _INDEX.fullmatch(text)) is not None:
        wanted = "array" if found[2].startswith("number") else "object"
        return f"expected an {wanted} but got: {found[1]}"
    for pattern, words in _RULES:
        if pattern.fullmatch(text):
            return pattern.sub(words, text)
    return f"error: {_compact(text)}" if raises else text


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
