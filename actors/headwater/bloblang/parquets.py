"""Rows of Parquet files, by way of pyarrow."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from headwater.bloblang.errors import BloblangError
from headwater.bloblang.targets import bounded_array
from headwater.bloblang.values import Float32, Timestamp, UInt64, decode_text

_NANOSECONDS: Final = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}
_DAY: Final = 86_400_000_000_000


def read_rows(raw: bytes, as_text: bool) -> list[dict[str, Any]]:
    """The rows of a file as objects.

    Args:
        raw: The file.
        as_text: Make texts of byte arrays too.

    Raises:
        BloblangError: It is no Parquet file, holds too much, or pyarrow is not there.
    """
    try:
        pa = importlib.import_module("pyarrow")
        parquet = importlib.import_module("pyarrow.parquet")
    except ImportError:
        raise BloblangError("parse_parquet needs the extra headwater[parquet]") from None
    try:
        file = parquet.ParquetFile(pa.BufferReader(raw))
        # A run of the same value takes no room in a file, so its size says nothing of what it holds.
        bounded_array(file.metadata.num_rows * max(file.metadata.num_columns, 1))
        table = file.read()
        columns = [map(_reader(pa.types, column.type, as_text), column) for column in table.columns]
        return [dict(zip(table.column_names, row, strict=True)) for row in zip(*columns, strict=True)]
    except (pa.ArrowException, OSError, ValueError) as error:
        raise BloblangError(f"failed to read parquet file: {error}") from None


def _reader(types: Any, kind: Any, as_text: bool) -> Callable[[Any], Any]:
    """What makes a value of a scalar of this type."""
    if types.is_struct(kind):
        fields = {field.name: _reader(types, field.type, as_text) for field in kind}
        return lambda scalar: {name: read(scalar[name]) for name, read in fields.items()} if scalar.is_valid else None
    if types.is_map(kind):
        return partial(_map, _reader(types, kind.item_type, as_text))
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        inner = _reader(types, kind.value_type, as_text)
        return lambda scalar: [inner(item) for item in scalar.values] if scalar.is_valid else None
    if types.is_dictionary(kind):
        inner = _reader(types, kind.value_type, as_text)
        return lambda scalar: inner(scalar.value) if scalar.is_valid else None
    if types.is_timestamp(kind):
        return _leaf(lambda scalar: Timestamp(scalar.value * _NANOSECONDS[kind.unit]))
    if types.is_date(kind):
        unit = _DAY if types.is_date32(kind) else 1_000_000
        return _leaf(lambda scalar: Timestamp(scalar.value * unit))
    if types.is_time(kind) or types.is_duration(kind):
        return _leaf(lambda scalar: scalar.value)
    if types.is_uint64(kind):
        return _leaf(lambda scalar: UInt64(scalar.as_py()))
    if types.is_floating(kind) and kind.bit_width < 64:
        return _leaf(lambda scalar: Float32(scalar.as_py()))
    if types.is_decimal(kind):
        return _leaf(lambda scalar: format(scalar.as_py(), "f"))
    if as_text and (types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind)):
        return _leaf(lambda scalar: decode_text(scalar.as_py()))
    return lambda scalar: scalar.as_py()


def _leaf(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda scalar: read(scalar) if scalar.is_valid else None


def _map(read: Callable[[Any], Any], scalar: Any) -> Any:
    if not scalar.is_valid:
        return None
    return {str(pair["key"].as_py()): read(pair["value"]) for pair in scalar.values}
