"""What operators do where the compiled code's fast path does not apply."""

from __future__ import annotations

import math
from typing import Any

from msgspec import DecodeError
from orjson import Fragment, dumps

from headwater.bloblang.errors import BloblangError, OperandMismatch, TypeMismatch
from headwater.bloblang.registry import MAX_GROWTH
from headwater.bloblang.values import (
    Float32,
    Marker,
    Timestamp,
    UInt64,
    encode_text,
    equal,
    get_bool,
    go_type_name,
    is_number,
    number,
    number_text,
    read_float,
    to_bytes,
    truncated,
    type_name,
    wrap_int64,
)

_VERBS = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide", "%": "modulo"}
_PLAIN = frozenset((int, float))
_EXACT = 1 << 53
_TEXT = (str, bytes, Timestamp)


def mismatch(operator: str, left: Any, right: Any, left_name: str, right_name: str) -> OperandMismatch:
    """The error of an operator that cannot take these two types."""
    verb = _VERBS.get(operator, "compare")
    first, second = type_name(left), type_name(right)
    # Some operators turn timestamps into text before they look: both sides, or the right one if the left is no
    # timestamp.
    if operator in "-*":
        first = "string" if first == "timestamp" else first
        second = "string" if second == "timestamp" else second
    elif operator not in "/%" and second == "timestamp" and first in ("number", "string", "bytes"):
        second = "string"
    return OperandMismatch(f"cannot {verb} types {first} (from {left_name}) and {second} (from {right_name})")


def _operand(value: Any) -> int | float | None:
    kind = type(value)
    if kind is int or kind is float:
        return number(value)
    if kind is Float32 or not is_number(value):
        return None
    return number(value)


def _unusable(value: Any) -> Any:
    try:
        _operand(value)
    except BloblangError:
        return number_text(value)
    return value


def _signed(value: int | float) -> int:
    if type(value) is float:
        return truncated(value)
    return wrap_int64(int(value)) if type(value) is UInt64 else int(value)


def _calculate(operator: str, a: int | float, b: int | float, right_name: str) -> Any:
    if operator == "/":
        if b == 0:
            raise BloblangError(f"{right_name}: attempted to divide by zero", True)
        try:
            return float(a) / float(b)
        except OverflowError:
            return math.inf
    if operator == "%":
        x, y = _signed(a), _signed(b)
        if y == 0:
            raise BloblangError(f"{right_name}: attempted to divide by zero", True)
        result = abs(x) % abs(y)
        return -result if x < 0 else result
    if type(a) is float or type(b) is float:
        try:
            p, q = float(a), float(b)
            return p + q if operator == "+" else p - q if operator == "-" else p * q
        except OverflowError:
            return math.inf
    exact = int(a + b if operator == "+" else a - b if operator == "-" else a * b)
    return UInt64(exact % (1 << 64)) if type(a) is UInt64 and type(b) is UInt64 else wrap_int64(exact)


def arithmetic(operator: str, left: Any, right: Any, left_name: str, right_name: str) -> Any:
    """The result of any operator but ``| && ||``.

    Raises:
        BloblangError: The operands' types do not fit, or the divisor is zero.
    """
    if operator == "==":
        return equal(left, right)
    if operator == "!=":
        return not equal(left, right)
    try:
        a, b = _operand(left), _operand(right)
    except BloblangError:
        # A number beyond all floats stays text.
        first, second = _unusable(left), _unusable(right)
        if operator not in _VERBS and first is not left and type(second) in _TEXT:
            return _ordered(operator, to_bytes(first), to_bytes(second))
        if operator in "/%" or (operator not in _VERBS and first is not left):
            first, second = left, right
        elif type(left) is str:
            second = right
        raise mismatch(operator, first, second, left_name, right_name) from None
    if operator in _VERBS:
        if a is not None and b is not None:
            return _calculate(operator, a, b, right_name)
        if operator == "+" and type(left) in (str, bytes) and type(right) in _TEXT:
            return too_long((to_bytes(left) + to_bytes(right)).decode("utf-8", "surrogateescape"))
        raise mismatch(operator, left, right, left_name, right_name)
    if type(left) is Float32 or type(right) is Float32:
        a = float(left) if type(left) is Float32 else a
        b = float(right) if type(right) is Float32 else b
    if a is not None and b is not None:
        if type(a) is not float and type(b) is not float and type(a) is not type(b):
            return _ordered(operator, _signed(a), _signed(b))
        return _ordered(operator, a, b)
    if type(left) in _TEXT and type(right) in _TEXT:
        return _ordered(operator, to_bytes(left), to_bytes(right))
    raise mismatch(operator, left, right, left_name, right_name)


def too_long(text: str) -> str:
    """A text that was joined of two, if it is not longer than texts may grow.

    Raises:
        BloblangError: It is.
    """
    if len(text) > MAX_GROWTH:
        raise BloblangError(f"result of {len(text)} bytes or elements exceeds the limit of {MAX_GROWTH}", True)
    return text


def _ordered(operator: str, a: Any, b: Any) -> bool:
    if operator == ">":
        return bool(a > b)
    if operator == ">=":
        return bool(a >= b)
    if operator == "<":
        return bool(a < b)
    return bool(a <= b)


# Hot path: numbers with a fraction come from documents as text, so most arithmetic on them ends in the functions below.
# Only what is plain is done here: zeros, huge results and operands of any other kind go on to `arithmetic`, which tells
# all cases apart.


def add(left: Any, right: Any, left_name: str, right_name: str) -> Any:
    """``left + right``"""
    if type(left) is str and type(right) is str:
        return too_long(left + right)
    if type(left) is not int or type(right) is not int:
        try:
            a = read_float(dumps(left)) if type(left) is Fragment else left
            b = read_float(dumps(right)) if type(right) is Fragment else right
            if a and b and type(a) in _PLAIN and type(b) in _PLAIN:
                result = a + b
                if -1e300 < result < 1e300:
                    return result
        except (ArithmeticError, DecodeError):
            pass
    return arithmetic("+", left, right, left_name, right_name)


def subtract(left: Any, right: Any, left_name: str, right_name: str) -> Any:
    """``left - right``"""
    if type(left) is not int or type(right) is not int:
        try:
            a = read_float(dumps(left)) if type(left) is Fragment else left
            b = read_float(dumps(right)) if type(right) is Fragment else right
            if a and b and type(a) in _PLAIN and type(b) in _PLAIN:
                result = a - b
                if -1e300 < result < 1e300:
                    return result
        except (ArithmeticError, DecodeError):
            pass
    return arithmetic("-", left, right, left_name, right_name)


def multiply(left: Any, right: Any, left_name: str, right_name: str) -> Any:
    """``left * right``"""
    if type(left) is not int or type(right) is not int:
        try:
            a = read_float(dumps(left)) if type(left) is Fragment else left
            b = read_float(dumps(right)) if type(right) is Fragment else right
            if a and b and type(a) in _PLAIN and type(b) in _PLAIN:
                result = a * b
                if -1e300 < result < 1e300:
                    return result
        except (ArithmeticError, DecodeError):
            pass
    return arithmetic("*", left, right, left_name, right_name)


def divide(left: Any, right: Any, left_name: str, right_name: str) -> Any:
    """``left / right``"""
    try:
        a = read_float(dumps(left)) if type(left) is Fragment else left
        b = read_float(dumps(right)) if type(right) is Fragment else right
        if b and type(a) in _PLAIN and type(b) in _PLAIN and -_EXACT < a < _EXACT and -_EXACT < b < _EXACT:
            return a / b
    except DecodeError:
        pass
    return arithmetic("/", left, right, left_name, right_name)


def truth(value: Any) -> bool:
    """An operand of ``&&`` and ``||``.

    Raises:
        TypeMismatch: It is neither bool nor number.
    """
    if value is True or value is False:
        return value
    return get_bool(value)


def inverted(value: Any) -> bool:
    """``!value``; only booleans can be inverted."""
    if value is True or value is False:
        return not value
    raise TypeMismatch(value, "bool")


def native_type(value: Any, textual: bool) -> str:
    """The reference's own name of a type; `textual` where a number comes from a document as it is."""
    return "json.Number" if textual and type(value) is int else go_type_name(value)


def not_boolean(value: Any, name: str, textual: bool = False) -> BloblangError:
    """The error of a condition that is no boolean."""
    kind = native_type(value, textual)
    return BloblangError(f"{name} resolved to a non-boolean value {go_text(value)} ({kind})")


def go_text(value: Any) -> str:
    """A value as the reference's own language prints it, maps sorted by key."""
    if value is None or isinstance(value, Marker):
        return "<nil>"
    if type(value) is list:
        return f"[{' '.join(map(go_text, value))}]"
    if type(value) is dict:
        return "map[" + " ".join(f"{key}:{go_text(value[key])}" for key in sorted(value, key=encode_text)) + "]"
    if type(value) is bytes:
        return f"[{' '.join(map(str, value))}]"
    if isinstance(value, float):
        return _go_float(value)
    from headwater.bloblang.values import to_text

    return to_text(value)


def _go_float(value: float) -> str:
    from headwater.bloblang.values import float_text

    text = float_text(value)
    if "e+" in text and abs(value) < 1e21:
        from headwater.bloblang.values import float_json

        return float_json(value)
    return text


def sliced(target: Any, low: Any, high: Any, step: Any) -> Any:
    """``target[low:high:step]``; None stands for a bound that is not there."""
    bounds: list[int | None] = []
    for value, name in ((low, "slice start bound"), (high, "slice end bound"), (step, "slice step")):
        if value is None:
            bounds.append(None)
            continue
        try:
            result = number(value)
        except BloblangError as error:
            raise BloblangError(f"{name}: {error.text}", True) from None
        bounds.append(truncated(result) if type(result) is float else int(result))
    _sliceable(target)
    start, end, stride = bounds
    if stride == 0:
        raise BloblangError("slice step cannot be zero", True)
    if start is not None and end is not None and (stride is None or stride > 0):
        first = start + len(target) if start < 0 else start
        last = end + len(target) if end < 0 else end
        if first > last:
            raise BloblangError(f"lower slice bound ({first}) must be lower than upper ({last})", True)
    return target[start:end:stride]


def _sliceable(target: Any) -> None:
    if type(target) not in (list, str, bytes):
        failure = TypeMismatch(target, "array", "string")
        failure.annotated = True
        raise failure


def indexed(target: Any, index: Any) -> Any:
    """``target[index]``; negative indices count from the end."""
    _sliceable(target)
    position = number(index)
    at = truncated(position) if type(position) is float else int(position)
    if at < 0:
        at += len(target)
    if not 0 <= at < len(target):
        raise BloblangError(f"index {at} out of bounds for length {len(target)}", True)
    return target[at]


