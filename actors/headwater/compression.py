"""Compression of whole payloads, bounded: what a few bytes expand to is no more than `MAX_EXPANDED`.

Error texts are those of the Go libraries that users of Benthos know.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any, Final

from headwater.errors import ComponentError

MAX_EXPANDED: Final = 256 * 1024 * 1024
"""Most bytes that one payload may expand to."""

_HUFFMAN_ONLY: Final = -2
_STATELESS: Final = -3
_BEST: Final = 9
_STEP: Final = 1024 * 1024

Compress = Callable[[bytes, int], bytes]
Decompress = Callable[[bytes], bytes]


class CompressionError(ComponentError):
    """A payload cannot be compressed or decompressed."""

    kind = "data"


def too_large() -> CompressionError:
    """The failure of what would expand beyond all measure."""
    return CompressionError(f"decompressed data exceeds the limit of {MAX_EXPANDED} bytes")


def compressor(algorithm: str) -> Compress:
    """How payloads are compressed: a function of the payload and the level.

    Raises:
        CompressionError: There is no such algorithm.
    """
    found = _COMPRESSORS.get(algorithm)
    if found is None:
        raise CompressionError(f"compression type not recognised: {algorithm}")
    return found


def decompressor(algorithm: str) -> Decompress:
    """How payloads are decompressed.

    Raises:
        CompressionError: There is no such algorithm.
    """
    found = _DECOMPRESSORS.get(algorithm)
    if found is None:
        raise CompressionError(f"compression type not recognised: {algorithm}")
    return found


def _deflater(level: int, wbits: int) -> Any:
    if level == _HUFFMAN_ONLY:
        return zlib.compressobj(-1, zlib.DEFLATED, wbits, zlib.DEF_MEM_LEVEL, zlib.Z_HUFFMAN_ONLY)
    return zlib.compressobj(1 if level == _STATELESS else level, zlib.DEFLATED, wbits)


def _deflate(wbits: int, complaint: str) -> Compress:
    def compress(data: bytes, level: int) -> bytes:
        if not _STATELESS <= level <= _BEST:
            raise CompressionError(complaint.format(level))
        deflater = _deflater(level, wbits)
        compressed: bytes = deflater.compress(data) + deflater.flush()
        return compressed

    return compress


def _inflate_all(inflater: Any, data: bytes) -> bytes:
    """What a decompressor makes of `data`; its leftovers stay in it."""
    expanded = inflater.decompress(data, MAX_EXPANDED + 1)
    if len(expanded) > MAX_EXPANDED:
        raise too_large()
    result: bytes = expanded
    return result


def _gunzip(data: bytes) -> bytes:
    if not data:
        raise CompressionError("EOF")
    results: list[bytes] = []
    total = 0
    while data:
        if len(data) < 10:
            raise CompressionError("unexpected EOF")
        if data[:3] != b"\x1f\x8b\x08":
            raise CompressionError("gzip: invalid header")
        inflater = zlib.decompressobj(16 + zlib.MAX_WBITS)
        try:
            expanded = _inflate_all(inflater, data)
        except zlib.error as error:
            text = str(error)
            if "header" in text or "compression method" in text or "flags" in text:
                raise CompressionError("gzip: invalid header") from None
            if "check" in text:
                raise CompressionError("gzip: invalid checksum") from None
            raise CompressionError(_corrupt(data, _gzip_header_size(data))) from None
        if not inflater.eof:
            raise CompressionError("unexpected EOF")
        total += len(expanded)
        if total > MAX_EXPANDED:
            raise too_large()
        results.append(expanded)
        data = inflater.unused_data
    return results[0] if len(results) == 1 else b"".join(results)


def _gzip_header_size(data: bytes) -> int:
    """Where the deflated data of a gzip member begins."""
    flags = data[3]
    place = 10
    if flags & 4:
        place += 2 + int.from_bytes(data[place : place + 2], "little")
    for flag in (8, 16):
        if flags & flag:
            end = data.find(b"\0", place)
            place = len(data) if end < 0 else end + 1
    return place + 2 if flags & 2 else place


def _zlib_decompress(data: bytes) -> bytes:
    if len(data) < 2:
        raise CompressionError("unexpected EOF" if data else "EOF")
    if data[0] & 0x0F != 8 or data[0] >> 4 > 7 or (data[0] << 8 | data[1]) % 31:
        raise CompressionError("zlib: invalid header")
    if data[1] & 0x20:
        raise CompressionError("zlib: invalid dictionary")
    inflater = zlib.decompressobj()
    try:
        expanded = _inflate_all(inflater, data)
    except zlib.error as error:
        if "check" in str(error):
            raise CompressionError("zlib: invalid checksum") from None
        raise CompressionError(_corrupt(data, 2)) from None
    if not inflater.eof:
        raise CompressionError("unexpected EOF")
    return expanded


def _inflate(data: bytes) -> bytes:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        expanded = _inflate_all(inflater, data)
    except zlib.error:
        raise CompressionError(_corrupt(data, 0)) from None
    if not inflater.eof:
        raise CompressionError("unexpected EOF")
    return expanded


def _corrupt(data: bytes, start: int) -> str:
    """The words for deflated data that makes no sense, with the bytes that were read until that was seen.

    zlib does not tell where it stopped, so the data is fed byte by byte until it complains again.
    """
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    for place in range(start, len(data)):
        try:
            inflater.decompress(data[place : place + 1], _STEP)
        except zlib.error:
            return f"flate: corrupt input before offset {place - start + 1}"
        if inflater.unconsumed_tail:
            break
    return f"flate: corrupt input before offset {len(data) - start}"


def _bunzip2(data: bytes) -> bytes:
    import bz2

    from headwater.bzip2_diagnosis import diagnose

    results: list[bytes] = []
    total = 0
    if not data:
        raise CompressionError("EOF")
    while data:
        if data[:2] != b"BZ":
            if len(data) < 2:
                raise CompressionError("unexpected EOF")
            raise CompressionError("bzip2 data invalid: bad magic value" + (" in continuation file" if results else ""))
        inflater = bz2.BZ2Decompressor()
        try:
            expanded = inflater.decompress(data, MAX_EXPANDED + 1)
        except (OSError, ValueError):
            raise CompressionError(diagnose(data)) from None
        total += len(expanded)
        if total > MAX_EXPANDED:
            raise too_large()
        if not inflater.eof:
            raise CompressionError("unexpected EOF")
        results.append(expanded)
        data = inflater.unused_data
    return results[0] if len(results) == 1 else b"".join(results)


def _snap(data: bytes, level: int) -> bytes:
    import cramjam

    return bytes(cramjam.snappy.compress_raw(data))


def _unsnap(data: bytes) -> bytes:
    import cramjam

    length, shift = 0, 0
    for byte in data[:5]:
        length |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
        shift += 7
    else:
        raise CompressionError("s2: corrupt input")
    if length > MAX_EXPANDED:
        raise too_large()
    try:
        return bytes(cramjam.snappy.decompress_raw(data))
    except cramjam.DecompressionError:
        raise CompressionError("s2: corrupt input") from None


def _lz4_compress(data: bytes, level: int) -> bytes:
    import lz4.frame  # type: ignore[import-untyped]

    if level > _BEST:
        raise CompressionError(f"lz4: invalid compression level: {level}")
    strength = 0 if level <= 0 else min(12, level + 3)
    compressed: bytes = lz4.frame.compress(
        data,
        compression_level=strength,
        block_size=lz4.frame.BLOCKSIZE_MAX4MB,
        content_checksum=True,
        store_size=False,
    )
    return compressed


def _lz4_decompress(data: bytes) -> bytes:
    import lz4.frame

    if not data:
        return b""
    if len(data) < 4:
        raise CompressionError("unexpected EOF")
    results: list[bytes] = []
    total = 0
    while data:
        magic = int.from_bytes(data[:4], "little")
        if 0x184D2A50 <= magic <= 0x184D2A5F:
            data = data[8 + int.from_bytes(data[4:8], "little") :]
            continue
        if magic != 0x184D2204:
            raise CompressionError("lz4: bad magic number")
        inflater = lz4.frame.LZ4FrameDecompressor()
        try:
            expanded = inflater.decompress(data, MAX_EXPANDED + 1)
        except RuntimeError as error:
            raise CompressionError(_lz4_complaint(str(error))) from None
        total += len(expanded)
        if total > MAX_EXPANDED:
            raise too_large()
        if not inflater.eof:
            raise CompressionError("unexpected EOF")
        results.append(expanded)
        data = inflater.unused_data or b""
    return b"".join(results)


def _lz4_complaint(text: str) -> str:
    """The Go library's words for what the C library found."""
    for sign, words in (
        ("contentChecksum", "lz4: invalid frame checksum"),
        ("blockChecksum", "lz4: invalid block checksum"),
        ("headerChecksum", "lz4: invalid header checksum"),
        ("frameType", "lz4: bad magic number"),
        ("maxBlockSize", "lz4: invalid block size"),
    ):
        if sign in text:
            return words
    return "lz4: invalid source or destination buffer too short"


_GZIP = _deflate(16 + zlib.MAX_WBITS, "gzip: invalid compression level: {}")

_COMPRESSORS: Final[dict[str, Compress]] = {
    "gzip": _GZIP,
    "pgzip": _GZIP,
    "zlib": _deflate(zlib.MAX_WBITS, "zlib: invalid compression level: {}"),
    "flate": _deflate(-zlib.MAX_WBITS, "flate: invalid compression level {}: want value in range [-2, 9]"),
    "snappy": _snap,
    "lz4": _lz4_compress,
}

_DECOMPRESSORS: Final[dict[str, Decompress]] = {
    "gzip": _gunzip,
    "pgzip": _gunzip,
    "zlib": _zlib_decompress,
    "flate": _inflate,
    "bzip2": _bunzip2,
    "snappy": _unsnap,
    "lz4": _lz4_decompress,
}
