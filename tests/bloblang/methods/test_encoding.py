"""Encodings, hashes, ciphers and compression."""

from __future__ import annotations

import bz2
import gzip
import zlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.bloblang import compile_query

_SCHEMES = ("base64", "base64url", "base64rawurl", "hex", "ascii85")
_round = {name: compile_query(f'this.encode("{name}").decode("{name}")') for name in _SCHEMES}
_compressed = {
    name: compile_query(f'this.a.compress("{name}", this.l).decompress("{name}")')
    for name in ("gzip", "pgzip", "zlib", "flate", "snappy", "lz4", "zstd")
}


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_encodings_come_back(raw: bytes) -> None:
    for query in _round.values():
        assert query.value([], this=raw) == raw


@settings(max_examples=25, deadline=None)
@given(st.binary(max_size=400), st.integers(-1, 9))
def test_compression_comes_back(raw: bytes, level: int) -> None:
    for name, query in _compressed.items():
        assert query.value([], this={"a": raw, "l": level}) == raw, name


def test_compression_is_what_others_read(evaluate: Any) -> None:
    raw = b"hello world " * 500
    assert gzip.decompress(evaluate('this.compress("gzip")', raw)) == raw
    assert zlib.decompress(evaluate('this.compress("zlib", 9)', raw)) == raw
    assert evaluate('this.decompress("bzip2")', bz2.compress(raw)) == raw


def test_small_data_is_stored_as_the_reference_stores_it(evaluate: Any) -> None:
    assert evaluate('"abc".compress("zlib", 1).encode("hex")') == "7801000300fcff6162630300024d0127"
    assert (
        evaluate('this.compress("gzip").length()', "The quick brown fox jumps over the lazy dog. " * 2) == 18 + 7 + 90
    )


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ('"aGk".decode("base64")', "unexpected EOF"),
        ('"aG=k".decode("base64")', "illegal base64 data at input byte 3"),
        ('"a_k=".decode("base64")', "illegal base64 data at input byte 1"),
        ('"zz".decode("hex")', "encoding/hex: invalid byte: U+007A 'z'"),
        ('"123".decode("hex")', "unexpected EOF"),
        ('"~~~~".decode("ascii85")', "illegal ascii85 data at input byte 0"),
        ('"hello".encode("z85")', "z85: wrongly aligned input data"),
    ],
)
def test_words(evaluate: Any, query: str, words: str) -> None:
    assert evaluate(query) == f"error: string literal: {words}"


@pytest.mark.parametrize(
    ("arguments", "digest"),
    [
        ('"md5"', "900150983cd24fb0d6963f7d28e17f72"),
        ('"sha3_256"', "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"),
        ('"hmac_sha256", "key"', "9c196e32dc0175f86f4b1cb89289d6619de6bee699e4c378e68309ed97a1a6ab"),
        ('"crc32"', "352441c2"),
        ('"crc32", "", "Castagnoli"', "364b3fb7"),
    ],
)
def test_hash(evaluate: Any, arguments: str, digest: str) -> None:
    assert evaluate(f'"abc".hash({arguments}).encode("hex")') == digest


def test_a_key_is_needed_where_parsing(evaluate: Any) -> None:
    assert "hash algorithm hmac_sha1 requires a key argument" in evaluate('this.hash("hmac_sha1")', "a")
    assert "crypto/aes: invalid key size 5" in evaluate('this.encrypt_aes("ctr", "short", "x")', "a")


@pytest.mark.parametrize("scheme", ["ctr", "ofb", "cbc", "gcm"])
def test_ciphers_come_back(evaluate: Any, scheme: str) -> None:
    iv = "0123456789ab" if scheme == "gcm" else "0123456789abcdef"
    arguments = f'("{scheme}", "0123456789abcdef", "{iv}")'
    assert evaluate(f"this.encrypt_aes{arguments}.decrypt_aes{arguments}", "exactly 16 bytes") == b"exactly 16 bytes"


def test_uuid_v5(evaluate: Any) -> None:
    assert evaluate('"example.com".uuid_v5("dns")') == "cfbff0d1-9375-5685-968c-48ce8b15ae17"
    assert evaluate('"x".uuid_v5("nope")') == 'error: string literal: invalid ns uuid: "nope"'
