"""The values of Bloblang, and how they turn into one another.

| Bloblang | Python |
|---|---|
| null, bool, string, bytes, array, object | None, bool, str, bytes, list, dict |
| int64 | int |
| uint64, float32 | `UInt64`, `Float32`, where the difference shows |
| float64 | float (may be whole, NaN or infinite) |
| a number written in a document with point or exponent | `orjson.Fragment`, textual until used (`fragment_text`,
`number`) |
| an integer written in a document | int; `DocumentInt` for the few methods that ask for it (``textual=True``) |
| timestamp | `Timestamp` |
| the markers of `deleted()` and `nothing()` | `DELETE`, `NOTHING` |

Text that is not UTF-8 is a str with surrogate escapes (`decode_text`, `encode_text`); Bloblang's text is bytes in
disguise.
Values are shared between messages: nobody ever changes a dict or list that was given to them.
"""

from __future__ import annotations

import base64
import math
from typing import Any, Final

import msgspec
import orjson

from headwater.bloblang.depth import deeper
from headwater.bloblang.errors import BloblangError, TypeMismatch
from headwater.bloblang.floats import Float32 as Float32
from headwater.bloblang.floats import NonFinite as NonFinite
from headwater.bloblang.floats import float_json as float_json
from headwater.bloblang.floats import float_text as float_text
from headwater.bloblang.instants import Timestamp as Timestamp

Fragment = orjson.Fragment
read_float: Final = msgspec.json.Decoder(float).decode
"""The float of a number's text as bytes, in an eighth of the time of `float`; raises where it is beyond all floats."""
Value = Any

INT64_MIN: Final = -(1 << 63)
INT64_MAX: Final = (1 << 63) - 1


class Marker:
    """A result that is no value: `deleted()` or `nothing()`."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name

    def __copy__(self) -> Marker:
        return self

    def __deepcopy__(self, memo: Any) -> Marker:
        return self


DELETE: Final = Marker("delete")
NOTHING: Final = Marker("nothing")


class UInt64(int):
    """An unsigned integer of 64 bits."""

    __slots__ = ()


class HollowArray(list[Any]):
    """An empty array that was written in a mapping, or that an array never became: as text it is null."""

    __slots__ = ()


def hollowed(value: Any) -> Any:
    """A literal whose empty arrays turn into text as null."""
    if type(value) is list:
        return [hollowed(item) for item in value] if value else HollowArray()
    if type(value) is dict:
        return {key: hollowed(item) for key, item in value.items()}
    return value


class DocumentInt(int):
    """An integer as a document wrote it, still textual."""

    __slots__ = ()


# Types ---------------------------------------------------------------------------------------------------------------

_TYPE_NAMES: Final[dict[type, str]] = {
    str: "string",
    bytes: "bytes",
    int: "number",
    float: "number",
    UInt64: "number",
    Float32: "number",
    NonFinite: "number",
    DocumentInt: "number",
    Fragment: "number",
    bool: "bool",
    Timestamp: "timestamp",
    list: "array",
    HollowArray: "array",
    dict: "object",
    type(None): "null",
}
_GO_TYPES: Final[dict[type, str]] = {
    str: "string",
    bytes: "[]uint8",
    int: "int64",
    float: "float64",
    UInt64: "uint64",
    Float32: "float32",
    NonFinite: "float64",
    DocumentInt: "json.Number",
    Fragment: "json.Number",
    bool: "bool",
    Timestamp: "time.Time",
    list: "[]interface {}",
    dict: "map[string]interface {}",
    type(None): "<nil>",
}


def type_name(value: Value) -> str:
    """The name of a value's type, as `type()` and errors give it."""
    name = _TYPE_NAMES.get(type(value))
    if name is not None:
        return name
    return value.name if isinstance(value, Marker) else "unknown"


def go_type_name(value: Value) -> str:
    """The name that the reference's own language has for a value's type; some errors show it."""
    name = _GO_TYPES.get(type(value))
    if name is not None:
        return name
    if isinstance(value, Marker):
        return "value.Delete" if value is DELETE else "value.Nothing"
    return "unknown"


def shown_value(value: Value) -> str:
    """What a type error shows of a value; empty for all but strings, numbers and booleans."""
    kind = type(value)
    if kind is str:
        return f'"{value}"'
    if kind is bool:
        return "true" if value else "false"
    if kind is Fragment or isinstance(value, (int, float)):
        return number_text(value)
    return ""


# Numbers -------------------------------------------------------------------------------------------------------------


def fragment_text(value: Fragment) -> str:
    """The text of a number as a document wrote it."""
    return orjson.dumps(value).decode("ascii")


def parse_number_text(text: str) -> int | float:
    """The number of a JSON number's text: int64 where it is an integer that fits, else float64.

    Raises:
        BloblangError: It is beyond float64.
    """
    if len(text) < 32 and text.lstrip("-").isdigit():
        whole = int(text)
        if INT64_MIN <= whole <= INT64_MAX:
            return whole
    result = float(text)
    if math.isinf(result):
        raise BloblangError(f'strconv.ParseFloat: parsing "{text}": value out of range')
    return result


def is_number(value: Value) -> bool:
    """Whether a value is a number of any kind."""
    return _TYPE_NAMES.get(type(value)) == "number"


def number(value: Value) -> int | float:
    """An int, `UInt64` or float of any number, textual ones included.

    Raises:
        TypeMismatch: It is no number.
        BloblangError: A textual number is beyond float64.
    """
    kind = type(value)
    if kind is int:
        if INT64_MIN <= value <= INT64_MAX:
            return value  # type: ignore[no-any-return]
        return _beyond_int64(value)
    if kind is float or kind is UInt64:
        return value  # type: ignore[no-any-return]
    if kind is Fragment:
        raw = orjson.dumps(value)
        if 46 in raw:  # a point: never an integer
            try:
                return read_float(raw)
            except msgspec.DecodeError:
                pass
        return parse_number_text(raw.decode())
    if kind is DocumentInt:
        return number(int(value))
    if kind is Float32 or kind is NonFinite:
        return float(value)
    raise TypeMismatch(value, "number")


def _beyond_int64(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        raise BloblangError(f'strconv.ParseFloat: parsing "{integer_text(value)}": value out of range') from None


def integer_text(value: int) -> str:
    """Decimal digits of an integer of any size."""
    try:
        return int.__repr__(value)
    except ValueError:  # The interpreter's limit on digits, which guards against quadratic time.
        return _long_digits(value)


def _long_digits(value: int) -> str:
    # Halved until the pieces are below the interpreter's limit.
    if value < 0:
        return "-" + _long_digits(-value)
    if value.bit_length() < 8192:
        return int.__repr__(value)
    half = int(value.bit_length() * 0.30103) // 2
    high, low = divmod(value, 10**half)
    return _long_digits(high) + _long_digits(low).rjust(half, "0")


def wrap_int64(value: int) -> int:
    """The integer that 64 bits hold of a larger one."""
    return (value + (1 << 63)) % (1 << 64) - (1 << 63)


def integer(value: Value) -> int:
    """An integer of any number, floats truncated.

    Raises:
        TypeMismatch: It is no number.
    """
    result = number(value)
    if type(result) is float:
        return truncated(result)
    return wrap_int64(result) if type(result) is UInt64 else int(result)


def truncated(value: float) -> int:
    """int64 of a float as the reference's processors make it: out of range gives the smallest."""
    if value != value or math.isinf(value):
        return INT64_MIN
    result = int(value)
    return result if INT64_MIN <= result <= INT64_MAX else INT64_MIN


def number_text(value: Value) -> str:
    """A number of any kind as `.string()` gives it."""
    kind = type(value)
    if kind is Float32:
        return "null" if value != value or math.isinf(value) else float_json(value)
    if isinstance(value, float):
        return float_text(value)
    if kind is Fragment:
        return fragment_text(value)
    return integer_text(value)


# Text ----------------------------------------------------------------------------------------------------------------


def decode_text(raw: bytes) -> str:
    """Text of bytes; what is not UTF-8 is kept by surrogate escapes."""
    return raw.decode("utf-8", "surrogateescape")


def encode_text(text: str) -> bytes:
    """Bytes of text, the reverse of `decode_text`."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogateescape")


def to_text(value: Value) -> str:
    """A value as `.string()` and interpolation give it; null where it holds what JSON cannot."""
    kind = type(value)
    if kind is str:
        return value  # type: ignore[no-any-return]
    if kind is bytes:
        return decode_text(value)
    if kind is bool:
        return "true" if value else "false"
    if value is None:
        return "null"
    if kind is list or kind is dict:
        try:
            return json_text(value)
        except BloblangError:
            return "null"
    if kind is Timestamp:
        return value.text()  # type: ignore[no-any-return]
    return "null" if isinstance(value, (Marker, HollowArray)) else number_text(value)


def to_bytes(value: Value) -> bytes:
    """A value as `.bytes()` gives it."""
    return value if type(value) is bytes else encode_text(to_text(value))


def get_text(value: Value) -> str:
    """The text of a string or bytes.

    Raises:
        TypeMismatch: It is neither.
    """
    kind = type(value)
    if kind is str:
        return value  # type: ignore[no-any-return]
    if kind is bytes:
        return decode_text(value)
    raise TypeMismatch(value, "string")


def get_text_or_time(value: Value) -> str:
    """The text of a string, bytes or timestamp, which most of the newer methods take."""
    return value.text() if type(value) is Timestamp else get_text(value)


def get_bytes(value: Value) -> bytes:
    """The bytes of a string or bytes.

    Raises:
        TypeMismatch: It is neither.
    """
    kind = type(value)
    if kind is bytes:
        return value  # type: ignore[no-any-return]
    if kind is str:
        return encode_text(value)
    raise TypeMismatch(value, "bytes")


def get_bool(value: Value) -> bool:
    """A boolean, or whether a number is not zero.

    Raises:
        TypeMismatch: It is neither.
    """
    if value is True or value is False:
        return value
    if type(value) is Fragment:
        # Of the numbers that a document holds as text only a bare 0 counts as zero.
        return True
    if is_number(value):
        return number(value) != 0
    raise TypeMismatch(value, "bool")


# JSON text -----------------------------------------------------------------------------------------------------------

_ESCAPES: Final = {
    **{code: f"\\u{code:04x}" for code in range(32)},
    8: "\\b",
    9: "\\t",
    10: "\\n",
    12: "\\f",
    13: "\\r",
    34: '\\"',
    92: "\\\\",
    0x2028: "\\u2028",
    0x2029: "\\u2029",
    **dict.fromkeys(range(55296, 57344), "\\ufffd"),
}
_MAX_DEPTH: Final = 12_000
_HTML_ESCAPES: Final = {**_ESCAPES, 38: "\\u0026", 60: "\\u003c", 62: "\\u003e"}


def json_text(value: Value, escape_html: bool = True, indent: str = "") -> str:
    """A value as JSON with keys sorted bytewise.

    Args:
        value: Any value; bytes become base64, timestamps RFC 3339, markers null.
        escape_html: Whether ``< > &`` are escaped.
        indent: One level of indentation; compact where empty.

    Raises:
        BloblangError: It holds NaN, an infinity, or is nested too deeply.
    """
    pieces: list[str] = []
    try:
        escapes = _HTML_ESCAPES if escape_html else _ESCAPES
        _write(value, pieces.append, escapes, indent, "\n" if indent else "", 0)
    except RecursionError:
        raise BloblangError("json: unsupported value: exceeded max depth") from None
    return "".join(pieces)


def _write(value: Value, put: Any, escapes: dict[int, str], indent: str, line: str, depth: int) -> None:
    kind = type(value)
    if depth % 300 == 299 and (kind is dict or kind is list):
        if depth > _MAX_DEPTH:
            raise BloblangError("json: unsupported value: exceeded max depth")
        deeper(_write, value, put, escapes, indent, line, depth + 1)
        return
    if kind is str:
        put(f'"{value.translate(escapes)}"')
    elif value is None or isinstance(value, (Marker, HollowArray)):
        put("null")
    elif value is True:
        put("true")
    elif value is False:
        put("false")
    elif kind is dict:
        if not value:
            put("{}")
            return
        inner = line + indent
        separator = "{" + inner
        colon = ": " if indent else ":"
        for key in sorted(value, key=encode_text) if not all(map(str.isascii, value)) else sorted(value):
            put(f'{separator}"{key.translate(escapes)}"{colon}')
            _write(value[key], put, escapes, indent, inner, depth + 1)
            separator = "," + inner
        put(line + "}")
    elif kind is list:
        if not value:
            put("[]")
            return
        inner = line + indent
        separator = "[" + inner
        for item in value:
            put(separator)
            _write(item, put, escapes, indent, inner, depth + 1)
            separator = "," + inner
        put(line + "]")
    elif isinstance(value, float):
        put(float_json(value))
    elif kind is Fragment:
        put(fragment_text(value))
    elif kind is bytes:
        put(f'"{base64.b64encode(value).decode()}"')
    elif kind is Timestamp:
        year = value.civil()[0]
        if not 0 <= year <= 9999:
            raise BloblangError(
                "json: error calling MarshalJSON for type time.Time: Time.MarshalJSON: year outside of range [0,9999]"
            )
        put(f'"{value.text()}"')
    else:
        put(integer_text(value))


# Comparison ----------------------------------------------------------------------------------------------------------


def numbers_equal(left: Value, right: Value) -> bool:
    """Whether two numbers are equal: integers exactly, otherwise as floats."""
    a, b = number(left), number(right)
    if type(a) is float or type(b) is float:
        return float(a) == float(b)
    return int(a) == int(b)


def equal(left: Value, right: Value) -> bool:
    """The rule of ``==``: numbers by value, text by bytes, deep; values of different types are unequal.

    Markers equal nothing. A bool on the left equals a number on the right by whether that is not zero.
    """
    a, b = type(left), type(right)
    if a is str and b is str:
        return left == right  # type: ignore[no-any-return]
    if left is None or right is None:
        return left is right
    if a is bool:
        if b is bool:
            return left is right
        return is_number(right) and left is get_bool(right)
    if a is list:
        return b is list and len(left) == len(right) and all(map(equal, left, right))
    if a is dict:
        return (
            b is dict
            and len(left) == len(right)
            and all(key in right and equal(item, right[key]) for key, item in left.items())
        )
    if a in (str, bytes, Timestamp):
        return b in (str, bytes, Timestamp) and to_bytes(left) == to_bytes(right)
    if is_number(left):
        try:
            return is_number(right) and numbers_equal(left, right)
        except BloblangError:
            # A number beyond all floats stays text.
            return number_text(left) == (number_text(right) if is_number(right) else right)
    return False


def clone(value: Value) -> Value:
    """A copy that shares no container with the original."""
    kind = type(value)
    if kind is dict:
        return {key: clone(item) if type(item) in (dict, list) else item for key, item in value.items()}
    if kind is list:
        return [clone(item) if type(item) in (dict, list) else item for item in value]
    return value


# Paths ---------------------------------------------------------------------------------------------------------------


def split_path(path: str) -> list[str]:
    """The segments of a dot path; ``~1`` stands for a dot and ``~0`` for a tilde."""
    if "~" not in path:
        return path.split(".")
    return [part.replace("~1", ".").replace("~0", "~") for part in path.split(".")]


def join_path(segments: list[str] | tuple[str, ...]) -> str:
    """A dot path of segments, the reverse of `split_path`."""
    return ".".join(part.replace("~", "~0").replace(".", "~1") for part in segments)


def array_index(segment: str) -> int | None:
    """The integer of a path segment as Go's `Atoi` reads it, or None."""
    digits = segment[1:] if segment[:1] in ("+", "-") else segment
    if not digits or not digits.isascii() or not digits.isdigit():
        return None
    return int(segment)


MISSING: Final = Marker("missing")


def search_path(value: Value, segments: list[str] | tuple[str, ...], start: int = 0) -> Value:
    """What a path leads to, or MISSING; ``*`` on an array collects the rest of the path over its elements."""
    for at in range(start, len(segments)):
        segment = segments[at]
        kind = type(value)
        if kind is dict:
            value = value.get(segment, MISSING)
            if value is MISSING:
                return MISSING
        elif kind is list:
            if segment == "*":
                found = [search_path(item, segments, at + 1) for item in value]
                kept = [item for item in found if item is not MISSING]
                return kept if kept else MISSING
            index = array_index(segment)
            if index is None or not 0 <= index < len(value):
                return MISSING
            value = value[index]
        else:
            return MISSING
    return value


def get_path(value: Value, segments: list[str] | tuple[str, ...]) -> Value:
    """What a path leads to, or null."""
    found = search_path(value, segments)
    return None if found is MISSING else found
