"""MessagePack, written with numbers in full width as the reference does, and read by the whole table."""

from __future__ import annotations

import struct
from typing import Any

from headwater.bloblang.errors import BloblangError
from headwater.bloblang.targets import bounded_array
from headwater.bloblang.values import Float32, Timestamp, UInt64, decode_text, encode_text, is_number, number

_DEEPEST = 500
_FIXED = {
    0xCA: ">f",
    0xCB: ">d",
    0xCC: ">B",
    0xCD: ">H",
    0xCE: ">I",
    0xCF: ">Q",
    0xD0: ">b",
    0xD1: ">h",
    0xD2: ">i",
    0xD3: ">q",
}
_SIZES = {
    0xC4: 1,
    0xC5: 2,
    0xC6: 4,
    0xD9: 1,
    0xDA: 2,
    0xDB: 4,
    0xDC: 2,
    0xDD: 4,
    0xDE: 2,
    0xDF: 4,
    0xC7: 1,
    0xC8: 2,
    0xC9: 4,
}
_FIXED_EXTENSIONS = {0xD4: 1, 0xD5: 2, 0xD6: 4, 0xD7: 8, 0xD8: 16}
_TIMESTAMP = 255


def pack(value: Any) -> bytes:
    """A value as a MessagePack message.

    Raises:
        BloblangError: It is nested too deeply.
    """
    out = bytearray()
    _pack(value, out, 0)
    return bytes(out)


def _pack(value: Any, out: bytearray, depth: int) -> None:
    if depth > _DEEPEST:
        raise BloblangError("msgpack: value is nested too deeply")
    kind = type(value)
    if value is True or value is False:
        out.append(0xC3 if value else 0xC2)
    elif kind is str:
        raw = encode_text(value)
        _head(out, len(raw), 0xA0, 32, (0xD9, 0xDA, 0xDB))
        out += raw
    elif kind is bytes:
        _head(out, len(value), 0, 0, (0xC4, 0xC5, 0xC6))
        out += value
    elif kind is list:
        _head(out, len(value), 0x90, 16, (None, 0xDC, 0xDD))
        for item in value:
            _pack(item, out, depth + 1)
    elif kind is dict:
        _head(out, len(value), 0x80, 16, (None, 0xDE, 0xDF))
        for key in sorted(value, key=encode_text):
            _pack(key, out, depth + 1)
            _pack(value[key], out, depth + 1)
    elif kind is Timestamp:
        _pack_time(value, out)
    elif is_number(value):
        _pack_number(value, out)
    else:
        out.append(0xC0)


def _pack_number(value: Any, out: bytearray) -> None:
    if type(value) is Float32:
        out += b"\xca" + struct.pack(">f", value)
        return
    plain = number(value)
    if type(plain) is UInt64:
        out += b"\xcf" + struct.pack(">Q", plain)
    elif type(plain) is float:
        out += b"\xcb" + struct.pack(">d", plain)
    else:
        out += b"\xd3" + struct.pack(">q", plain)


def _pack_time(value: Timestamp, out: bytearray) -> None:
    seconds, nanoseconds = divmod(value.nanoseconds, 1_000_000_000)
    if 0 <= seconds < 1 << 34:
        packed = nanoseconds << 34 | seconds
        if packed < 1 << 32:
            out += b"\xd6\xff" + packed.to_bytes(4, "big")
        else:
            out += b"\xd7\xff" + packed.to_bytes(8, "big")
    else:
        out += b"\xc7\x0c\xff" + nanoseconds.to_bytes(4, "big") + (seconds & (1 << 64) - 1).to_bytes(8, "big")


def _head(out: bytearray, size: int, fixed: int, below: int, codes: tuple[int | None, int, int]) -> None:
    if size < below:
        out.append(fixed | size)
    elif codes[0] is not None and size < 1 << 8:
        out += bytes((codes[0], size))
    elif size < 1 << 16:
        out.append(codes[1])
        out += size.to_bytes(2, "big")
    else:
        out.append(codes[2])
        out += size.to_bytes(4, "big")


def unpack(raw: bytes) -> Any:
    """The first value of a MessagePack message.

    Raises:
        BloblangError: It is none, or nested too deeply.
    """
    return _Unpacker(raw).value(0)


class _Unpacker:
    """Reads values from the front of bytes."""

    __slots__ = ("at", "raw")

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.at = 0

    def take(self, size: int) -> bytes:
        if self.at + size > len(self.raw):
            raise BloblangError("EOF" if self.at >= len(self.raw) else "unexpected EOF")
        piece = self.raw[self.at : self.at + size]
        self.at += size
        return piece

    def size(self, width: int) -> int:
        return int.from_bytes(self.take(width), "big")

    def value(self, depth: int) -> Any:
        if depth > _DEEPEST:
            raise BloblangError("msgpack: value is nested too deeply")
        code = self.take(1)[0]
        if code < 0x80:
            return code
        if code >= 0xE0:
            return code - 256
        if code < 0x90:
            return self._map(code & 0x0F, depth)
        if code < 0xA0:
            return self._array(code & 0x0F, depth)
        if code < 0xC0:
            return decode_text(self.take(code & 0x1F))
        if code == 0xC0:
            return None
        if code in (0xC2, 0xC3):
            return code == 0xC3
        form = _FIXED.get(code)
        if form is not None:
            found = struct.unpack(form, self.take(struct.calcsize(form)))[0]
            return UInt64(found) if form == ">Q" else Float32(found) if form == ">f" else found
        if code in _FIXED_EXTENSIONS:
            return self._extension(_FIXED_EXTENSIONS[code])
        if code not in _SIZES:
            raise BloblangError(f"msgpack: unknown code {code:x} decoding interface{{}}")
        size = self.size(_SIZES[code])
        if code <= 0xC6:
            return self.take(size)
        if code <= 0xC9:
            return self._extension(size)
        if code <= 0xDB:
            return decode_text(self.take(size))
        return self._array(size, depth) if code <= 0xDD else self._map(size, depth)

    def _array(self, size: int, depth: int) -> list[Any]:
        bounded_array(size)
        return [self.value(depth + 1) for _ in range(size)]

    def _map(self, size: int, depth: int) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for _ in range(size):
            code = self.raw[self.at] if self.at < len(self.raw) else None
            key = self.value(depth + 1)
            if type(key) is bytes:
                key = decode_text(key)
            if type(key) is not str:
                raise BloblangError(f"msgpack: invalid code={code:x} decoding string/bytes length")
            result[key] = self.value(depth + 1)
        return result

    def _extension(self, size: int) -> Any:
        kind = self.take(1)[0]
        body = self.take(size)
        if kind != _TIMESTAMP or size not in (4, 8, 12):
            raise BloblangError(f"msgpack: unknown ext id={kind - 256 if kind > 127 else kind}")
        if size == 4:
            return Timestamp(int.from_bytes(body, "big") * 1_000_000_000)
        if size == 8:
            packed = int.from_bytes(body, "big")
            return Timestamp((packed & (1 << 34) - 1) * 1_000_000_000 + (packed >> 34))
        seconds = int.from_bytes(body[4:], "big", signed=True)
        return Timestamp(seconds * 1_000_000_000 + int.from_bytes(body[:4], "big"))
