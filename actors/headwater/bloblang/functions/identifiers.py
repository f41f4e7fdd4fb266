"""Identifiers: UUIDs, KSUIDs, ULIDs, NanoIDs, snowflakes."""

from __future__ import annotations

import os
import random
import secrets
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

from headwater.bloblang.errors import BloblangError
from headwater.bloblang.registry import Example, Param, function
from headwater.bloblang.targets import GENERAL, bounded
from headwater.bloblang.values import Timestamp

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_NANOID = "_-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_KSUID_EPOCH = 1_400_000_000
_SNOWFLAKE_EPOCH = 1_288_834_974_657


def _base(value: int, alphabet: str, width: int) -> str:
    size = len(alphabet)
    digits: list[str] = []
    for _ in range(width):
        value, digit = divmod(value, size)
        digits.append(alphabet[digit])
    return "".join(reversed(digits))


@function(
    "uuid_v4",
    category=GENERAL,
    summary="A random UUID.",
    examples=[Example("", "root.length = uuid_v4().length()", ("{}", '{"length":36}'))],
)
def uuid_v4() -> str:
    return str(uuid.uuid4())


def new_uuid_v7(milliseconds: int | None = None) -> str:
    """A UUID that begins with a time, by default the present one."""
    if milliseconds is None:
        milliseconds = time.time_ns() // 1_000_000
    raw = (milliseconds & 0xFFFFFFFFFFFF).to_bytes(6, "big") + os.urandom(10)
    value = int.from_bytes(raw, "big")
    value = value & ~(0xF << 76) | 7 << 76
    value = value & ~(0x3 << 62) | 2 << 62
    return str(uuid.UUID(int=value))


@function(
    "uuid_v7",
    Param("time", "timestamp", "The time it shall begin with; the present one where it is not given.", optional=True),
    category=GENERAL,
    summary="A UUID that begins with a time, so that later ones sort behind earlier ones.",
    examples=[
        Example("", 'root.id = uuid_v7("2020-01-02T03:04:05Z").slice(0, 13)', ("{}", '{"id":"016f6435-cc88"}')),
    ],
)
def uuid_v7(time: Timestamp | None) -> str:
    return new_uuid_v7(None if time is None else time.nanoseconds // 1_000_000)


@function(
    "ksuid",
    category=GENERAL,
    summary="A KSUID: an id that sorts by its time in seconds.",
    examples=[Example("", "root.length = ksuid().length()", ("{}", '{"length":27}'))],
)
def ksuid() -> str:
    raw = (int(time.time()) - _KSUID_EPOCH).to_bytes(4, "big") + os.urandom(16)
    return _base(int.from_bytes(raw, "big"), _BASE62, 27)


def _ulid(encoding: str, random_source: str) -> Callable[[], str]:
    if encoding not in ("crockford", "hex"):
        raise BloblangError(f"invalid ulid encoding: {encoding}", annotated=True)
    if random_source not in ("secure_random", "fast_random"):
        raise BloblangError(f"invalid randomness source: {random_source}", annotated=True)
    source: Any = os.urandom if random_source == "secure_random" else random.randbytes

    def make() -> str:
        raw = (time.time_ns() // 1_000_000).to_bytes(6, "big") + source(10)
        return raw.hex() if encoding == "hex" else _base(int.from_bytes(raw, "big"), _CROCKFORD, 26)

    return make


function(
    "ulid",
    Param("encoding", "string", "crockford or hex.", default="crockford"),
    Param("random_source", "string", "secure_random or fast_random.", default="secure_random"),
    constructor=True,
    category=GENERAL,
    status="experimental",
    summary="A ULID: an id that sorts by its time in milliseconds.",
    examples=[
        Example("", "root.length = ulid().length()", ("{}", '{"length":26}')),
        Example("", 'root.length = ulid("hex").length()', ("{}", '{"length":32}')),
    ],
)(_ulid)


@function(
    "nanoid",
    Param("length", "integer", "The number of characters; 21 where it is not given.", optional=True),
    Param("alphabet", "string", "The characters to choose from.", optional=True),
    category=GENERAL,
    summary="A NanoID: random characters of an alphabet.",
    examples=[
        Example("", "root.length = nanoid(54).length()", ("{}", '{"length":54}')),
        Example("", 'root.id = nanoid(5, "a")', ("{}", '{"id":"aaaaa"}')),
    ],
)
def nanoid(length: int | None, alphabet: str | None) -> str:
    if alphabet is not None and length is None:
        raise BloblangError("field length must be specified when an alphabet is specified")
    size = 21 if length is None else length
    if size < 0:
        raise BloblangError("negative id length")
    characters = _NANOID if alphabet is None else alphabet
    if not characters or len(characters) > 255:
        raise BloblangError("alphabet must not be empty and contain no more than 255 chars")
    bounded(size)
    return _chosen(characters, size)


def _chosen(characters: str, size: int) -> str:
    """Characters that chance chooses, each as likely as the others."""
    mask = (1 << (len(characters) - 1).bit_length()) - 1
    places = bytes(octet & mask for octet in range(256))
    others = bytes(octet for octet in range(256) if octet & mask >= len(characters))
    found = b""
    while len(found) < size:
        found += secrets.token_bytes(size - len(found) + 8).translate(places, others)
    return found[:size].decode("latin-1").translate(dict(enumerate(characters)))


class _Snowflakes:
    """Numbers of one node: time, node, and a step within the same millisecond."""

    def __init__(self, node: int) -> None:
        self._node = node
        self._lock = threading.Lock()
        self._time = 0
        self._step = 0

    def next(self) -> str:
        with self._lock:
            now = max(time.time_ns() // 1_000_000, self._time)
            if now == self._time:
                self._step = (self._step + 1) & 0xFFF
                if self._step == 0:
                    now += 1
            else:
                self._step = 0
            self._time = now
            return str((now - _SNOWFLAKE_EPOCH) << 22 | self._node << 12 | self._step)


_nodes: dict[int, _Snowflakes] = {}


def _snowflake_id(node_id: int) -> Callable[[], str]:
    if not 0 <= node_id <= 1023:
        raise BloblangError("Node number must be between 0 and 1023", annotated=True)
    return _nodes.setdefault(node_id, _Snowflakes(node_id)).next


function(
    "snowflake_id",
    Param("node_id", "integer", "The number of the node, from 0 to 1023.", default=1),
    constructor=True,
    category=GENERAL,
    summary="A snowflake: a number that is unique among numbered nodes and grows with time, as text.",
    examples=[Example("", "root.type = snowflake_id().type()", ("{}", '{"type":"string"}'))],
)(_snowflake_id)
