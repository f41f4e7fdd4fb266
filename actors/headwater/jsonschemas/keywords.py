"""What single keywords of a schema ask for, each as a check."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, Final

import msgspec
import orjson

from headwater.bloblang.gofloat import format_float
from headwater.bloblang.values import json_text, type_name
from headwater.errors import HeadwaterError
from headwater.jsonschemas.formats import matches

ROOT: Final = "(root)"
_TYPES: Final = ("array", "boolean", "integer", "number", "null", "object", "string")


class SchemaError(HeadwaterError):
    """A schema cannot be compiled."""


class Violation(msgspec.Struct, frozen=True):
    """One thing that is wrong with a document.

    Attributes:
        field: Where: segments joined with dots, or `ROOT`.
        text: What, in lower case.
        property: The property that it is about, where it is about one.
    """

    field: str
    text: str
    property: str | None = None


Check = Callable[[Any, str, "list[Violation]"], None]
"""Looks at a value at a place, and adds what is wrong."""


def anything(value: Any, place: str, found: list[Violation]) -> None:
    """The schema `true`."""


def nothing(value: Any, place: str, found: list[Violation]) -> None:
    """The schema `false`."""
    found.append(Violation(place, "false always fails validation"))


def _below(place: str, segment: object) -> str:
    return str(segment) if place == ROOT else f"{place}.{segment}"


def regexp_of(pattern: str) -> Any:
    """A pattern, compiled. Raises: SchemaError."""
    import re2

    try:
        return re2.compile(pattern)
    except re2.error:
        raise SchemaError("pattern must be a valid regex") from None


def _number(value: Any) -> Fraction | None:
    """The exact number, or None where it is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return Fraction(value)
    try:
        if isinstance(value, orjson.Fragment):
            return Fraction(orjson.dumps(value).decode())
        if isinstance(value, float) and math.isfinite(value):
            return Fraction(repr(value))
    except ValueError:
        return None
    return None


def _kind(value: Any) -> str:
    number = _number(value)
    if number is not None:
        return "integer" if number.denominator == 1 else "number"
    name = type_name(value)
    return "boolean" if name == "bool" else "string" if name in ("bytes", "timestamp") else name


def of_type(wanted: Any) -> Check:
    """`type`: one name, or some."""
    names = [wanted] if isinstance(wanted, str) else wanted
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise SchemaError("Invalid type. Expected: string/array of strings, given: type")
    for name in names:
        if name not in _TYPES:
            raise SchemaError(
                f"has a primitive type that is NOT VALID -- given: /{name}/ "
                f"Expected valid values are:[{' '.join(_TYPES)}]"
            )
    allowed = set(names) | ({"integer"} if "number" in names else set())
    expected = names[0] if len(names) == 1 else f"[{','.join(names)}]"

    def check(value: Any, place: str, found: list[Violation]) -> None:
        kind = _kind(value)
        if kind not in allowed:
            found.append(Violation(place, f"invalid type. expected: {expected}, given: {kind}"))

    return check


# -- combinations


def _attempts(checks: list[Check], value: Any, place: str) -> list[list[Violation]]:
    results: list[list[Violation]] = []
    for check in checks:
        found: list[Violation] = []
        check(value, place, found)
        results.append(found)
    return results


def _closest(results: list[list[Violation]], place: str = ROOT) -> list[Violation]:
    """Of several attempts that failed, the one that is least wrong; last of all one that takes no such type."""

    def distance(result: list[Violation]) -> tuple[bool, int]:
        first = result[0] if result else None
        other = first is not None and first.field == place and first.text.startswith("invalid type. ")
        return other, len(result)

    return min(results, key=distance)


def any_of(checks: list[Check]) -> Check:
    """`anyOf`; where none holds, what is wrong by the closest one is told."""

    def check(value: Any, place: str, found: list[Violation]) -> None:
        results = _attempts(checks, value, place)
        if all(results):
            found.append(Violation(place, "must validate at least one schema (anyof)"))
            found += _closest(results, place)

    return check


def one_of(checks: list[Check]) -> Check:
    """`oneOf`."""

    def check(value: Any, place: str, found: list[Violation]) -> None:
        results = _attempts(checks, value, place)
        passed = sum(1 for result in results if not result)
        if passed != 1:
            found.append(Violation(place, "must validate one and only one schema (oneof)"))
        if not passed:
            found += _closest(results, place)

    return check


def all_of(checks: list[Check]) -> Check:
    """`allOf`."""

    def check(value: Any, place: str, found: list[Violation]) -> None:
        results = _attempts(checks, value, place)
        for result in results:
            found += result
        if any(results):
            found.append(Violation(place, "must validate all the schemas (allof)"))

    return check


def none_of(inner: Check) -> Check:
    """`not`."""

    def check(value: Any, place: str, found: list[Violation]) -> None:
        result: list[Violation] = []
        inner(value, place, result)
        if not result:
            found.append(Violation(place, "must not validate the schema (not)"))

    return check


def conditional(condition: Check, then: Check, otherwise: Check) -> Check:
    """`if`, `then` and `else`."""

    def check(value: Any, place: str, found: list[Violation]) -> None:
        result: list[Violation] = []
        condition(value, place, result)
        chosen: list[Violation] = []
        (otherwise if result else then)(value, place, chosen)
        if chosen:
            words = 'must validate "else" as "if" was not valid' if result else 'must validate "then" as "if" was valid'
            found.append(Violation(place, words))
            found += chosen

    return check


# -- values


def common_checks(schema: Mapping[str, Any]) -> list[Check]:
    """What is asked of values of any type: `const`, `enum`, `format`."""
    checks: list[Check] = []
    if "const" in schema:
        shown = json_text(schema["const"], escape_html=False).lower()
        checks.append(_one_of_values([schema["const"]], "does not match: " + shown))
    if "enum" in schema:
        values = schema["enum"]
        if not isinstance(values, list) or not values:
            raise SchemaError("enum must be of type array")
        shown = ", ".join(json_text(value, escape_html=False) for value in values).lower()
        checks.append(_one_of_values(values, "must be one of the following: " + shown))
    name = schema.get("format")
    if isinstance(name, str):

        def check_format(value: Any, place: str, found: list[Violation]) -> None:
            if isinstance(value, str) and not matches(name, value):
                found.append(Violation(place, f"does not match format '{name}'".lower()))

        checks.append(check_format)
    return checks


def _comparable(value: Any) -> Any:
    """A value that is equal to another where JSON says so."""
    number = _number(value)
    if number is not None:
        return number
    if isinstance(value, list):
        return ("array", *map(_comparable, value))
    if isinstance(value, dict):
        return ("object", *sorted((key, _comparable(item)) for key, item in value.items()))
    return (type_name(value), value)


def _one_of_values(values: list[Any], words: str) -> Check:
    def make() -> list[Any]:
        return [_comparable(value) for value in values]

    allowed = make()

    def check(value: Any, place: str, found: list[Violation]) -> None:
        if _comparable(value) not in allowed:
            found.append(Violation(place, f"{place.lower()} {words}"))

    return check


def _bound(schema: Mapping[str, Any], key: str) -> Fraction | None:
    value = schema.get(key)
    if value is None or isinstance(value, bool):
        return None
    number = _number(value)
    if number is None:
        raise SchemaError(f"{key} must be of type number")
    return number


def _shown(number: Fraction) -> str:
    try:
        return format_float(float(number), "g", -1)
    except OverflowError:
        return str(number)


def number_checks(schema: Mapping[str, Any]) -> list[Check]:
    """What is asked of numbers: `multipleOf` and bounds."""
    rules: list[tuple[Fraction, Callable[[Fraction, Fraction], bool], str]] = []
    if (step := _bound(schema, "multipleOf")) is not None:
        if step <= 0:
            raise SchemaError("multipleOf must be greater than 0")
        rules.append((step, lambda number, step: (number / step).denominator == 1, "must be a multiple of"))
    for key, strict_key, holds, strictly, words, strict_words in (
        (
            "maximum",
            "exclusiveMaximum",
            lambda number, bound: number <= bound,
            lambda number, bound: number < bound,
            "must be less than or equal to",
            "must be less than",
        ),
        (
            "minimum",
            "exclusiveMinimum",
            lambda number, bound: number >= bound,
            lambda number, bound: number > bound,
            "must be greater than or equal to",
            "must be greater than",
        ),
    ):
        bound = _bound(schema, key)
        if bound is not None:
            strict = schema.get(strict_key) is True
            rules.append((bound, strictly if strict else holds, strict_words if strict else words))
        if (bound := _bound(schema, strict_key)) is not None:
            rules.append((bound, strictly, strict_words))
    if not rules:
        return []

    def check(value: Any, place: str, found: list[Violation]) -> None:
        number = _number(value)
        if number is None:
            return
        for bound, holds, words in rules:
            if not holds(number, bound):
                found.append(Violation(place, f"{words} {_shown(bound)}"))

    return [check]


def _size(schema: Mapping[str, Any], key: str) -> int | None:
    value = schema.get(key)
    if value is None:
        return None
    number = _number(value)
    if number is None or number.denominator != 1 or number < 0:
        raise SchemaError(f"{key} must be of an integer")
    return int(number)


def string_checks(schema: Mapping[str, Any]) -> list[Check]:
    """What is asked of texts: lengths and `pattern`."""
    shortest, longest = _size(schema, "minLength"), _size(schema, "maxLength")
    pattern = schema.get("pattern")
    regexp = regexp_of(pattern) if isinstance(pattern, str) else None
    if shortest is None and longest is None and regexp is None:
        return []

    def check(value: Any, place: str, found: list[Violation]) -> None:
        if not isinstance(value, str):
            return
        if shortest is not None and len(value) < shortest:
            found.append(Violation(place, f"string length must be greater than or equal to {shortest}"))
        if longest is not None and len(value) > longest:
            found.append(Violation(place, f"string length must be less than or equal to {longest}"))
        if regexp is not None and regexp.search(value.encode("utf-8", "replace").decode()) is None:
            found.append(Violation(place, f"does not match pattern '{pattern}'".lower()))

    return [check]


# -- arrays


def each_item(inner: Check) -> Check:
    """`items`, one schema for all elements."""

    def check(value: Any, place: str, found: list[Violation]) -> None:
        if isinstance(value, list):
            for index, item in enumerate(value):
                inner(item, _below(place, index), found)

    return check


def positional(checks: list[Check], extra: Any, extra_check: Check) -> Check:
    """`items`, a schema for each place, and `additionalItems`."""

    def check(value: Any, place: str, found: list[Violation]) -> None:
        if not isinstance(value, list):
            return
        for index, (item, inner) in enumerate(zip(value, checks, strict=False)):
            inner(item, _below(place, index), found)
        if len(value) > len(checks):
            if extra is False:
                found.append(Violation(place, "no additional items allowed on array"))
                return
            for index in range(len(checks), len(value)):
                extra_check(value[index], _below(place, index), found)

    return check


def array_sizes(schema: Mapping[str, Any]) -> list[Check]:
    """What is asked of arrays as wholes: sizes, `uniqueItems`."""
    fewest, most = _size(schema, "minItems"), _size(schema, "maxItems")
    unique = schema.get("uniqueItems") is True
    if fewest is None and most is None and not unique:
        return []

    def check(value: Any, place: str, found: list[Violation]) -> None:
        if not isinstance(value, list):
            return
        if fewest is not None and len(value) < fewest:
            found.append(Violation(place, f"array must have at least {fewest} items"))
        if most is not None and len(value) > most:
            found.append(Violation(place, f"array must have at most {most} items"))
        if unique:
            seen: dict[Any, int] = {}
            for index, item in enumerate(map(_comparable, value)):
                if item in seen:
                    found.append(Violation(place, f"array items[{seen[item]},{index}] must be unique"))
                seen[item] = index

    return [check]


def contains(inner: Check) -> Check:
    """`contains`."""

    def check(value: Any, place: str, found: list[Violation]) -> None:
        if not isinstance(value, list):
            return
        results: list[list[Violation]] = []
        for index, item in enumerate(value):
            result: list[Violation] = []
            inner(item, _below(place, index), result)
            if not result:
                return
            results.append(result)
        found.append(Violation(place, "at least one of the items must match"))
        if results:
            found += _closest(results)

    return check


# -- objects


def object_sizes(schema: Mapping[str, Any]) -> list[Check]:
    """What is asked of objects as wholes: sizes, `required`."""
    fewest, most = _size(schema, "minProperties"), _size(schema, "maxProperties")
    required = schema.get("required", [])
    if not isinstance(required, list):
        raise SchemaError("required must be of an array")
    if fewest is None and most is None and not required:
        return []

    def check(value: Any, place: str, found: list[Violation]) -> None:
        if not isinstance(value, dict):
            return
        if fewest is not None and len(value) < fewest:
            found.append(Violation(place, f"must have at least {fewest} properties"))
        if most is not None and len(value) > most:
            found.append(Violation(place, f"must have at most {most} properties"))
        for name in required:
            if name not in value:
                found.append(Violation(place, f"{name} is required".lower(), name))

    return [check]


def properties(checks: Mapping[str, Check]) -> Check:
    """`properties`."""

    def check(value: Any, place: str, found: list[Violation]) -> None:
        if isinstance(value, dict):
            for name, inner in checks.items():
                if name in value:
                    inner(value[name], _below(place, name), found)

    return check


def other_properties(known: set[str], patterns: list[tuple[Any, Check]], closed: bool, extra_check: Check) -> Check:
    """`patternProperties` and `additionalProperties`."""

    def check(value: Any, place: str, found: list[Violation]) -> None:
        if not isinstance(value, dict):
            return
        for name, item in value.items():
            matched = False
            for regexp, inner in patterns:
                if regexp.search(name) is not None:
                    matched = True
                    inner(item, _below(place, name), found)
            if matched or name in known:
                continue
            if closed:
                found.append(Violation(place, f"additional property {name} is not allowed".lower(), name))
            else:
                extra_check(item, _below(place, name), found)

    return check


def property_names(inner: Check) -> Check:
    """`propertyNames`."""

    def check(value: Any, place: str, found: list[Violation]) -> None:
        if not isinstance(value, dict):
            return
        for name in value:
            result: list[Violation] = []
            inner(name, place, result)
            if result:
                found.append(Violation(place, f'property name of "{name}" does not match'.lower(), name))
                found += result

    return check
