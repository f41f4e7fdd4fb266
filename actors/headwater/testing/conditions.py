"""What config unit tests may ask of a message: each condition tells what is wrong, or nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from headwater.errors import ConfigError
from headwater.message import Batch, Message
from headwater.testing.differences import as_json, compare_json, compare_text
from headwater.yamltext.nodes import Node

Check = Callable[[Batch, int], "str | None"]
"""Looks at a message of a batch; the text says what is wrong."""


class WrongCondition(ConfigError):
    """A condition cannot be used."""


def condition(kind: str, node: Node, folder: Path) -> Check:
    """Make a condition of its part of a test definition.

    Args:
        kind: Its key.
        node: Its value.
        folder: Where files are looked for.

    Raises:
        WrongCondition: The value is no good; the text is without position.
    """
    if kind not in CONDITIONS:
        raise WrongCondition(f"condition {kind} not recognised, there are {', '.join(CONDITIONS)}")
    return CONDITIONS[kind](node, folder)


def _content(message: Message) -> str:
    return message.content().decode("utf-8", "surrogateescape")


def content_equals(node: Node, folder: Path) -> Check:
    """The payload is this text."""
    return _equals(node.value)


def _equals(expected: str) -> Check:
    def check(batch: Batch, index: int) -> str | None:
        found = _content(batch[index])
        return None if found == expected else "content mismatch\n" + compare_text(expected, found)

    return check


def content_matches(node: Node, folder: Path) -> Check:
    """The payload has a part that this regular expression matches."""
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        pattern = re2.compile(node.value, options)
    except re2.error as error:
        reason = error.args[0] if error.args else ""
        words = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise WrongCondition(f"failed to compile pattern: {words}") from None

    def check(batch: Batch, index: int) -> str | None:
        found = _content(batch[index])
        if pattern.search(found):
            return None
        return f"pattern mismatch\n   pattern: {node.value}\n  received: {found}"

    return check


def bloblang(node: Node, folder: Path) -> Check:
    """A mapping, most often a query alone, that has to make true of the message."""
    from headwater.bloblang import BloblangError, ParseError, compile_mapping

    try:
        query = compile_mapping(node.value)
    except ParseError as error:
        raise WrongCondition(f"failed to parse bloblang: {error}") from None

    def check(batch: Batch, index: int) -> str | None:
        try:
            found = query.value(batch[index], batch, index)
        except BloblangError as error:
            return f"bloblang expression failed: {error}\n  expression: {node.value}"
        if found is True:
            return None
        return f"bloblang expression was false\n  expression: {node.value}\n     message: {_content(batch[index])}"

    return check


def metadata_equals(node: Node, folder: Path) -> Check:
    """Metadata have these values."""
    expected: Mapping[str, Any] = node.plain() if node.is_mapping else {}

    def check(batch: Batch, index: int) -> str | None:
        problems = []
        metadata = batch[index].metadata
        for key, wanted in expected.items():
            if key not in metadata:
                problems.append(f"metadata key '{key}' expected but not found")
            elif not _same_value(metadata[key], wanted):
                problems.append(
                    f"metadata key '{key}' mismatch\n  expected: {_shown(wanted)}\n  received: {_shown(metadata[key])}"
                )
        return "\n".join(problems) or None

    return check


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else as_json(value)


def _same_value(found: Any, wanted: Any) -> bool:
    if isinstance(found, bytes):
        found = found.decode("utf-8", "surrogateescape")
    if isinstance(wanted, dict | list):
        return not compare_json(wanted, found, exact=True)
    return bool(found == wanted) or _shown(found) == _shown(wanted)


def file_equals(node: Node, folder: Path) -> Check:
    """The payload is the content of a file."""
    return _equals(_read(node.value, folder))


def json_equals(node: Node, folder: Path) -> Check:
    """The document is this one; a text is read as JSON."""
    return _json(_document(node), exact=True)


def json_contains(node: Node, folder: Path) -> Check:
    """The document has all that this one has."""
    return _json(_document(node), exact=False)


def file_json_equals(node: Node, folder: Path) -> Check:
    """The document is that of a file."""
    return _json(_parsed(_read(node.value, folder), node.value), exact=True)


def file_json_contains(node: Node, folder: Path) -> Check:
    """The document has all that a file's has."""
    return _json(_parsed(_read(node.value, folder), node.value), exact=False)


def _json(expected: Any, exact: bool) -> Check:
    def check(batch: Batch, index: int) -> str | None:
        try:
            found = json.loads(batch[index].content())
        except ValueError as error:
            return f"the message is no JSON document: {error}\n  received: {_content(batch[index])}"
        differences = compare_json(expected, found, exact=exact)
        if not differences:
            return None
        title = "JSON content mismatch" if exact else "JSON superset mismatch"
        return "\n".join([title, *(f"  {line}" for line in differences)])

    return check


def _document(node: Node) -> Any:
    return _parsed(node.value, "the text") if node.is_scalar and node.tag == "!!str" else node.plain()


def _parsed(text: str, name: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise WrongCondition(f"{name} is no JSON: {error}") from None


def _read(name: str, folder: Path) -> str:
    try:
        return (folder / name).read_text(encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        raise WrongCondition(f"failed to read {name}: {error.strerror}") from None


CONDITIONS: Final[Mapping[str, Callable[[Node, Path], Check]]] = {
    "bloblang": bloblang,
    "content_equals": content_equals,
    "content_matches": content_matches,
    "metadata_equals": metadata_equals,
    "file_equals": file_equals,
    "file_json_equals": file_json_equals,
    "file_json_contains": file_json_contains,
    "json_equals": json_equals,
    "json_contains": json_contains,
}


def failures(checks: Sequence[tuple[str, Check]], batch: Batch, index: int) -> list[str]:
    """What is wrong with a message of a batch, each with the name of its condition."""
    return [f"{name}: {text}" for name, check in checks if (text := check(batch, index)) is not None]
