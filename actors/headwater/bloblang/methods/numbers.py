"""Numbers: rounding, powers, logarithms, angles, extremes and bits."""

from __future__ import annotations

import math
from typing import Any

from headwater.bloblang import gomath
from headwater.bloblang.errors import BloblangError, TypeMismatch
from headwater.bloblang.gonumbers import INT64_MAX, INT64_MIN, truncate_to_int64
from headwater.bloblang.registry import Example, Param, method
from headwater.bloblang.targets import NUMBERS, STRUCTURES
from headwater.bloblang.values import UInt64, is_number, number

_NUMBER = ("number",)
_NUMBER_LIKE = ("bytes", "number", "string")


def _whole(value: float) -> int | float:
    return int(value) if INT64_MIN <= value < 9.223372036854775808e18 else float(value)


@method(
    "ceil",
    target="number",
    category=NUMBERS,
    receives=_NUMBER_LIKE,
    summary="The smallest integer that is not smaller.",
    examples=[
        Example(
            "",
            "root.new_value = this.value.ceil()",
            ('{"value":5.3}', '{"new_value":6}'),
            ('{"value":-5.9}', '{"new_value":-5}'),
        )
    ],
)
def ceil(target: float) -> int | float:
    if type(target) is not float:
        return target
    return (
        target
        if math.isnan(target) or math.isinf(target)
        else _whole(math.ceil(target) if abs(target) < 1e300 else target)
    )


@method(
    "floor",
    target="number",
    category=NUMBERS,
    receives=_NUMBER_LIKE,
    summary="The largest integer that is not larger.",
    examples=[Example("", "root.new_value = this.value.floor()", ('{"value":5.7}', '{"new_value":5}'))],
)
def floor(target: float) -> int | float:
    if type(target) is not float:
        return target
    return (
        target
        if math.isnan(target) or math.isinf(target)
        else _whole(math.floor(target) if abs(target) < 1e300 else target)
    )


@method(
    "round",
    target="number",
    category=NUMBERS,
    receives=_NUMBER_LIKE,
    summary="The nearest integer; halves are rounded away from zero.",
    examples=[
        Example(
            "",
            "root.new_value = this.value.round()",
            ('{"value":5.3}', '{"new_value":5}'),
            ('{"value":5.9}', '{"new_value":6}'),
        )
    ],
)
def round_(target: float) -> int | float:
    if type(target) is not float:
        return target
    if not abs(target) < 4503599627370496.0:
        return target if not INT64_MIN <= target < 9.223372036854775808e18 else int(target)
    whole = math.floor(abs(target))
    if abs(target) - whole >= 0.5:
        whole += 1
    return -whole if target < 0 else whole


def _number_or_integer(value: Any) -> int | float:
    if not is_number(value):
        raise TypeMismatch(value, "number", "integer")
    return number(value)


@method(
    "abs",
    target=_number_or_integer,
    bare=True,
    category=NUMBERS,
    receives=_NUMBER,
    summary="The number without its sign.",
    examples=[
        Example(
            "",
            "root.outs = this.ins.map_each(ele -> ele.abs())",
            ('{"ins":[9,-18,1.23,-4.56]}', '{"outs":[9,18,1.23,4.56]}'),
        )
    ],
)
def abs_(target: float) -> int | float:
    if target == INT64_MIN and type(target) is int:
        return UInt64(INT64_MAX)
    return abs(target) if type(target) is not UInt64 else target


@method(
    "log",
    target="number",
    category=NUMBERS,
    receives=_NUMBER,
    summary="The natural logarithm.",
    examples=[
        Example("", "root.new_value = this.value.log().round()", ('{"value":2.7183}', '{"new_value":1}')),
    ],
)
def log(target: float) -> float:
    return gomath.log(float(target))


@method(
    "log10",
    target="number",
    category=NUMBERS,
    receives=_NUMBER,
    summary="The decimal logarithm.",
    examples=[
        Example(
            "",
            "root.new_value = this.value.log10()",
            ('{"value":100}', '{"new_value":2}'),
            ('{"value":1000}', '{"new_value":3}'),
        )
    ],
)
def log10(target: float) -> float:
    return gomath.log10(float(target))


@method(
    "sin",
    target="number",
    bare=True,
    category=NUMBERS,
    receives=_NUMBER,
    summary="The sine of an angle in radians.",
    examples=[
        Example(
            "",
            "root.new_value = (this.value * (pi() / 180)).sin()",
            ('{"value":45}', '{"new_value":0.7071067811865475}'),
            ('{"value":0}', '{"new_value":0}'),
        )
    ],
)
def sin(target: float) -> float:
    return gomath.sin(float(target))


@method(
    "cos",
    target="number",
    bare=True,
    category=NUMBERS,
    receives=_NUMBER,
    summary="The cosine of an angle in radians.",
    examples=[
        Example(
            "",
            "root.new_value = (this.value * (pi() / 180)).cos()",
            ('{"value":45}', '{"new_value":0.7071067811865476}'),
            ('{"value":0}', '{"new_value":1}'),
        )
    ],
)
def cos(target: float) -> float:
    return gomath.cos(float(target))


@method(
    "tan",
    target="number",
    bare=True,
    category=NUMBERS,
    receives=_NUMBER,
    summary="The tangent of an angle in radians.",
    examples=[
        Example(
            "",
            'root.new_value = "%f".format((this.value * (pi() / 180)).tan())',
            ('{"value":0}', '{"new_value":"0.000000"}'),
            ('{"value":45}', '{"new_value":"1.000000"}'),
        )
    ],
)
def tan(target: float) -> float:
    return gomath.tan(float(target))


@method(
    "pow",
    Param("exponent", "float", "The exponent."),
    target="number",
    bare=True,
    category=NUMBERS,
    receives=_NUMBER,
    summary="The number raised to a power.",
    examples=[
        Example("", "root.new_value = this.value * 10.pow(-2)", ('{"value":2}', '{"new_value":0.02}')),
        Example("", "root.new_value = this.value.pow(-2)", ('{"value":2}', '{"new_value":0.25}')),
    ],
)
def pow_(target: float, exponent: float) -> float:
    return gomath.power(float(target), float(exponent))


def _floats(target: list[Any]) -> list[float]:
    if not target:
        raise BloblangError("the array was empty")
    found: list[float] = []
    for index, item in enumerate(target):
        try:
            found.append(float(number(item)))
        except BloblangError as error:
            raise BloblangError(f"index {index} of array: {error.text}") from None
    return found


@method(
    "max",
    target="array",
    category=NUMBERS,
    receives=("array", "number"),
    summary="The largest number of an array.",
    examples=[Example("", "root.biggest = this.values.max()", ('{"values":[0,3,2.5,7,5]}', '{"biggest":7}'))],
)
def max_(target: list[Any]) -> float:
    values = _floats(target)
    best = values[0]
    for value in values[1:]:
        if value > best:
            best = value
    return best


@method(
    "min",
    target="array",
    category=NUMBERS,
    receives=("array", "number"),
    summary="The smallest number of an array.",
    examples=[Example("", "root.smallest = this.values.min()", ('{"values":[0,3,-2.5,7,5]}', '{"smallest":-2.5}'))],
)
def min_(target: list[Any]) -> float:
    values = _floats(target)
    best = values[0]
    for value in values[1:]:
        if value < best:
            best = value
    return best


@method(
    "sum",
    target="any",
    category=STRUCTURES,
    receives=("array", "number"),
    summary="The sum of an array's numbers.",
    examples=[Example("", "root.sum = this.foo.sum()", ('{"foo":[3,8,4]}', '{"sum":15}'))],
)
def sum_(target: Any) -> Any:
    if type(target) is not list:
        if is_number(target):
            return target
        raise TypeMismatch(target, "array")
    total = 0.0
    try:
        # Hot path: nothing but plain numbers.
        for item in target:
            if type(item) is not int and type(item) is not float:
                break
            total += item
        else:
            return total
    except OverflowError:
        pass
    total = 0.0
    failure: BloblangError | None = None
    for index, item in enumerate(target):
        try:
            total += number(item)
        except BloblangError as error:
            failure = BloblangError(f"index {index}: {error.text}", annotated=True)
    if failure is not None:
        raise failure
    return total


def _integer_only(value: Any) -> int:
    if not is_number(value):
        raise TypeMismatch(value, "integer")
    result = number(value)
    return truncate_to_int64(result) if type(result) is float else int(result)


def _bitwise(name: str, summary: str, result: str) -> None:
    operations = {"bitwise_and": int.__and__, "bitwise_or": int.__or__, "bitwise_xor": int.__xor__}
    operation = operations[name]
    method(
        name,
        Param("value", "integer", "The other integer."),
        target=_integer_only,
        category=NUMBERS,
        receives=_NUMBER,
        summary=summary,
        examples=[Example("", f"root.new_value = this.value.{name}(6)", ('{"value":12}', result))],
    )(lambda target, value: operation(target, value))


_bitwise("bitwise_and", "The bits that are set in both integers.", '{"new_value":4}')
_bitwise("bitwise_or", "The bits that are set in either integer.", '{"new_value":14}')
_bitwise("bitwise_xor", "The bits that are set in one of the integers only.", '{"new_value":10}')
