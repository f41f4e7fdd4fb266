"""Batches as bytes: payloads, metadata and error marks."""

from __future__ import annotations

from typing import Any

import msgspec

from headwater.bloblang.values import Timestamp, to_text
from headwater.documents import encode_document
from headwater.errors import MessageError
from headwater.message import NO_METADATA, UNSET, Batch, Message

_LARGE = 1 << 63

WORTH_SQUEEZING = 512
"""Bytes from which on a batch is compressed."""


def pack(batch: Batch) -> bytes:
    """A batch as bytes. Metadata that all messages share, as those of one file do, is packed once."""
    metadata = batch[0].metadata
    if all(message.metadata is metadata and message.error is None for message in batch):
        return _squeezed((_plain(metadata) if metadata else None, [message.content() for message in batch], None))
    marked = [
        (
            _plain(message.metadata) if message.metadata else None,
            None if message.error is None else msgspec.structs.astuple(message.error),
        )
        for message in batch
    ]
    return _squeezed((None, [message.content() for message in batch], marked))


def _squeezed(value: Any) -> bytes:
    """A value as bytes with their kind in front. The disk is what a durable buffer waits for, so less is written."""
    plain = _encoder.encode(value)
    if len(plain) >= WORTH_SQUEEZING:
        import lz4.block  # type: ignore[import-untyped]

        squeezed: bytes = lz4.block.compress(plain)
        if len(squeezed) < len(plain):
            return b"\x01" + squeezed
    return b"\x00" + plain


def unpack(content: bytes) -> Batch:
    """The batch again. Raises: ValueError."""
    body = content[1:]
    if content[0]:
        import lz4.block

        body = lz4.block.decompress(body)
    shared, payloads, marked = _decoder.decode(body)
    if marked is None:
        metadata = NO_METADATA if shared is None else shared
        return [Message(payload, UNSET, metadata, None, place) for place, payload in enumerate(payloads)]
    return [
        Message(
            payload,
            UNSET,
            NO_METADATA if own is None else own,
            None if error is None else MessageError(*error),
            place,
        )
        for place, (payload, (own, error)) in enumerate(zip(payloads, marked, strict=True))
    ]


def _plain(value: Any) -> Any:
    """Metadata without what a packed form does not have: timestamps and huge numbers become texts."""
    kind = type(value)
    if kind is str:
        # Texts that are no UTF-8 are kept as bytes, which is what they came from.
        return value if value.isascii() else _text(value)
    if kind is bool or kind is bytes or value is None or kind is float:
        return value
    if isinstance(value, int):
        return int(value) if -_LARGE <= value < 2 * _LARGE else str(int(value))
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if kind is list or kind is tuple:
        return [_plain(item) for item in value]
    if kind is Timestamp:
        return to_text(value)
    if isinstance(value, float):
        return float(value)
    return encode_document(value).decode()


def _text(value: str) -> str | bytes:
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-8", "surrogateescape")
    return value


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(
    tuple[
        dict[str, Any] | None,
        list[bytes],
        list[tuple[dict[str, Any] | None, tuple[str, str, str, str] | None]] | None,
    ]
)
