"""Processor `decompress`."""

from __future__ import annotations

import base64
import bz2
import gzip
from collections.abc import Callable
from typing import Any

import pytest

from headwater import compression
from headwater.message import Message


def test_bzip2(process: Callable[..., list[Message]]) -> None:
    received = process(
        "- decompress: {algorithm: bzip2}", bz2.compress(b"hello"), bz2.compress(b"a") + bz2.compress(b"b")
    )
    assert [message.content() for message in received] == [b"hello", b"ab"]


def test_gzip_of_several_members(process: Callable[..., list[Message]]) -> None:
    [message] = process("- decompress: {algorithm: gzip}", gzip.compress(b"a") + gzip.compress(b"b"))
    assert message.content() == b"ab"


@pytest.mark.parametrize(
    ("algorithm", "error"),
    [
        ("bzip2", "bzip2 data invalid: bad magic value"),
        ("flate", "flate: corrupt input before offset 1"),
        ("gzip", "gzip: invalid header"),
        ("lz4", "lz4: bad magic number"),
        ("pgzip", "gzip: invalid header"),
        ("snappy", "s2: corrupt input"),
        ("zlib", "zlib: invalid header"),
    ],
)
def test_what_was_not_compressed_is_marked(outcomes: Callable[..., Any], algorithm: str, error: str) -> None:
    processors = f"- decompress: {{algorithm: {algorithm}}}"
    assert outcomes(processors, "not compressed at all") == [("not compressed at all", error)]


@pytest.mark.parametrize("algorithm", ["flate", "gzip", "lz4", "zlib"])
def test_what_is_cut_off_is_marked(algorithm: str) -> None:
    whole = compression.compressor(algorithm)(b"hello hello" * 50, -1)
    with pytest.raises(compression.CompressionError, match="unexpected EOF"):
        compression.decompressor(algorithm)(whole[:-9])


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ("QlpoOTFBWSZTWRhR2d8AAAJBgBAABAAQIAAhkeoIYNCDFcXckU4UJAYUdnfA", "invalid number of Huffman trees"),
        ("QlpoOTFBWSZTWRlxZT0AAAGBgAIARAAgADDNAMGmoGeLuSKcKEgMuLKegA==", "Huffman length out of range"),
    ],
)
def test_what_is_wrong_with_bzip2(data: str, error: str) -> None:
    with pytest.raises(compression.CompressionError, match=f"^bzip2 data invalid: {error}$"):
        compression.decompressor("bzip2")(base64.b64decode(data))


@pytest.mark.parametrize("algorithm", ["bzip2", "flate", "gzip", "lz4", "snappy", "zlib"])
def test_a_bomb_is_refused(algorithm: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = b"\0" * 100_000
    bomb = bz2.compress(data) if algorithm == "bzip2" else compression.compressor(algorithm)(data, 9)
    assert len(bomb) < 5000
    monkeypatch.setattr(compression, "MAX_EXPANDED", 50_000)
    with pytest.raises(compression.CompressionError, match="exceeds the limit of 50000 bytes"):
        compression.decompressor(algorithm)(bomb)


def test_metadata_stays(process: Callable[..., list[Message]]) -> None:
    [message] = process("- decompress: {algorithm: gzip}", gzip.compress(b"a"), metadata={"k": 1})
    assert message.metadata == {"k": 1}
