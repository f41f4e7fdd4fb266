"""Processor `string_split`: a list of the parts of a text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from headwater.components.catalogue import component
from headwater.components.contracts import Processor
from headwater.components.resources import Resources
from headwater.config.fields import boolean, spec, text
from headwater.config.view import Config
from headwater.message import Message

SPEC = spec(
    "processor",
    "string_split",
    text("delimiter", "What stands between the parts.", default="\n"),
    boolean("emit_bytes", "Make the parts bytes instead of texts.", default=False, advanced=True),
    boolean("empty_as_null", "Make null of empty parts.", default=False),
    categories=("Parsing",),
    summary="Replace each message with a list of the parts of its text.",
    description="Faster than a mapping for large texts.",
    examples=(("Lines as a list", "pipeline:\n  processors:\n    - string_split:\n        empty_as_null: true\n"),),
)


@component(SPEC)
class StringSplit(Processor):
    """Splits payloads."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._delimiter = config.text("delimiter").encode()
        self._as_bytes = config.boolean("emit_bytes")
        self._empty: Any = None if config.boolean("empty_as_null") else b"" if self._as_bytes else ""
        self.each = self._each

    def _each(self, messages: Sequence[Message]) -> list[Message | None]:
        return [message.with_document(self._split(message.content())) for message in messages]

    def _split(self, content: bytes) -> list[Any]:
        if not self._delimiter:
            parts = [char.encode() for char in content.decode("utf-8", "replace")]
        else:
            parts = content.split(self._delimiter)
        if self._as_bytes:
            return [part if part else self._empty for part in parts]
        return [part.decode("utf-8", "surrogateescape") if part else self._empty for part in parts]
