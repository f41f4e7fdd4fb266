"""What a system and its worker processes say to each other: frames, each a length and a MessagePack array.

Payloads travel as they are. What few messages have - marks, metadata that differ, values that JSON does not know - goes
into *extras*, which are pickled: both ends are the same program, and nobody else has the pipe.
"""

from __future__ import annotations

import io
import pickle
import struct
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

import msgspec
import orjson

from headwater.errors import MessageError
from headwater.message import NO_METADATA, UNSET, Batches, Message, Payloads

LENGTH: Final = struct.Struct("<I")
"""What stands before each frame."""

LARGEST: Final = 32 * 1024 * 1024
"""Bytes of payload in one frame; chunks of more stay where they are."""


class Open(msgspec.Struct, array_like=True, tag=True, gc=False):
    """Make a chain of processors.

    Attributes:
        key: What it is called from now on.
        stream: The stream that it belongs to.
        level: From which level on its log lines are of use.
        revision: The state of the table of Bloblang functions; another one there means other functions.
        processors: Pairs of path and configuration, pickled.
    """

    key: int
    stream: str
    level: int
    revision: int
    processors: bytes


class Work(msgspec.Struct, array_like=True, tag=True, gc=False):
    """Process messages, each a batch of its own. Extras: see `pack`."""

    key: int
    number: int
    payloads: list[bytes]
    extras: bytes


class Close(msgspec.Struct, array_like=True, tag=True, gc=False):
    """Let go of a chain."""

    key: int


class Ready(msgspec.Struct, array_like=True, tag=True, gc=False):
    """The program is there."""


class Done(msgspec.Struct, array_like=True, tag=True, gc=False):
    """What became of the messages of a `Work`.

    Attributes:
        payloads: One a message: None for dropped ones, True for those whose payload stayed as it was.
        extras: By index, other metadata (or None) and another mark (or the same), pickled.
        bare: Whether there is a payload of each, and nothing else to know.
        nanoseconds: How long it took.
        series: What the processors counted: kind, name, labels, count and sum.
        lines: Log lines, pickled: level, text and fields.
    """

    key: int
    number: int
    payloads: Sequence[bytes | bool | None]
    extras: bytes
    bare: bool
    nanoseconds: int
    series: list[tuple[str, str, list[tuple[str, str]], int, int]]
    lines: bytes


class Unable(msgspec.Struct, array_like=True, tag=True, gc=False):
    """The chain cannot be made here."""

    key: int
    number: int
    reason: str


Question = Open | Work | Close
Answer = Ready | Done | Unable

_encoder: Final = msgspec.msgpack.Encoder()
questions: Final = msgspec.msgpack.Decoder(Question)
answers: Final = msgspec.msgpack.Decoder(Answer)


def frame(message: Question | Answer) -> list[bytes]:
    """A message as it goes over a pipe."""
    body = _encoder.encode(message)
    return [LENGTH.pack(len(body)), body]


def _fragment(value: orjson.Fragment) -> tuple[Any, ...]:
    return orjson.Fragment, (orjson.dumps(value),)


def pickled(value: Any) -> bytes:
    """A value with all that documents and metadata may hold."""
    out = io.BytesIO()
    pickler = pickle.Pickler(out, 5)
    pickler.dispatch_table = {orjson.Fragment: _fragment}
    pickler.dump(value)
    return out.getvalue()


def unpickled(data: bytes) -> Any:
    """The value again."""
    return pickle.loads(data)


# HOT: once a chunk
def pack(batches: Batches) -> tuple[list[bytes], bytes] | None:
    """The payloads of batches of one message, and what else there is to know: metadata, which of it each has, marks by
    index.

    None where they cannot go out as bytes and be the same: some were parsed already, and a document may hold what JSON
    does not know.
    """
    if isinstance(batches, Payloads):
        if sum(map(len, batches.contents)) > LARGEST:
            return None
        return batches.contents, pickled(([batches.metadata], None, {})) if batches.metadata else b""
    messages = [batch[0] for batch in batches]
    payloads: list[bytes | None] = [message.raw for message in messages]
    if None in payloads or [1 for message in messages if message.parsed is not UNSET]:
        return None
    known = cast("list[bytes]", payloads)
    if sum(map(len, known)) > LARGEST:
        return None
    marks = {index: message.error for index, message in enumerate(messages) if message.error is not None}
    kinds = {id(message.metadata): message.metadata for message in messages}
    first = messages[0].metadata
    if not marks and len(kinds) == 1 and not first:
        return known, b""
    if len(kinds) == 1:
        return known, pickled(([first], None, marks))
    places = {identity: place for place, identity in enumerate(kinds)}
    return known, pickled((list(kinds.values()), [places[id(message.metadata)] for message in messages], marks))


# HOT: once a chunk
def unpack(payloads: list[bytes], extras: bytes) -> Payloads | list[Message]:
    """The messages that `pack` was given, without origin and context."""
    if not extras:
        return Payloads(payloads)
    kinds, places, marks = unpickled(extras)
    if places is None:
        made = Payloads(payloads, kinds[0])
        if not marks:
            return made
        messages = made.messages()
    else:
        messages = [Message(payload, UNSET, kinds[place]) for payload, place in zip(payloads, places, strict=True)]
    for index, mark in marks.items():
        messages[index].error = mark
    return messages


# HOT: once a chunk
def pack_results(given: Sequence[Message], made: Sequence[Message | None]) -> tuple[list[bytes | bool | None], bytes]:
    """What became of messages, told by what is new about each."""
    payloads: list[bytes | bool | None] = []
    changes: dict[int, tuple[Mapping[str, Any] | None, MessageError | None]] = {}
    append = payloads.append
    for before, after in zip(given, made, strict=True):
        if after is None:
            append(None)
            continue
        if after.metadata is not before.metadata:
            changes[len(payloads)] = (after.metadata, after.error)
        elif after.error is not before.error:
            changes[len(payloads)] = (None, after.error)
        append(True if after.raw is before.raw else after.content())
    return payloads, pickled(changes) if changes else b""


# HOT: once a chunk
def unpack_results(batches: Batches, done: Done) -> Payloads | list[Message | None]:
    """What became of batches of one message; what did not travel is that of the message given."""
    payloads, extras = done.payloads, done.extras
    if isinstance(batches, Payloads):
        if done.bare:
            return Payloads(cast("list[bytes]", payloads), batches.metadata)
        given = batches.messages()
    else:
        given = [batch[0] for batch in batches]
    made: list[Message | None] = [
        Message(payload, UNSET, before.metadata, before.error, before.origin, before.context)
        if type(payload) is bytes
        else None
        if payload is None
        else before
        for before, payload in zip(given, payloads, strict=True)
    ]
    if extras:
        for index, (metadata, mark) in unpickled(extras).items():
            message = made[index]
            assert message is not None
            kept = message.metadata if metadata is None else metadata or NO_METADATA
            made[index] = Message(message.raw, UNSET, kept, mark, message.origin, message.context)
    return made
