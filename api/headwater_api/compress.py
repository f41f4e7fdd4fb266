"""Compressed answers for those who accept them."""

from __future__ import annotations

import zlib


def accepts_gzip(accept_encoding: str | None) -> bool:
    """Whether a caller takes gzip."""
    return accept_encoding is not None and "gzip" in accept_encoding


class Gzip:
    """Compresses an answer that comes in pieces; each piece can be read at once by the receiver."""

    def __init__(self) -> None:
        self._compressor = zlib.compressobj(1, zlib.DEFLATED, 31)

    def piece(self, data: bytes) -> bytes:
        """Compress a piece."""
        return self._compressor.compress(data) + self._compressor.flush(zlib.Z_SYNC_FLUSH)

    def end(self) -> bytes:
        """What follows the last piece."""
        return self._compressor.flush()


def gzip(body: bytes) -> bytes:
    """Compress a whole answer."""
    compressor = zlib.compressobj(1, zlib.DEFLATED, 31)
    return compressor.compress(body) + compressor.flush()
