"""Hashes, checksums and message authentication codes; UUIDs of names."""

from __future__ import annotations

import hashlib
import hmac
import uuid
import zlib
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from headwater.bloblang.errors import BloblangError, TypeMismatch
from headwater.bloblang.gotext import quote
from headwater.bloblang.registry import Example, Param, method
from headwater.bloblang.targets import ENCODING, STRING_OR_BYTES
from headwater.bloblang.values import encode_text

_POLYNOMIALS = {"Castagnoli": 0x82F63B78, "Koopman": 0xEB31D82E}


@lru_cache(maxsize=4)
def _crc_table(polynomial: int) -> list[int]:
    table: list[int] = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ polynomial if value & 1 else value >> 1
        table.append(value)
    return table


def _crc32(polynomial: str) -> Callable[[bytes], bytes]:
    if polynomial == "IEEE":
        return lambda raw: zlib.crc32(raw).to_bytes(4, "big")

    def checksum(raw: bytes) -> bytes:
        if polynomial not in _POLYNOMIALS:
            raise BloblangError(f"unsupported crc32 hash key {quote(polynomial)}")
        table = _crc_table(_POLYNOMIALS[polynomial])
        value = 0xFFFFFFFF
        for byte in raw:
            value = (value >> 8) ^ table[(value ^ byte) & 0xFF]
        return (value ^ 0xFFFFFFFF).to_bytes(4, "big")

    return checksum


def _fnv32(raw: bytes) -> bytes:
    value = 0x811C9DC5
    for byte in raw:
        value = (value * 0x01000193 & 0xFFFFFFFF) ^ byte
    return str(value).encode()


def _xxhash64(raw: bytes) -> bytes:
    import xxhash

    return str(xxhash.xxh64_intdigest(raw)).encode()


_PLAIN = {
    "md5": "md5",
    "sha1": "sha1",
    "sha256": "sha256",
    "sha512": "sha512",
    "sha3_256": "sha3_256",
    "sha3_512": "sha3_512",
}
_KEYED = {"hmac_sha1": "sha1", "hmac_sha256": "sha256", "hmac_sha512": "sha512"}


def _digest(name: str) -> Callable[[bytes], bytes]:
    make = getattr(hashlib, name)
    return lambda raw: make(raw, usedforsecurity=False).digest()


def _hasher(algorithm: str, key: bytes, polynomial: str) -> Callable[[bytes], bytes]:
    if algorithm in _PLAIN:
        return _digest(_PLAIN[algorithm])
    keyed = _KEYED.get(algorithm.replace("hmac-", "hmac_"))
    if keyed is not None:
        if not key:
            raise BloblangError(f"hash algorithm {algorithm} requires a key argument", annotated=True)
        return lambda raw: hmac.digest(key, raw, keyed)
    if algorithm == "crc32":
        return _crc32(polynomial)
    if algorithm == "fnv32":
        return _fnv32
    if algorithm == "xxhash64":
        return _xxhash64
    raise BloblangError(f"unrecognized hash type: {algorithm}", annotated=True)


def _hash(algorithm: str, key: str | None, polynomial: str) -> Callable[[str | bytes], bytes]:
    native = _hasher(algorithm, encode_text(key or ""), polynomial)
    return lambda target: native(target if type(target) is bytes else encode_text(target))  # type: ignore[arg-type]


method(
    "hash",
    Param(
        "algorithm",
        "string",
        "crc32, fnv32, hmac_sha1, hmac_sha256, hmac_sha512, md5, sha1, sha256, sha512, sha3_256, sha3_512 or xxhash64.",
    ),
    Param("key", "string", "The secret of the hmac algorithms.", optional=True),
    Param("polynomial", "string", "The polynomial of crc32: IEEE, Castagnoli or Koopman.", default="IEEE"),
    target="stringish",
    constructor=True,
    category=ENCODING,
    receives=STRING_OR_BYTES,
    summary="The hash of a text or of bytes, as bytes.",
    examples=[
        Example(
            "",
            'root.h1 = this.value.hash("sha1").encode("hex")\n'
            'root.h2 = this.value.hash("hmac_sha1","static-key").encode("hex")',
            (
                '{"value":"hello world"}',
                '{"h1":"2aae6c35c94fcfb415dbe95f408b9ce91ee846ed","h2":"d87e5f068fa08fe90bb95bc7c8344cb809179d76"}',
            ),
        ),
        Example(
            "",
            'root.h1 = this.value.hash(algorithm: "crc32", polynomial: "Castagnoli").encode("hex")',
            ('{"value":"hello world"}', '{"h1":"c99465aa"}'),
        ),
    ],
)(_hash)

_NAMESPACES = {
    "dns": uuid.NAMESPACE_DNS,
    "url": uuid.NAMESPACE_URL,
    "oid": uuid.NAMESPACE_OID,
    "x500": uuid.NAMESPACE_X500,
}
_NIL = uuid.UUID(int=0)


@method(
    "uuid_v5",
    Param("ns", "string", "The namespace: dns, url, oid, x500 or a UUID.", optional=True),
    target="any",
    category=ENCODING,
    receives=STRING_OR_BYTES,
    summary="The UUID of a name in a namespace.",
    examples=[
        Example("", 'root.id = "example".uuid_v5()', ("{}", '{"id":"feb54431-301b-52bb-a6dd-e1e93e81bb9e"}')),
        Example("", 'root.id = "example".uuid_v5("dns")', ("{}", '{"id":"7cb48787-6d91-5b9f-bc60-f30298ea5736"}')),
    ],
)
def uuid_v5(target: Any, ns: str | None) -> str | None:
    if target is None:
        return None
    namespace = _NIL if ns is None else _NAMESPACES.get(ns) or _NAMESPACES.get(ns.lower() if ns.isupper() else "")
    if namespace is None:
        try:
            namespace = uuid.UUID(ns)
        except ValueError:
            raise BloblangError(f"invalid ns uuid: {quote(ns or '')}") from None
    if not isinstance(target, str | bytes):
        raise TypeMismatch(target, "string")
    raw = target if isinstance(target, bytes) else encode_text(target)
    digest = hashlib.sha1(namespace.bytes + raw, usedforsecurity=False).digest()[:16]
    return str(uuid.UUID(bytes=digest, version=5))
