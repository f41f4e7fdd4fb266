"""What flows through a stream: the message, and the batch that belongs together by configuration.

A message is never changed once another component may have seen it. Whoever needs another payload, other metadata
or an error mark makes a new message with one of the ``with_`` methods; payload, document, metadata and context are
shared with the old one. So a fan-out costs nothing, and what the input keeps for a replay is what it read.
The one exception is invisible: a document or a payload that was derived is remembered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, overload

import msgspec

from headwater.documents import decode_document, encode_document
from headwater.errors import MessageError

NO_METADATA: Final[Mapping[str, Any]] = {}
"""Shared by all messages without metadata; never written to."""

UNSET: Final = msgspec.UNSET

Document = Any
"""dict, list, str, int, float, bool, None; floats as they were written are ``orjson.Fragment``; from mappings also
bytes and timestamps."""


class Message(msgspec.Struct, eq=False, gc=False):
    """A payload (bytes, a parsed document, or both), metadata, and perhaps an error mark.

    Attributes:
        raw: The payload, or None while it exists as a document only; read it with `content`.
        parsed: The document, or UNSET while it was not parsed; read it with `document`.
        metadata: Text keys to values of any document type. Read-only: it may be shared by many messages.
        error: The mark of a failed processor; outputs and later processors decide what it means.
        origin: The index of the message in the transaction that its input made; -1 where it came from several.
        context: What its input gave along for the way back (synchronous responses, traces); shared by all that is made
            of it.
    """

    raw: bytes | None = None
    parsed: Document = UNSET
    metadata: Mapping[str, Any] = NO_METADATA
    error: MessageError | None = None
    origin: int = 0
    context: Context | None = None

    def content(self) -> bytes:
        """The payload as bytes, serialised from the document where needed."""
        raw = self.raw
        if raw is None:
            raw = self.raw = encode_document(self.parsed)
        return raw

    def document(self) -> Document:
        """The parsed document; do not change it.

        Raises:
            DocumentError: The payload is no JSON document; the text is the reference's.
        """
        parsed = self.parsed
        if parsed is UNSET:
            parsed = self.parsed = decode_document(self.raw)
        return parsed

    def with_content(self, raw: bytes) -> Message:
        """This message with another payload."""
        return Message(raw, UNSET, self.metadata, self.error, self.origin, self.context)

    def with_document(self, parsed: Document) -> Message:
        """This message with another document, which belongs to the new message from now on."""
        return Message(None, parsed, self.metadata, self.error, self.origin, self.context)

    def with_metadata(self, metadata: Mapping[str, Any]) -> Message:
        """This message with other metadata."""
        return Message(self.raw, self.parsed, metadata, self.error, self.origin, self.context)

    def with_error(self, error: MessageError | None) -> Message:
        """This message, marked as failed, or with its mark removed."""
        return Message(self.raw, self.parsed, self.metadata, error, self.origin, self.context)

    def size(self) -> int:
        """Length of the payload in bytes."""
        return len(self.content())


class Context:
    """What an input gives its messages along for the way back."""

    __slots__ = ("responses", "trace")

    def __init__(self, responses: ResponseStore | None = None, trace: Any = None) -> None:
        self.responses = responses
        self.trace = trace


class ResponseStore:
    """Where `sync_response` leaves batches for the caller that waits at the input."""

    __slots__ = ("batches",)

    def __init__(self) -> None:
        self.batches: list[Batch] = []

    def add(self, batch: Batch) -> None:
        """Keep what a caller shall be answered with; the messages are as they are now."""
        self.batches.append([Message(m.content(), UNSET, m.metadata, m.error) for m in batch])


Batch = list[Message]
"""An ordered group of messages that belongs together by configuration; never empty when it travels."""

Batches = Sequence[Batch]
"""Several of them, in order: a list, or `Payloads`."""


class Payloads(Sequence[Batch]):
    """Batches of one message each that have a payload, metadata in common, and nothing else.

    That is what files, sockets and pipes are read as, and most of what is written. Whoever looks at a batch gets one
    that is made then; whoever knows this class takes the payloads as they are, which spares the hot path four objects a
    message.

    Attributes:
        contents: The payloads.
        metadata: That of every message; read-only.
    """

    __slots__ = ("contents", "metadata")

    def __init__(self, contents: list[bytes], metadata: Mapping[str, Any] = NO_METADATA) -> None:
        self.contents = contents
        self.metadata = metadata

    def __len__(self) -> int:
        return len(self.contents)

    @overload
    def __getitem__(self, index: int) -> Batch: ...
    @overload
    def __getitem__(self, index: slice) -> Payloads: ...
    def __getitem__(self, index: int | slice) -> Batch | Payloads:
        if isinstance(index, slice):
            return Payloads(self.contents[index], self.metadata)
        return [Message(self.contents[index], UNSET, self.metadata)]

    def __iter__(self) -> Iterator[Batch]:
        return iter([[message] for message in self.messages()])

    def messages(self) -> list[Message]:
        """The one message of each batch."""
        metadata = self.metadata
        return [Message(content, UNSET, metadata) for content in self.contents]


def count_messages(batches: Batches) -> int:
    """How many messages are in some batches."""
    return len(batches) if type(batches) is Payloads else sum(map(len, batches))


def numbered(batch: Batch) -> Batch:
    """A batch whose messages have their places in it as origin."""
    return [
        message
        if message.origin == place
        else Message(message.raw, message.parsed, message.metadata, message.error, place, message.context)
        for place, message in enumerate(batch)
    ]
