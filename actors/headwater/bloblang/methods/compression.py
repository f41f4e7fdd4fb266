"""Compression and decompression; what a few bytes expand to is bounded."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable
from heapq import heapify, heappop, heappush

from headwater.bloblang.errors import BloblangError
from headwater.bloblang.registry import Example, Param, method
from headwater.bloblang.targets import ENCODING, TEXT
from headwater.compression import MAX_EXPANDED, compressor, decompressor
from headwater.errors import ComponentError

_SMALL = 128
"""Below this many bytes the reference looks for no repetitions, but only weighs the codes of single bytes."""
_TINY = 32
_NO_TIME = 0x886E0900
"""The seconds of the year 1, cut to 32 bits: what the reference writes where a gzip header has no time."""
_TABLE_BITS = 560
"""What the reference takes a table of codes to cost."""
_EMPTY_END = b"\x03\x00"


def _stored(raw: bytes) -> bytes:
    size = len(raw)
    return b"\0" + size.to_bytes(2, "little") + (size ^ 0xFFFF).to_bytes(2, "little") + raw


def _coded_bits(raw: bytes) -> int:
    """The reference's estimate of the bits that codes for single bytes would need, table and end mark included."""
    weights = [*Counter(raw).values(), 1]
    heapify(weights)
    bits = 0
    while len(weights) > 1:
        both = heappop(weights) + heappop(weights)
        bits += both
        heappush(weights, both)
    bits += _TABLE_BITS
    return bits + (bits >> 7)


def _deflated(raw: bytes, level: int, complaint: str) -> bytes:
    if not -3 <= level <= 9:
        raise BloblangError(complaint.format(level))
    if not raw:
        return _EMPTY_END
    if len(raw) < _SMALL and (level == -1 or 1 <= level <= 6):
        if len(raw) <= _TINY or (len(raw) + 5) * 8 <= _coded_bits(raw):
            return _stored(raw) + _EMPTY_END
        packer = zlib.compressobj(6, zlib.DEFLATED, -15, 9, zlib.Z_HUFFMAN_ONLY)
    elif level == -2:
        packer = zlib.compressobj(-1, zlib.DEFLATED, -15, 9, zlib.Z_HUFFMAN_ONLY)
    else:
        packer = zlib.compressobj(1 if level == -3 else level, zlib.DEFLATED, -15, 9)
    return packer.compress(raw) + packer.flush()


def _gzip(raw: bytes, level: int) -> bytes:
    packed = _deflated(raw, level, "gzip: invalid compression level: {}")
    speed = 2 if level == 9 else 4 if level == 1 else 0
    head = b"\x1f\x8b\x08\x00" + _NO_TIME.to_bytes(4, "little") + bytes((speed, 255))
    return head + packed + zlib.crc32(raw).to_bytes(4, "little") + (len(raw) & 0xFFFFFFFF).to_bytes(4, "little")


def _zlib(raw: bytes, level: int) -> bytes:
    packed = _deflated(raw, level, "zlib: invalid compression level: {}")
    rank = 0 if level in (-2, 0, 1) else 1 if 2 <= level <= 5 else 2 if level in (-1, 6) else 3
    head = 0x7800 | rank << 6
    head += 31 - head % 31
    return head.to_bytes(2, "big") + packed + zlib.adler32(raw).to_bytes(4, "big")


def _flate(raw: bytes, level: int) -> bytes:
    return _deflated(raw, level, "flate: invalid compression level {}: want value in range [-2, 9]")


def _zstd(raw: bytes, level: int) -> bytes:
    import zstandard

    strength = 3 if level < 0 else 1 if level < 3 else 3 if level < 6 else 8 if level < 10 else 19
    return zstandard.ZstdCompressor(level=strength, write_checksum=True).compress(raw)


def _lz4(raw: bytes, level: int) -> bytes:
    import lz4.frame  # type: ignore[import-untyped]

    if level > 9:
        raise BloblangError(f"lz4: invalid compression level: {level}")
    packer = lz4.frame.LZ4FrameCompressor(
        block_size=lz4.frame.BLOCKSIZE_MAX4MB,
        block_linked=False,
        compression_level=0 if level <= 0 else min(12, level + 3),
        content_checksum=True,
        auto_flush=True,
    )
    packed: bytes = packer.begin() + packer.compress(raw) + packer.flush()
    return packed


def _shared(algorithm: str) -> Callable[[bytes, int], bytes]:
    """Algorithms that processors have as well."""
    try:
        native = compressor(algorithm)
    except ComponentError as error:
        raise BloblangError(str(error), annotated=True) from None

    def compress(raw: bytes, level: int) -> bytes:
        try:
            return native(raw, level)
        except ComponentError as error:
            raise BloblangError(str(error)) from None

    return compress


_COMPRESSORS: dict[str, Callable[[bytes, int], bytes]] = {
    "gzip": _gzip,
    "pgzip": _gzip,
    "zlib": _zlib,
    "flate": _flate,
    "lz4": _lz4,
    "zstd": _zstd,
}


def _compress(algorithm: str, level: int) -> Callable[[bytes], bytes]:
    native = _COMPRESSORS.get(algorithm) or _shared(algorithm)
    return lambda target: native(target, level)


def _unzstd(raw: bytes) -> bytes:
    import zstandard

    if raw and not raw.startswith(b"\x28\xb5\x2f\xfd"[: len(raw)]):
        raise BloblangError("invalid input: magic number mismatch")
    try:
        reader = zstandard.ZstdDecompressor(max_window_size=1 << 29).stream_reader(raw, read_across_frames=True)
        expanded = reader.read(MAX_EXPANDED + 1)
    except zstandard.ZstdError as error:
        raise BloblangError("unexpected EOF" if "truncated" in str(error).lower() else str(error)) from None
    if len(expanded) > MAX_EXPANDED:
        raise BloblangError(f"decompressed data exceeds the limit of {MAX_EXPANDED} bytes")
    if raw and not expanded and len(raw) < 9:
        raise BloblangError("unexpected EOF")
    return expanded


def _decompress(algorithm: str) -> Callable[[bytes], bytes]:
    if algorithm == "zstd":
        return _unzstd
    try:
        native = decompressor(algorithm)
    except ComponentError as error:
        raise BloblangError(str(error), annotated=True) from None

    def decompress(target: bytes) -> bytes:
        try:
            return native(target)
        except ComponentError as error:
            raise BloblangError(str(error)) from None

    return decompress


method(
    "compress",
    Param("algorithm", "string", "gzip, pgzip, zlib, flate, snappy, lz4 or zstd."),
    Param("level", "integer", "How hard to try; -1 is the algorithm's own choice.", default=-1),
    target="octets",
    bare=True,
    constructor=True,
    category=ENCODING,
    receives=TEXT,
    summary="Compress a text or bytes.",
    examples=[
        Example(
            "",
            'let long_content = range(0, 1000).map_each(content()).join(" ")\n'
            "root.a_len = $long_content.length()\n"
            'root.b_len = $long_content.compress("gzip").length() < $long_content.length()',
            ("hello world this is some content", '{"a_len":32999,"b_len":true}'),
        ),
        Example(
            "",
            'root.compressed = content().compress("lz4").encode("base64")',
            (
                "hello world I love space",
                '{"compressed":"BCJNGGRwuRgAAIBoZWxsbyB3b3JsZCBJIGxvdmUgc3BhY2UAAAAAGoETLg=="}',
            ),
        ),
    ],
)(_compress)
method(
    "decompress",
    Param("algorithm", "string", "gzip, pgzip, zlib, bzip2, flate, snappy, lz4 or zstd."),
    target="octets",
    bare=True,
    constructor=True,
    category=ENCODING,
    receives=TEXT,
    summary="Decompress bytes.",
    examples=[
        Example(
            "",
            'root = this.compressed.decode("base64").decompress("lz4")',
            (
                '{"compressed":"BCJNGGRwuRgAAIBoZWxsbyB3b3JsZCBJIGxvdmUgc3BhY2UAAAAAGoETLg=="}',
                "hello world I love space",
            ),
        )
    ],
)(_decompress)
