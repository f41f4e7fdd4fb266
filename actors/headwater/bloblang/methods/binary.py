"""Values out of binary formats and back: MessagePack, Parquet, big decimals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from headwater.bloblang.errors import BloblangError
from headwater.bloblang.gotext import quote
from headwater.bloblang.packing import pack, unpack
from headwater.bloblang.parquets import read_rows
from headwater.bloblang.registry import Example, Param, method
from headwater.bloblang.targets import PARSING, TEXT
from headwater.bloblang.values import decode_text, integer_text

_LARGEST_SCALE = 16383
_LONGEST_DECIMAL = 65_536


@method(
    "parse_msgpack",
    target="octets",
    bare=True,
    category=PARSING,
    receives=("string", "bytes"),
    summary="The value of a MessagePack message.",
    examples=[Example("", 'root = content().decode("hex").parse_msgpack()', ("81a3666f6fa3626172", '{"foo":"bar"}'))],
)
def parse_msgpack(target: bytes) -> Any:
    return unpack(target)


@method(
    "format_msgpack",
    target="any",
    bare=True,
    category=PARSING,
    receives=("any",),
    summary="A value as a MessagePack message, as bytes.",
    examples=[Example("", 'root = this.format_msgpack().encode("hex")', ('{"foo":"bar"}', "81a3666f6fa3626172"))],
)
def format_msgpack(target: Any) -> bytes:
    return pack(target)


def _parse_big_decimal(scale: int) -> Callable[[bytes], str]:
    if not 0 <= scale <= _LARGEST_SCALE:
        raise BloblangError(f"scale must be between 0 and {_LARGEST_SCALE}, got {scale}", annotated=True)

    def parse(target: bytes) -> str:
        if not target:
            raise BloblangError("cannot parse empty bytes as big decimal")
        if len(target) > _LONGEST_DECIMAL:
            raise BloblangError(f"cannot parse more than {_LONGEST_DECIMAL} bytes as big decimal")
        value = int.from_bytes(target, "big", signed=True)
        digits = integer_text(abs(value))
        if scale:
            digits = digits.rjust(scale + 1, "0")
            digits = f"{digits[:-scale]}.{digits[-scale:]}"
        return "-" + digits if value < 0 else digits

    return parse


method(
    "parse_big_decimal",
    Param("scale", "integer", "How many of the digits stand behind the point."),
    target="octets",
    bare=True,
    constructor=True,
    category=PARSING,
    receives=TEXT,
    summary="The text of a decimal number that is kept as the bytes of a signed integer.",
    examples=[
        Example(
            "",
            'root.amount = this.amount.decode("base64").parse_big_decimal(scale: 2)',
            ('{"amount":"MDk="}', '{"amount":"123.45"}'),
            ('{"amount":"/w=="}', '{"amount":"-0.01"}'),
        )
    ],
)(_parse_big_decimal)


@method(
    "parse_parquet",
    Param("byte_array_as_string", "bool", "Make texts of byte arrays that say nothing of their type.", default=False),
    target="bytes",
    bare=True,
    category=PARSING,
    receives=("bytes",),
    summary="The rows of a Parquet file as objects.",
    examples=[Example("", 'root.rows = "nope".bytes().parse_parquet().catch("none")', ("{}", '{"rows":"none"}'))],
)
def parse_parquet(target: bytes, byte_array_as_string: bool) -> list[Any]:
    if target[:4] != b"PAR1":
        raise BloblangError(
            f"parquet read panic: invalid magic header of parquet file: {quote(decode_text(target[:4]))}"
        )
    return read_rows(target, byte_array_as_string)
