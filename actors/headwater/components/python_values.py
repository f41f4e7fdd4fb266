"""What Python functions of users get of messages, and what becomes of what they return."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, Literal

import msgspec

from headwater.components.payloads import plain, structured
from headwater.errors import ComponentError
from headwater.message import Batch, Message

Form = Literal["document", "content", "text", "message"]

FORMS: Final[tuple[Form, ...]] = ("document", "content", "text", "message")
"""What a function may ask for: the document as plain data of its own, the payload as bytes or text, or the message."""


class Drop:
    """What a function returns, as `headwater.DROP`, for a message that shall go no further."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "DROP"


DROP: Final = Drop()


def argument(message: Message, form: str) -> Any:
    """What a function gets of a message.

    Raises:
        ComponentError: The payload is not what it asks for.
    """
    if form == "message":
        return message
    if form == "document":
        return plain(structured(message))
    content = message.content()
    if form == "content":
        return content
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise ComponentError(f"the payload is no text: {error}", "data") from None


def made(value: Any, source: Message | None, what: str) -> Message:
    """The message that a value stands for.

    Args:
        value: A message, bytes, a text, or whatever JSON can say.
        source: The message that it was made of, whose metadata it keeps; None where there is none.
        what: Who made it and how, as errors begin.

    Raises:
        ComponentError: It stands for none.
    """
    if isinstance(value, Message):
        if source is None or value is source:
            return value
        context = value.context if value.context is not None else source.context
        return Message(value.raw, value.parsed, value.metadata, value.error, source.origin, context)
    if value is None:
        raise ComponentError(f"{what} None: the new payload is needed, or headwater.DROP to drop the message", "data")
    base = source if source is not None else _EMPTY
    if isinstance(value, bytes):
        return base.with_content(value)
    if isinstance(value, str):
        return base.with_content(value.encode("utf-8", "surrogateescape"))
    try:
        document = msgspec.to_builtins(value, str_keys=True)
    except (TypeError, ValueError, RecursionError):
        raise ComponentError(
            f"{what} a {type(value).__name__}, which is no payload: bytes, a text, plain data or a "
            "headwater.Message is needed",
            "data",
        ) from None
    return base.with_document(document)


_EMPTY: Final = Message(b"")


def made_of_one(value: Any, source: Message, what: str) -> list[Message]:
    """The messages that a function made of one message; none where it drops it.

    Raises:
        ComponentError: What it returned stands for no messages.
    """
    if value is DROP:
        return []
    values: Iterable[Any] = (value,)
    if isinstance(value, Yielded) or _are_messages(value):
        values = value
    return [made(item, source, what) for item in values if item is not DROP]


class Yielded(list[Any]):
    """What a generator function yielded: each item is a message of its own."""


def made_of_batch(value: Any, batch: Batch, what: str) -> list[Batch]:
    """The batches that a function made of a batch.

    Raises:
        ComponentError: What it returned stands for no batches.
    """
    if value is DROP:
        return []
    if not isinstance(value, list | tuple):
        raise ComponentError(f"{what} a {type(value).__name__}: of a batch, a list is needed", "data")
    if value and all(isinstance(item, list) and item and _are_messages(item) for item in value):
        return [_placed(item, batch, what) for item in value]
    placed = _placed(value, batch, what)
    return [placed] if placed else []


def _placed(values: Sequence[Any], batch: Batch, what: str) -> Batch:
    if len(values) == len(batch):
        return [made(item, source, what) for item, source in zip(values, batch, strict=True) if item is not DROP]
    if not all(isinstance(item, Message) for item in values):
        raise ComponentError(
            f"{what} {len(values)} values for {len(batch)} messages: as many are needed, or messages (`receives: "
            "message`)",
            "data",
        )
    context = batch[0].context
    return [Message(item.raw, item.parsed, item.metadata, item.error, -1, item.context or context) for item in values]


def _are_messages(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, Message) for item in value)
