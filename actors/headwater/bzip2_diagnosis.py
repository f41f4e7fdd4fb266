"""What is wrong with bzip2 data, in the words of Go's reader.

The C library only says that data is invalid. This reads the beginning of the first block, up to the tables, as the
format describes it; what is wrong further behind is reported as one general failure.
"""

from __future__ import annotations

from typing import Final

_BLOCK: Final = 0x314159265359
_END: Final = 0x177245385090
_LONGEST_CODE: Final = 20
_PREFIX: Final = "bzip2 data invalid: "


class _Bits:
    """Bits from the front of bytes."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self.left = len(data) * 8

    def take(self, count: int) -> int:
        if count > self.left:
            raise EOFError
        self.left -= count
        return (self._value >> self.left) & ((1 << count) - 1)


def diagnose(data: bytes) -> str:
    """The words for data that cannot be decompressed."""
    try:
        return _PREFIX + _header(_Bits(data[: 64 * 1024]))
    except EOFError:
        return "unexpected EOF"


def _header(bits: _Bits) -> str:
    if bits.take(16) != 0x425A:
        return "bad magic value"
    if bits.take(8) != ord("h"):
        return "non-Huffman entropy encoding"
    if not ord("1") <= bits.take(8) <= ord("9"):
        return "invalid compression level"
    magic = bits.take(48)
    if magic == _END:
        return "checksum mismatch"
    if magic != _BLOCK:
        return "bad magic value found"
    return _block(bits)


def _block(bits: _Bits) -> str:
    bits.take(32)
    if bits.take(1):
        return "deprecated randomized files"
    bits.take(24)
    ranges = bits.take(16)
    symbols = sum(bits.take(16).bit_count() for place in range(16) if ranges >> (15 - place) & 1)
    if symbols == 0:
        return "no symbols in input"
    trees = bits.take(3)
    if not 2 <= trees <= 6:
        return "invalid number of Huffman trees"
    for _ in range(bits.take(15)):
        chosen = 0
        while bits.take(1):
            chosen += 1
        if chosen >= trees:
            return "tree index too large"
    for _ in range(trees):
        length = bits.take(5)
        for _ in range(symbols + 2):
            while True:
                if not 1 <= length <= _LONGEST_CODE:
                    return "Huffman length out of range"
                if not bits.take(1):
                    break
                length += -1 if bits.take(1) else 1
    return "checksum mismatch"
