"""Values as other types, and assertions about what they are."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from headwater.bloblang.errors import BloblangError, TypeMismatch
from headwater.bloblang.gonumbers import (
    INT64_MIN,
    UINT64_MAX,
    NumberError,
    parse_bool,
    parse_decimal_int,
    parse_float,
    parse_int,
    parse_uint,
)
from headwater.bloblang.gotext import quote
from headwater.bloblang.registry import Example, Param, method
from headwater.bloblang.targets import COERCION, GENERAL, NUMBERS, TIME
from headwater.bloblang.timeformat import to_timestamp
from headwater.bloblang.values import (
    DocumentInt,
    Float32,
    Fragment,
    Timestamp,
    UInt64,
    decode_text,
    fragment_text,
    get_bool,
    is_number,
    number,
    to_bytes,
    to_text,
    type_name,
)

_ANY = ("any",)


@method(
    "string",
    target="any",
    category=COERCION,
    receives=_ANY,
    summary="The value as a text.",
    examples=[
        Example("", "root.nested_json = this.string()", ('{"foo":"bar"}', r'{"nested_json":"{\"foo\":\"bar\"}"}')),
        Example("", "root.id = this.id.string()", ('{"id":228930314431312345}', '{"id":"228930314431312345"}')),
    ],
)
def string(target: Any) -> str:
    return to_text(target)


@method(
    "bytes",
    target="any",
    category=COERCION,
    receives=_ANY,
    summary="The value as bytes; numbers and structures as their text.",
    examples=[
        Example("", "root.first_byte = this.name.bytes().index(0)", ('{"name":"foobar bazson"}', '{"first_byte":102}'))
    ],
)
def bytes_(target: Any) -> bytes:
    return to_bytes(target)


@method(
    "type",
    target="any",
    category=COERCION,
    receives=_ANY,
    summary="The name of the value's type: string, bytes, number, bool, timestamp, array, object or null.",
    examples=[
        Example(
            "",
            "root.bar_type = this.bar.type()\nroot.foo_type = this.foo.type()",
            ('{"bar":10,"foo":"is a string"}', '{"bar_type":"number","foo_type":"string"}'),
        )
    ],
)
def type_(target: Any) -> str:
    return type_name(target)


@method(
    "array",
    target="any",
    category=COERCION,
    receives=("array",),
    summary="The value as an array; one that is none already becomes its only element.",
    examples=[
        Example(
            "",
            "root.my_array = this.name.array()",
            ('{"name":"foobar bazson"}', '{"my_array":["foobar bazson"]}'),
        )
    ],
)
def array(target: Any) -> list[Any]:
    return target if type(target) is list else [target]


@method(
    "not_null",
    target="any",
    category=COERCION,
    receives=_ANY,
    summary="The value, or a failure where it is null.",
    examples=[
        Example(
            "",
            "root.a = this.a.not_null()",
            ('{"a":"foobar","b":"barbaz"}', '{"a":"foobar"}'),
            ('{"b":"barbaz"}', 'Error("failed assignment (line 1): field `this.a`: value is null")'),
        )
    ],
)
def not_null(target: Any) -> Any:
    if target is None:
        raise BloblangError("value is null")
    return target


@method(
    "not_empty",
    target="any",
    category=COERCION,
    receives=("array", "object", "string"),
    summary="The text, array or object, or a failure where it is empty.",
    examples=[
        Example(
            "",
            "root.a = this.a.not_empty()",
            ('{"a":"foo"}', '{"a":"foo"}'),
            ('{"a":[]}', 'Error("failed assignment (line 1): field `this.a`: array value is empty")'),
        )
    ],
)
def not_empty(target: Any) -> Any:
    kind = type(target)
    if kind not in (str, list, dict):
        raise TypeMismatch(target, "string", "array", "object")
    if not target:
        raise BloblangError(f"{type_name(target)} value is empty")
    return target


@method(
    "not",
    target="bool",
    category=GENERAL,
    receives=("bool",),
    summary="The opposite of a boolean.",
    examples=[Example("", "root.negated = this.flag.not()", ('{"flag":true}', '{"negated":false}'))],
)
def not_(target: bool) -> bool:
    return not target


@method(
    "bool",
    Param("default", "bool", "What to give where the value is no boolean.", optional=True),
    target="any",
    absorbs=True,
    category=COERCION,
    receives=("bool", "bytes", "number", "string"),
    summary="The value as a boolean: words such as true, f, 0, and numbers that are not zero.",
    examples=[
        Example(
            "",
            "root.foo = this.thing.bool()\nroot.bar = this.thing.bool(true)",
            ('{"thing":"true"}', '{"bar":true,"foo":true}'),
        )
    ],
)
def bool_(target: Any, default: bool | None) -> bool:
    kind = type(target)
    if kind is str or kind is bytes:
        word = parse_bool(target if kind is str else decode_text(target))
        if word is not None:
            return word
    elif kind is bool or is_number(target):
        return get_bool(target)
    if default is not None:
        return default
    raise TypeMismatch(target, "bool")


@method(
    "number",
    Param("default", "float", "What to give where the value is no number.", optional=True),
    target="any",
    absorbs=True,
    category=COERCION,
    receives=("bytes", "number", "string"),
    summary="The value as a float.",
    examples=[
        Example(
            "",
            "root.foo = this.thing.number() + 10\nroot.bar = this.thing.number(5) * 10",
            ('{"thing":"10"}', '{"bar":100,"foo":20}'),
        )
    ],
)
def number_(target: Any, default: float | None) -> float:
    kind = type(target)
    try:
        if kind is str or kind is bytes:
            return parse_float(target if kind is str else decode_text(target))
        if kind is Fragment:
            return _textual_float(fragment_text(target))
        return float(number(target))
    except NumberError as error:
        if default is not None:
            return float(default)
        raise BloblangError(str(error)) from None
    except BloblangError:
        if default is not None:
            return float(default)
        raise


def _textual_float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise BloblangError(f"strconv.ParseFloat: parsing {quote(text)}: value out of range")
    return value


# Sized numbers -------------------------------------------------------------------------------------------------------

_DECIMALS = (
    "float value contains decimals and therefore cannot be cast as {} integer, "
    "if you intend to round the value then call `.round()` explicitly before this cast"
)
_NEGATIVE = "signed integer value is negative and cannot be cast as an unsigned integer"


def to_int64(value: Any) -> int:
    """A signed integer of a number that is whole, or of a text.

    Raises:
        BloblangError: It has decimals, is out of range, or no number.
    """
    kind = type(value)
    try:
        if kind is int and INT64_MIN <= value <= -INT64_MIN - 1:
            return value  # type: ignore[no-any-return]
        if kind is UInt64:
            if value > -INT64_MIN - 1:
                raise BloblangError("unsigned integer value is too large to be cast as a signed integer")
            return int(value)
        if kind is float or kind is Float32:
            if math.isinf(value):
                raise BloblangError("cannot convert +/-INF to an integer")
            if math.isnan(value):
                raise BloblangError("cannot convert NAN to an integer")
            if value > -float(INT64_MIN):
                raise BloblangError("float value is too large to be cast as a signed integer")
            if value < INT64_MIN:
                raise BloblangError("float value is too small to be cast as a signed integer")
            if value != math.floor(value) or value == -float(INT64_MIN):
                raise BloblangError(_DECIMALS.format("a signed"))
            return int(value)
        if kind is Fragment:
            return _textual_int(fragment_text(value))
        if kind is DocumentInt or kind is int:
            return _textual_int(to_text(int(value)))
        if kind is str:
            return parse_int(value)
        if kind is bytes:
            return parse_int(decode_text(value))
    except NumberError as error:
        raise BloblangError(str(error)) from None
    raise TypeMismatch(value, "number")


def _textual_int(text: str) -> int:
    try:
        return parse_decimal_int(text)
    except NumberError as error:
        raise NumberError(str(error).replace("strconv.Atoi", "strconv.ParseInt", 1)) from None


def to_uint64(value: Any) -> int:
    """An unsigned integer of a number that is whole and not negative, or of a text.

    Raises:
        BloblangError: It has decimals, is negative, out of range, or no number.
    """
    kind = type(value)
    if kind is UInt64:
        return int(value)
    if kind is float or kind is Float32:
        if value < 0:
            raise BloblangError("float value is negative and cannot be cast as an unsigned integer")
        if math.isinf(value):
            raise BloblangError("cannot convert +/-INF to an unsigned integer")
        if math.isnan(value):
            raise BloblangError("cannot convert NAN to an unsigned integer")
        if value > float(UINT64_MAX):
            raise BloblangError("float value is too large to be cast as an unsigned integer")
        if value != math.floor(value) or value >= 2.0**64:
            raise BloblangError(_DECIMALS.format("an unsigned"))
        return int(value)
    if kind is str or kind is bytes:
        try:
            return parse_uint(value if kind is str else decode_text(value))
        except NumberError as error:
            raise BloblangError(str(error)) from None
    result = to_int64(value)
    if result < 0:
        raise BloblangError(_NEGATIVE)
    return result


def _article(bits: int) -> str:
    return f"an {bits}-bit" if bits == 8 else f"a {bits}-bit"


def _signed(bits: int) -> Callable[[Any], int]:
    low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1

    def cast(target: Any) -> int:
        value = to_int64(target)
        if value > high:
            raise BloblangError(f"value is too large to be cast as {_article(bits)} signed integer")
        if value < low:
            raise BloblangError(f"value is too small to be cast as {_article(bits)} signed integer")
        return value

    return cast


def _unsigned(bits: int) -> Callable[[Any], int]:
    high = (1 << bits) - 1

    def cast(target: Any) -> int:
        value = to_uint64(target)
        if value > high:
            raise BloblangError(f"value is too large to be cast as {_article(bits)} unsigned integer")
        return UInt64(value) if bits == 64 else value

    return cast


def _cast(name: str, native: Callable[[Any], Any], what: str, shown: tuple[str, str]) -> None:
    method(
        name,
        target="any",
        bare=True,
        category=NUMBERS,
        receives=("number", "string", "bytes"),
        summary=f"The value as {what}; texts may say their base by a prefix.",
        examples=[Example("", f"root.out = this.in.{name}()", shown)],
    )(native)


for _bits in (8, 16, 32, 64):
    _cast(f"int{_bits}", _signed(_bits), f"a signed integer of {_bits} bits", ('{"in":"-0xe"}', '{"out":-14}'))
    _cast(f"uint{_bits}", _unsigned(_bits), f"an unsigned integer of {_bits} bits", ('{"in":"0xF"}', '{"out":15}'))


def to_float64(value: Any) -> float:
    """A float of a number or a text.

    Raises:
        BloblangError: The text is none, or it is neither.
    """
    kind = type(value)
    if kind is str or kind is bytes:
        try:
            return parse_float(value if kind is str else decode_text(value))
        except NumberError as error:
            raise BloblangError(str(error)) from None
    return float(number(value))


_cast(
    "float64",
    to_float64,
    "a float of 64 bits",
    ('{"in":"6.674282313423543523453425345e-11"}', '{"out":6.674282313423544e-11}'),
)
_cast("float32", lambda target: Float32(to_float64(target)), "a float of 32 bits", ('{"in":"6.5"}', '{"out":6.5}'))


@method(
    "timestamp",
    Param("default", "timestamp", "What to give where the value is no time.", optional=True),
    target="any",
    absorbs=True,
    category=COERCION,
    receives=TIME,
    summary="The value as a timestamp: seconds since 1970, or an RFC 3339 text.",
    examples=[
        Example(
            "",
            "root.foo = this.ts.timestamp()",
            ('{"ts":"2020-08-14T05:54:23Z"}', '{"foo":"2020-08-14T05:54:23Z"}'),
        )
    ],
)
def timestamp(target: Any, default: Timestamp | None) -> Timestamp:
    try:
        return to_timestamp(target)
    except BloblangError:
        if default is not None:
            return default
        raise
