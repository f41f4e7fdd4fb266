"""Processor `msgpack`."""

from __future__ import annotations

from typing import Any

from headwater.components.catalogue import component
from headwater.components.contracts import Processor
from headwater.components.payloads import one_by_one, plain, structured
from headwater.components.resources import Resources
from headwater.config.fields import choice, spec
from headwater.config.view import Config
from headwater.errors import ComponentError, ConfigError
from headwater.message import Message

SPEC = spec(
    "processor",
    "msgpack",
    choice("operator", ("from_json", "to_json"), "Which way."),
    status="beta",
    categories=("Parsing",),
    summary="Make MessagePack of documents, or documents of MessagePack.",
    description="A message that is none is marked as failed, and so is a document that MessagePack cannot hold.",
    examples=(("Read MessagePack", "pipeline:\n  processors:\n    - msgpack:\n        operator: to_json\n"),),
)


@component(SPEC)
class MsgPack(Processor):
    """Converts payloads."""

    def __init__(self, config: Config, resources: Resources) -> None:
        operator = config.text("operator")
        if operator not in ("from_json", "to_json"):
            raise ConfigError(f"operator not recognised: {operator}")
        self.each = one_by_one(resources, _packed if operator == "from_json" else _unpacked)


def _packed(message: Message) -> Message:
    import msgpack  # type: ignore[import-untyped]

    try:
        document = plain(structured(message))
    except ComponentError as error:
        raise ComponentError(f"failed to parse message as JSON: {error}", "data") from None
    try:
        return message.with_content(msgpack.packb(document, use_bin_type=True))
    except (OverflowError, TypeError, ValueError, RecursionError) as error:
        raise ComponentError(f"failed to convert JSON to MsgPack: {error}", "data") from None


def _unpacked(message: Message) -> Message:
    import msgpack

    content = message.content()
    unpacker = msgpack.Unpacker(strict_map_key=False, raw=False, unicode_errors="surrogateescape", timestamp=0)
    unpacker.feed(content)
    try:
        document = unpacker.unpack()
    except msgpack.OutOfData:
        text = "unexpected EOF" if content else "EOF"
        raise ComponentError(f"failed to convert MsgPack document to JSON: {text}", "data") from None
    except (msgpack.UnpackException, ValueError, RecursionError) as error:
        raise ComponentError(f"failed to convert MsgPack document to JSON: {_reason(content, error)}", "data") from None
    return message.with_document(_document(document))


def _reason(content: bytes, error: Exception) -> str:
    if content[:1] == b"\xc1":
        return "msgpack: unknown code c1"
    return str(error) or type(error).__name__


def _document(value: Any) -> Any:
    """A value as a document: keys are texts, and so is what JSON has no form for."""
    if isinstance(value, dict):
        return {key if isinstance(key, str) else str(_document(key)): _document(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_document(item) for item in value]
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 1e15 else value
    if value is None or isinstance(value, bool | int | str | bytes):
        return value
    return str(value)
