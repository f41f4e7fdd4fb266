"""Values as templates see them: truth, printed forms, comparisons."""

from __future__ import annotations

from typing import Any

import orjson

from headwater.bloblang.gofloat import format_float
from headwater.bloblang.values import Timestamp, json_text


class Unfit(Exception):
    """A value does not fit; whoever executes the template adds where."""


def plain(value: Any) -> Any:
    """A number in place of one that was kept as it was written."""
    if type(value) is orjson.Fragment:
        return float(orjson.dumps(value))
    return value


def is_number(value: Any) -> bool:
    """Whether it is a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def truth(value: Any) -> bool:
    """Whether a value counts as true: anything but nothing, false, zero and what is empty."""
    return bool(plain(value))


def kind_name(value: Any) -> str:
    """What Go calls the type of a value."""
    value = plain(value)
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int"
    if isinstance(value, float):
        return "float64"
    if isinstance(value, str):
        return "string"
    if isinstance(value, bytes):
        return "[]uint8"
    if isinstance(value, dict):
        return "map[string]interface {}"
    if isinstance(value, list | tuple):
        return "[]interface {}"
    return "time.Time" if isinstance(value, Timestamp) else type(value).__name__


def shown(value: Any, top: bool = False) -> str:
    """A value as it is printed; `top` for one that is written into the text, where nothing has a form of its own."""
    if type(value) is orjson.Fragment:
        return orjson.dumps(value).decode()
    if value is None:
        return "<no value>" if top else "<nil>"
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return float_text(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape") if top else f"[{' '.join(map(str, value))}]"
    if isinstance(value, dict):
        return f"map[{' '.join(f'{key}:{shown(value[key])}' for key in sorted(value))}]"
    if isinstance(value, list | tuple):
        return f"[{' '.join(map(shown, value))}]"
    if isinstance(value, Timestamp):
        from headwater.bloblang.golayout import time_string

        return time_string(value)
    return str(value)


def float_text(value: float) -> str:
    """A float as ``%v`` prints it."""
    if value != 0 and not 1e-4 <= abs(value) < 1e21:
        return format_float(value, "e", -1)
    return format_float(value, "f", -1)


def to_json(value: Any, indent: str = "", escape_html: bool = True) -> str:
    """A value as JSON."""
    return json_text(value, escape_html=escape_html, indent=indent)


def equal(left: Any, right: Any) -> bool:
    """``eq``: values of one basic kind by what they are.

    Raises:
        Unfit: They cannot be compared.
    """
    left, right = plain(left), plain(right)
    if left is None or right is None:
        return left is right
    for value in (left, right):
        if isinstance(value, dict | list | tuple):
            raise Unfit(f"error calling eq: non-comparable type {shown(value)}: {kind_name(value)}")
    _comparable("eq", left, right)
    return bool(left == right)


def less(name: str, left: Any, right: Any) -> bool:
    """``lt``: whether one value is before another of its kind.

    Raises:
        Unfit: They cannot be compared.
    """
    left, right = plain(left), plain(right)
    for value in (left, right):
        if not isinstance(value, str | int | float) or isinstance(value, bool):
            raise Unfit(f"error calling {name}: invalid type for comparison")
    _comparable(name, left, right)
    return bool(left < right)


def _comparable(name: str, left: Any, right: Any) -> None:
    if is_number(left) and is_number(right):
        return
    if type(left) is not type(right):
        raise Unfit(f"error calling {name}: incompatible types for comparison")
