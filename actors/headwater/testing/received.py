"""Messages that came out of a stream, compared with what was expected."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from headwater.message import Message
from headwater.testing.differences import compare_json, compare_text


class Received:
    """A message that came out, to be compared with a document, a text or bytes."""

    __slots__ = ("message",)

    def __init__(self, message: Message) -> None:
        self.message = message

    @property
    def content(self) -> bytes:
        """The payload."""
        return self.message.content()

    @property
    def text(self) -> str:
        """The payload as text."""
        return self.content.decode("utf-8", "backslashreplace")

    @property
    def document(self) -> Any:
        """The payload as a JSON document. Raises: ValueError."""
        return json.loads(self.content)

    @property
    def metadata(self) -> Mapping[str, Any]:
        """The metadata."""
        return self.message.metadata

    @property
    def error(self) -> str:
        """What a processor failed with; an empty text if none did."""
        return self.message.error.text if self.message.error is not None else ""

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Received):
            return self.content == other.content
        if isinstance(other, bytes):
            return self.content == other
        if isinstance(other, str) and self.text == other:
            return True
        try:
            found = self.document
        except ValueError:
            return False
        return bool(found == other) and isinstance(found, bool) == isinstance(other, bool)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        try:
            return repr(self.document)
        except ValueError:
            return repr(self.text)


def explain(found: object, wanted: object) -> list[str] | None:
    """Where what came out differs from what was expected, a line each; None where nothing here came out of a stream.

    Args:
        found: A message, a list of them, or a list of batches.
        wanted: What was expected in its place.
    """
    if isinstance(found, Received):
        return _explain_message(found, wanted)
    if not isinstance(found, list) or not isinstance(wanted, list):
        return None
    batches = any(isinstance(item, list) for item in found)
    if not any(isinstance(item, Received) for each in found for item in (each if batches else [each])):
        return None
    noun = "batch" if batches else "message"
    lines = []
    if len(found) != len(wanted):
        lines.append(f"{len(found)} came out, {len(wanted)} were expected")
    for number, (one, other) in enumerate(zip(found, wanted, strict=False)):
        if one != other:
            inner = explain(one, other) or [f"expected {other!r}, received {one!r}"]
            lines += [f"{noun} {number}:", *(f"  {line}" for line in inner)]
    return lines


def _explain_message(found: Received, wanted: object) -> list[str]:
    if isinstance(wanted, str):
        lines = [line.removeprefix("  ") for line in compare_text(wanted, found.text).splitlines()]
    else:
        try:
            lines = [] if isinstance(wanted, bytes) else compare_json(wanted, found.document, exact=True)
        except ValueError:
            lines = []
        lines = lines or [f"expected {wanted!r}, received {found!r}"]
    if found.error:
        lines.append(f"it is marked as failed: {found.error}")
    return lines
