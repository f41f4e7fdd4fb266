"""Payloads as processors other than mappings see them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import orjson

from headwater.components.resources import Resources
from headwater.errors import ComponentError, DocumentError
from headwater.message import Message


def one_by_one(
    resources: Resources, convert: Callable[[Message], Message | None], logged: str = ""
) -> Callable[[Sequence[Message]], list[Message | None]]:
    """The `each` of a processor that converts messages one at a time, and fails for single ones.

    Args:
        resources: Those of the processor; they mark what failed.
        convert: Makes a message of a message, or drops it with None. Raises: ComponentError, or RecursionError where a
            document is too deep for it.
        logged: Words that stand before the reason in the log.
    """

    # HOT: once a chunk
    def each(messages: Sequence[Message]) -> list[Message | None]:
        results: list[Message | None] = []
        for message in messages:
            try:
                results.append(convert(message))
            except ComponentError as error:
                results.append(resources.failed(message, error, logged))
            except RecursionError:
                results.append(resources.failed(message, "document is nested too deeply", logged))
        return results

    return each


def structured(message: Message) -> Any:
    """The document of a message; do not change it.

    Raises:
        ComponentError: The payload is no document.
    """
    try:
        return message.document()
    except DocumentError as error:
        text = "target message part does not exist" if not message.content() else str(error)
        raise ComponentError(text, "data") from None


def plain(value: Any) -> Any:
    """A document with numbers of Python in place of those that were kept as they were written."""
    kind = type(value)
    if kind is dict:
        return {key: plain(item) for key, item in value.items()}
    if kind is list:
        return [plain(item) for item in value]
    if kind is orjson.Fragment:
        return float(orjson.dumps(value))
    return value


def floated(value: Any) -> Any:
    """A document whose numbers are what 64-bit floating-point numbers can hold of them."""
    kind = type(value)
    if kind is dict:
        return {key: floated(item) for key, item in value.items()}
    if kind is list:
        return [floated(item) for item in value]
    if kind is orjson.Fragment:
        return float(orjson.dumps(value))
    if kind is int and not -_EXACT <= value <= _EXACT:
        return float(value)
    return value


_EXACT: Final = 2**53
"""Up to here a floating-point number holds every integer."""


def type_name(value: Any) -> str:
    """What Go calls the type of a document's value, as error texts have it."""
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, str):
        return "string"
    if isinstance(value, bytes):
        return "[]uint8"
    if isinstance(value, dict):
        return "map[string]interface {}"
    if isinstance(value, list):
        return "[]interface {}"
    return "json.Number"
