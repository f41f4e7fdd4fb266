"""Documents and their JSON: exact numbers, sorted keys, the reference's words for what is not JSON.

Integers of any size stay exact; a float stays the text that it was written as (`orjson.Fragment`) until somebody
calculates with it, so it is written back unchanged.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, Final

import msgspec
import orjson

from headwater.errors import DocumentError

_decoder: Final = msgspec.json.Decoder(float_hook=orjson.Fragment)
fast_decode: Final = _decoder.decode
"""Decodes well-formed JSON without a negative zero; anything else raises or is inexact: see `decode_document`."""
_OPTIONS: Final = orjson.OPT_SORT_KEYS
_MAX_DEPTH: Final = 10_000

_negative_zero: Final = re.compile(rb"-0(?=[,\]} \t\r\n]|$)").search
_MINUS: Final = 45  # looking for a number in bytes takes 20 ns, looking for bytes in bytes 300
_ESCAPED_SURROGATE = re.compile(r"[\ud800-\udfff]")


def fragment(text: str) -> orjson.Fragment:
    """A number that is written as this text."""
    return orjson.Fragment(text.encode("ascii"))


def decode_document(raw: bytes | None) -> Any:
    """Parse a JSON payload.

    Raises:
        DocumentError: It is no JSON document, or there is none; the text is the reference's.
    """
    if not raw:
        raise DocumentError("message is empty")
    try:
        return decode_signed(raw) if _MINUS in raw else _decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _decode_carefully(raw)


def decode_signed(raw: bytes) -> Any:
    """Decode JSON that has a minus sign somewhere; raises what the fast decoder raises where it is none."""
    # Hot path for all documents with dates or negative numbers. The fast decoder makes 0 of a negative zero.
    return _decoder.decode(raw) if _negative_zero(raw) is None else _decode_exact(raw)


def decode_textual(raw: bytes | None) -> Any:
    """Parse a JSON payload; integers are marked as textual numbers.

    Raises:
        DocumentError: As `decode_document`.
    """
    from headwater.bloblang.values import DocumentInt

    decode_document(raw)
    assert raw is not None
    return _load(raw, lambda text: fragment(text) if text == "-0" or len(text) > 4000 else DocumentInt(text))


def _integer(text: str) -> int | orjson.Fragment:
    try:
        return int(text)
    except ValueError:  # The interpreter's limit on digits: the number stays text.
        return fragment(text)


def _load(raw: bytes, integers: Any) -> Any:
    # Undecodable bytes become U+FFFD each, as do surrogates without a partner.
    text = raw.decode("utf-8", "surrogateescape")
    text = _ESCAPED_SURROGATE.sub("\ufffd", text)
    try:
        document = json.loads(text, parse_float=fragment, parse_int=integers)
    except RecursionError:
        raise DocumentError("exceeded max depth") from None
    except ValueError as error:
        raise DocumentError(json_problem(raw) or str(error)) from None
    return _mended(document) if "\\u" in text else document


def _decode_exact(raw: bytes) -> Any:
    _decoder.decode(raw)
    return _load(raw, lambda text: fragment(text) if text == "-0" else _integer(text))


def _decode_carefully(raw: bytes) -> Any:
    problem = json_problem(raw)
    if problem is not None:
        raise DocumentError(problem)
    return _load(raw, lambda text: fragment(text) if text == "-0" else _integer(text))


def _mended(value: Any) -> Any:
    kind = type(value)
    if kind is str:
        return _ESCAPED_SURROGATE.sub("\ufffd", value)
    if kind is dict:
        return {_mended(key): _mended(item) for key, item in value.items()}
    if kind is list:
        return [_mended(item) for item in value]
    return value


def encode_default(value: Any) -> Any:
    """What the fast encoder writes of the values that it does not know; raises for what JSON does not know."""
    if type(value) is bytes:
        import base64

        return base64.b64encode(value).decode()
    from headwater.bloblang.values import json_text

    return orjson.Fragment(json_text(value, escape_html=False).encode())


def separators(encoded: bytes) -> bytes:
    """JSON with the two line separators of Unicode escaped, as the reference escapes them."""
    if b"\xe2\x80" not in encoded:
        return encoded
    return encoded.replace(b"\xe2\x80\xa8", b"\\u2028").replace(b"\xe2\x80\xa9", b"\\u2029")


def encode_document(document: Any) -> bytes:
    """Serialise a document as compact JSON with sorted keys; empty where it holds what JSON cannot."""
    try:
        if doubtful((document,)):
            return _encode_carefully(document)
        encoded = orjson.dumps(document, encode_default, _OPTIONS)
    except Exception:
        return _encode_carefully(document)
    return encoded if encoded.isascii() else separators(encoded)


# HOT: a look at the values takes a third of the time of a search in what was written
def doubtful(items: Iterable[Any]) -> bool:
    """Whether there is a float among some values that the fast encoder writes otherwise than the reference: a whole
    one, one with an exponent, one that is no number."""
    for item in items:
        kind = type(item)
        if kind is str or kind is int:
            continue
        if kind is dict:
            if doubtful(item.values()):
                return True
        elif kind is list:
            if doubtful(item):
                return True
        elif kind is float:
            if item.is_integer() or not 1e-5 <= abs(item) < 1e16:
                return True
        elif isinstance(item, (dict, list)):
            return True
    return False


def _encode_carefully(document: Any) -> bytes:
    from headwater.bloblang.errors import BloblangError
    from headwater.bloblang.values import json_text

    try:
        return json_text(document, escape_html=False).encode()
    except BloblangError:
        return b""


# Words ---------------------------------------------------------------------------------------------------------------

_SPACE = b" \t\r\n"
_LITERALS = {ord("t"): b"true", ord("f"): b"false", ord("n"): b"null"}


def quoted_byte(code: int) -> str:
    """A byte as the reference's decoder quotes it in errors."""
    if code == 0x27:
        return "'\\''"
    if code == 0x22:
        return "'\"'"
    named = {7: "\\a", 8: "\\b", 12: "\\f", 10: "\\n", 13: "\\r", 9: "\\t", 11: "\\v", 92: "\\\\"}.get(code)
    if named:
        return f"'{named}'"
    if code < 0x20 or code == 0x7F:
        return f"'\\x{code:02x}'"
    if 0x80 <= code < 0xA0 or code == 0xAD:
        return f"'\\u{code:04x}'"
    return f"'{chr(code)}'"


class _Scan:
    """Reads JSON by the reference's grammar, to find its words for what is wrong."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.at = 0

    def bad(self, context: str) -> DocumentError:
        return DocumentError(f"invalid character {quoted_byte(self.raw[self.at])} {context}")

    def next(self) -> int:
        if self.at >= len(self.raw):
            raise DocumentError("unexpected EOF")
        return self.raw[self.at]

    def blanks(self) -> None:
        raw, at = self.raw, self.at
        while at < len(raw) and raw[at] in _SPACE:
            at += 1
        self.at = at

    def document(self) -> None:
        """One value, without recursion: a stack of the containers that are open."""
        stack: list[int] = []
        while True:
            self.blanks()
            code = self.next()
            if code in b"{[":
                self.at += 1
                self.blanks()
                if self.next() == code + 2:
                    self.at += 1
                else:
                    if len(stack) >= _MAX_DEPTH:
                        raise DocumentError("exceeded max depth")
                    stack.append(code)
                    if code == ord("{"):
                        self.key()
                    continue
            else:
                self.scalar(code)
            while stack:
                self.blanks()
                code = self.next()
                if code == ord(","):
                    self.at += 1
                    if stack[-1] == ord("{"):
                        self.blanks()
                        self.next()
                        self.key()
                    break
                if code != stack[-1] + 2:
                    where = "object key:value pair" if stack[-1] == ord("{") else "array element"
                    raise self.bad(f"after {where}")
                self.at += 1
                stack.pop()
            else:
                return

    def key(self) -> None:
        if self.next() != 0x22:
            raise self.bad("looking for beginning of object key string")
        self.string()
        self.blanks()
        if self.next() != ord(":"):
            raise self.bad("after object key")
        self.at += 1

    def string(self) -> None:
        self.at += 1
        raw = self.raw
        while True:
            code = self.next()
            if code == 0x22:
                self.at += 1
                return
            if code < 0x20:
                raise self.bad("in string literal")
            self.at += 1
            if code == 0x5C:
                code = self.next()
                if code == ord("u"):
                    self.at += 1
                    for _ in range(4):
                        if self.next() not in b"0123456789abcdefABCDEF":
                            raise self.bad("in \\u hexadecimal character escape")
                        self.at += 1
                elif code in b'"\\/bfnrt':
                    self.at += 1
                else:
                    raise self.bad("in string escape code")
            elif self.at < len(raw):
                found = raw.find(b'"', self.at)
                plain = raw[self.at : found if found >= 0 else len(raw)]
                if plain and plain.isalnum():
                    self.at += len(plain)

    def scalar(self, code: int) -> None:
        if code == 0x22:
            self.string()
        elif code in _LITERALS:
            word = _LITERALS[code]
            for expected in word[1:]:
                self.at += 1
                if self.next() != expected:
                    raise self.bad(f"in literal {word.decode()} (expecting {quoted_byte(expected)})")
            self.at += 1
        elif code == ord("-") or 0x30 <= code <= 0x39:
            self.number(code)
        else:
            raise self.bad("looking for beginning of value")

    def digits(self) -> None:
        while self.at < len(self.raw) and 0x30 <= self.raw[self.at] <= 0x39:
            self.at += 1

    def number(self, code: int) -> None:
        if code == ord("-"):
            self.at += 1
            code = self.next()
            if not 0x30 <= code <= 0x39:
                raise self.bad("in numeric literal")
        self.at += 1
        if code != 0x30:
            self.digits()
        if self.at < len(self.raw) and self.raw[self.at] == ord("."):
            self.at += 1
            if not 0x30 <= self.next() <= 0x39:
                raise self.bad("after decimal point in numeric literal")
            self.digits()
        if self.at < len(self.raw) and self.raw[self.at] in b"eE":
            self.at += 1
            if self.next() in b"+-":
                self.at += 1
            if not 0x30 <= self.next() <= 0x39:
                raise self.bad("in exponent of numeric literal")
            self.digits()


def json_problem(raw: bytes, trailing: bool = False) -> str | None:
    """The reference's words for why a text is no JSON document, or None where it is one.

    Args:
        raw: The text.
        trailing: Whether anything may follow the document.
    """
    scan = _Scan(raw)
    scan.blanks()
    if scan.at == len(raw):
        return "EOF"
    try:
        scan.document()
        if trailing:
            return None
        scan.blanks()
        if scan.at == len(raw):
            return None
        scan.document()
        scan.blanks()
        if scan.at < len(raw):
            scan.document()  # whatever follows two documents is looked at too
    except DocumentError as error:
        return str(error)
    return "message contains multiple valid documents"
