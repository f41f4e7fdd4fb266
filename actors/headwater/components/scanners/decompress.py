"""Scanner `decompress`: unpacks a stream of bytes before another scanner."""

from __future__ import annotations

import bz2
import zlib
from collections.abc import Callable
from typing import Any, Final, Protocol

from headwater.components.catalogue import component
from headwater.components.contracts import Scan, Scanner
from headwater.components.resources import Resources
from headwater.components.scanning import Chained
from headwater.config.fields import scanner, spec, text
from headwater.config.view import Config
from headwater.errors import ComponentError, ConfigError

SPEC = spec(
    "scanner",
    "decompress",
    text("algorithm", "gzip, pgzip, zlib, bzip2, flate, snappy, lz4 or zstd."),
    scanner("into", "The scanner that gets what was unpacked.", default={"to_the_end": {}}),
    summary="Unpack a compressed stream, and scan what comes out.",
    examples=(
        (
            "Lines of a gzip file",
            "input:\n  file:\n    paths: [ log.gz ]\n    scanner:\n"
            "      decompress: { algorithm: gzip, into: { lines: {} } }\n",
        ),
    ),
)


MOST_AT_ONCE: Final = 128 * 1024 * 1024
"""Bytes that one block of a file or connection may expand to: far more than honest data does, and no harm to memory."""


@component(SPEC)
class DecompressScanner(Scanner):
    """Opens scans of what is compressed."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._algorithm = config.text("algorithm")
        if self._algorithm not in UNPACKERS:
            raise ConfigError(f"compression type not recognised: {self._algorithm}")
        UNPACKERS[self._algorithm]()  # says now where its library is missing
        self._into = resources.build_scanner(config.child("into"))

    def open(self, name: str) -> Scan:
        return decompressing(self._algorithm, self._into.open(name))


class Unpacker(Protocol):
    """Unpacks a stream piece by piece."""

    def unpack(self, data: bytes) -> bytes:
        """What the next bytes unpack to. Raises: ComponentError."""

    def finish(self) -> bytes:
        """The end of the stream. Raises: ComponentError when it ends too early."""


def decompressing(algorithm: str, into: Scan) -> Scan:
    """A scan of compressed bytes that feeds another one."""
    unpacker = UNPACKERS[algorithm]()
    return Chained(unpacker.unpack, unpacker.finish, into)


class _Members:
    """Streams of one library decompressor, one behind the other."""

    def __init__(self, make: Callable[[], Any], name: str, several: bool, errors: tuple[type[Exception], ...]) -> None:
        self._make = make
        self._name = name
        self._several = several
        self._errors = errors
        self._takes_limit = name != "zstd"
        self._current: Any = None
        self._seen = False

    def unpack(self, data: bytes) -> bytes:
        pieces: list[bytes] = []
        while data:
            if self._current is None:
                if self._seen and not self._several:
                    break
                self._current = self._make()
            try:
                piece = self._bounded(data)
            except self._errors as error:
                raise ComponentError(self._text(error), "data") from None
            if len(piece) > MOST_AT_ONCE:
                raise ComponentError(f"{self._name}: a block expands to more than {MOST_AT_ONCE} bytes", "data")
            pieces.append(piece)
            self._seen = True
            if not self._current.eof:
                break
            data = self._current.unused_data or b""
            self._current = None
        return b"".join(pieces)

    def _bounded(self, data: bytes) -> bytes:
        """What a block expands to, or just more of it than there may be."""
        limit = (MOST_AT_ONCE + 1,) if self._takes_limit else ()
        return bytes(self._current.decompress(data, *limit))

    def _text(self, error: Exception) -> str:
        if "header" in str(error):
            return f"{self._name}: invalid header"
        if "check" in str(error).lower() or "crc" in str(error).lower():
            return f"{self._name}: invalid checksum"
        return f"{self._name}: corrupt input: {error}"

    def finish(self) -> bytes:
        if self._current is not None or not self._seen:
            raise ComponentError("unexpected EOF" if self._seen else "EOF", "data")
        return b""


class _Snappy:
    """The framed form of Snappy: chunks of a type, a length and a masked checksum."""

    MAGIC: Final = b"sNaPpY"

    def __init__(self) -> None:
        self._rest = b""
        self._begun = False

    def unpack(self, data: bytes) -> bytes:
        import cramjam

        data = self._rest + data
        if not self._begun and data and data[0] != 0xFF:
            raise ComponentError("snappy: corrupt input", "data")
        pieces: list[bytes] = []
        at = 0
        while len(data) - at >= 4:
            kind = data[at]
            end = at + 4 + int.from_bytes(data[at + 1 : at + 4], "little")
            if end > len(data):
                break
            body = data[at + 4 : end]
            at = end
            if kind == 0xFF:
                if body != self.MAGIC:
                    raise ComponentError("snappy: corrupt input", "data")
                self._begun = True
            elif not self._begun or 0x02 <= kind <= 0x7F:
                raise ComponentError("snappy: corrupt input", "data")
            elif kind == 0x00:
                try:
                    pieces.append(bytes(cramjam.snappy.decompress_raw(body[4:])))
                except cramjam.DecompressionError:
                    raise ComponentError("snappy: corrupt input", "data") from None
            elif kind == 0x01:
                pieces.append(body[4:])
        self._rest = data[at:]
        return b"".join(pieces)

    def finish(self) -> bytes:
        if self._rest or not self._begun:
            raise ComponentError("unexpected EOF" if self._rest else "EOF", "data")
        return b""


class _Lz4:
    """LZ4 frames, one behind the other."""

    def __init__(self) -> None:
        import lz4.frame  # type: ignore[import-untyped]

        self._members = _Members(lz4.frame.LZ4FrameDecompressor, "lz4", True, (RuntimeError, EOFError))
        self.unpack = self._members.unpack
        self.finish = self._members.finish


def _zlib(name: str, bits: int, several: bool) -> Callable[[], Unpacker]:
    return lambda: _Members(lambda: zlib.decompressobj(bits), name, several, (zlib.error,))


def _zstd() -> Unpacker:
    try:
        import zstandard
    except ImportError:
        raise ConfigError("algorithm zstd needs the package zstandard") from None
    return _Members(zstandard.ZstdDecompressor().decompressobj, "zstd", True, (zstandard.ZstdError,))


UNPACKERS: Final[dict[str, Callable[[], Unpacker]]] = {
    "gzip": _zlib("gzip", 31, True),
    "pgzip": _zlib("gzip", 31, True),
    "zlib": _zlib("zlib", 15, False),
    "flate": _zlib("flate", -15, False),
    "bzip2": lambda: _Members(bz2.BZ2Decompressor, "bzip2", True, (OSError, EOFError)),
    "snappy": _Snappy,
    "lz4": _Lz4,
    "zstd": _zstd,
}
"""How each algorithm is unpacked."""
