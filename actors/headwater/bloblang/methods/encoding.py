"""Bytes as text and back: base64, hexadecimal, ascii85, Z85."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable

from headwater.bloblang.errors import BloblangError
from headwater.bloblang.registry import Example, Param, method
from headwater.bloblang.targets import ENCODING, STRING_OR_BYTES
from headwater.bloblang.values import encode_text

_Z85 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
_Z85_DIGITS = {ord(char): index for index, char in enumerate(_Z85)}
_STANDARD = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
_URL = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
_SCHEME = Param("scheme", "string", "base64, base64url, base64rawurl, hex, ascii85 or z85.")


def _unrecognized(scheme: str) -> BloblangError:
    return BloblangError(f"unrecognized encoding type: {scheme}", annotated=True)


def _z85_encode(raw: bytes) -> str:
    if len(raw) % 4:
        raise BloblangError("z85: wrongly aligned input data")
    out: list[str] = []
    for at in range(0, len(raw), 4):
        value = int.from_bytes(raw[at : at + 4], "big")
        out.append("".join(_Z85[value // power % 85] for power in (52_200_625, 614_125, 7225, 85, 1)))
    return "".join(out)


def _z85_decode(raw: bytes) -> bytes:
    if len(raw) % 5:
        raise BloblangError("z85: wrongly aligned input data")
    out = bytearray()
    for at in range(0, len(raw), 5):
        value = 0
        for byte in raw[at : at + 5]:
            digit = _Z85_DIGITS.get(byte)
            if digit is None:
                raise BloblangError(f"z85: invalid input byte: {_shown(byte)}")
            value = value * 85 + digit
        out += (value & 0xFFFFFFFF).to_bytes(4, "big")
    return bytes(out)


def _shown(byte: int) -> str:
    char = chr(byte)
    return f"U+{byte:04X} '{char}'" if char.isprintable() else f"U+{byte:04X}"


_ENCODERS: dict[str, Callable[[bytes], str]] = {
    "base64": lambda raw: base64.b64encode(raw).decode(),
    "base64url": lambda raw: base64.urlsafe_b64encode(raw).decode(),
    "base64rawurl": lambda raw: base64.urlsafe_b64encode(raw).rstrip(b"=").decode(),
    "hex": bytes.hex,
    "ascii85": lambda raw: base64.a85encode(raw).decode(),
    "z85": _z85_encode,
}


def _base64_decoder(alphabet: frozenset[int], padded: bool) -> Callable[[bytes], bytes]:
    def decode(raw: bytes) -> bytes:
        if b"\n" in raw or b"\r" in raw:
            raw = raw.replace(b"\n", b"").replace(b"\r", b"")
        body = raw.rstrip(b"=") if padded else raw
        if not alphabet.issuperset(body) or len(body) % 4 == 1 or (padded and len(raw) % 4) or len(raw) - len(body) > 2:
            raise _broken_base64(raw, alphabet, padded)
        if padded and len(raw) != len(body) and (len(raw) - len(body)) != -len(body) % 4:
            raise _broken_base64(raw, alphabet, padded)
        if alphabet is _URL:
            body = body.translate(bytes.maketrans(b"-_", b"+/"))
        return binascii.a2b_base64(body + b"=" * (-len(body) % 4))

    return decode


def _broken_base64(raw: bytes, alphabet: frozenset[int], padded: bool) -> BloblangError:
    """Where data stops to be base64: quanta of four characters are read one after the other."""
    whole = len(raw) // 4 * 4
    at = 0
    while at < whole:
        for place in range(4):
            byte = raw[at + place]
            if byte in alphabet:
                continue
            if byte != 0x3D or not padded or place < 2:
                return _corrupt(at + place)
            if place == 2 and raw[at + 3] != 0x3D:
                return _corrupt(at + 3)
            if at + 4 < whole:
                return _corrupt(at + 4)
            break
        at += 4
    if padded or whole == len(raw):
        return BloblangError("unexpected EOF")
    for place, byte in enumerate(raw[whole:]):
        if byte not in alphabet:
            return _corrupt(place)
    return _corrupt(0)


def _corrupt(at: int) -> BloblangError:
    return BloblangError(f"illegal base64 data at input byte {at}")


def _hex_decode(raw: bytes) -> bytes:
    try:
        return bytes.fromhex(raw.decode("ascii")) if not any(b < 0x21 for b in raw) else _broken_hex(raw)
    except (UnicodeDecodeError, ValueError):
        return _broken_hex(raw)


def _broken_hex(raw: bytes) -> bytes:
    for byte in raw:
        if byte not in b"0123456789abcdefABCDEF":
            raise BloblangError(f"encoding/hex: invalid byte: {_shown(byte)}")
    raise BloblangError("unexpected EOF")


def _ascii85_decode(raw: bytes) -> bytes:
    out = bytearray()
    value = count = 0
    for at, byte in enumerate(raw):
        if byte <= 0x20:
            continue
        if byte == 0x7A and count == 0:
            out += b"\0\0\0\0"
            continue
        if not 0x21 <= byte <= 0x75:
            raise BloblangError(f"illegal ascii85 data at input byte {at}")
        value = (value * 85 + byte - 0x21) & 0xFFFFFFFF
        count += 1
        if count == 5:
            out += value.to_bytes(4, "big")
            value = count = 0
    if count == 1:
        raise BloblangError(f"illegal ascii85 data at input byte {len(raw)}")
    if count:
        for _ in range(5 - count):
            value = (value * 85 + 84) & 0xFFFFFFFF
        out += value.to_bytes(4, "big")[: count - 1]
    return bytes(out)


_DECODERS: dict[str, Callable[[bytes], bytes]] = {
    "base64": _base64_decoder(_STANDARD, True),
    "base64url": _base64_decoder(_URL, True),
    "base64rawurl": _base64_decoder(_URL, False),
    "hex": _hex_decode,
    "ascii85": _ascii85_decode,
    "z85": _z85_decode,
}


def _raw(target: str | bytes) -> bytes:
    return target if type(target) is bytes else encode_text(target)  # type: ignore[arg-type]


def _encode(scheme: str) -> Callable[[str | bytes], str]:
    encoder = _ENCODERS.get(scheme)
    if encoder is None:
        raise _unrecognized(scheme)
    return lambda target: encoder(_raw(target))


def _decode(scheme: str) -> Callable[[str | bytes], bytes]:
    decoder = _DECODERS.get(scheme)
    if decoder is None:
        raise _unrecognized(scheme)
    return lambda target: decoder(_raw(target))


method(
    "encode",
    _SCHEME,
    target="stringish",
    constructor=True,
    category=ENCODING,
    receives=STRING_OR_BYTES,
    summary="Write bytes as text by a scheme.",
    examples=[
        Example(
            "",
            'root.encoded = this.value.encode("hex")',
            ('{"value":"hello world"}', '{"encoded":"68656c6c6f20776f726c64"}'),
        )
    ],
)(_encode)
method(
    "decode",
    _SCHEME,
    target="stringish",
    constructor=True,
    category=ENCODING,
    receives=STRING_OR_BYTES,
    summary="The bytes that a text stands for by a scheme.",
    examples=[
        Example(
            "",
            'root.decoded = this.value.decode("hex").string()',
            ('{"value":"68656c6c6f20776f726c64"}', '{"decoded":"hello world"}'),
        )
    ],
)(_decode)
