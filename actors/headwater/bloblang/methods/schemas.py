"""Schemas: of JSON Schema, which values are held against, and such as a value itself suggests."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from headwater.bloblang.errors import BloblangError
from headwater.bloblang.registry import Example, Param, method
from headwater.bloblang.targets import PARSING, STRUCTURES
from headwater.bloblang.values import Float32, Timestamp, UInt64, encode_text, is_number, json_text, number


def _json_schema(schema: str) -> Callable[[Any], Any]:
    from headwater.documents import json_problem
    from headwater.jsonschemas import Schema, SchemaError, Violation

    raw = encode_text(schema)
    problem = json_problem(raw, trailing=True)
    try:
        if problem is not None:
            raise SchemaError(problem)
        compiled = Schema(raw)
    except SchemaError as error:
        raise BloblangError(f"failed to parse json schema definition: {error}", annotated=True) from None

    def words(violation: Violation) -> str:
        # The reference puts the property's own spelling before a text that may begin otherwise.
        text = violation.text
        if violation.property is not None:
            text = violation.property + text.removeprefix(violation.property.lower())
        return f"{violation.field} {text}"

    def check(target: Any) -> Any:
        violations = compiled.violations(_as_json(target))
        if violations:
            raise BloblangError("\n".join(map(words, violations)))
        return target

    return check


def _as_json(value: Any) -> Any:
    """A value as its JSON would be read again."""
    kind = type(value)
    if kind is dict:
        return {key: _as_json(item) for key, item in value.items()}
    if kind is list:
        return [_as_json(item) for item in value]
    if kind is bytes:
        return json_text(value)[1:-1]
    return value.text() if kind is Timestamp else value


method(
    "json_schema",
    Param("schema", "string", "The schema, as JSON."),
    target="any",
    constructor=True,
    category=STRUCTURES,
    receives=("any",),
    status="beta",
    summary="The value, or a failure where it does not fit a JSON schema.",
    examples=[
        Example(
            "",
            'root = this.json_schema("""{"type":"object","properties":{"foo":{"type":"string"}}}""")',
            ('{"foo":"bar"}', '{"foo":"bar"}'),
            (
                '{"foo":5}',
                'Error("failed assignment (line 1): field `this`: foo invalid type. expected: string, given: integer")',
            ),
        )
    ],
)(_json_schema)


# Schemas of values ---------------------------------------------------------------------------------------------------

_CODES = {
    "BOOLEAN": 1,
    "INT32": 2,
    "INT64": 3,
    "FLOAT32": 4,
    "FLOAT64": 5,
    "STRING": 6,
    "BYTE_ARRAY": 7,
    "OBJECT": 8,
    "ARRAY": 10,
    "NULL": 11,
    "TIMESTAMP": 13,
}


class _Inferred:
    """The type of a value, and those of its parts."""

    __slots__ = ("children", "kind", "name")

    def __init__(self, name: str, kind: str) -> None:
        self.name = name
        self.kind = kind
        self.children: list[_Inferred] = []

    def canonical(self) -> str:
        """The text that fingerprints are made of."""
        inner = "".join(f"[{index}:{child.canonical()}]" for index, child in enumerate(self.children))
        return f"T:{_CODES[self.kind]}|N:{self.name}|O:0|C:{len(self.children)}|{inner}"

    def value(self) -> dict[str, Any]:
        """The schema as an object."""
        fingerprint = hashlib.sha256(encode_text(self.canonical())).hexdigest()
        result: dict[str, Any] = {"type": self.kind, "fingerprint": fingerprint}
        if self.name:
            result["name"] = self.name
        if self.children:
            result["children"] = [child.value() for child in self.children]
        return result


def _scalar_kind(value: Any) -> str:
    if value is None:
        return "NULL"
    if type(value) is bool:
        return "BOOLEAN"
    if type(value) is Float32:
        return "FLOAT32"
    if is_number(value):
        plain = number(value)
        if type(plain) is UInt64:
            raise BloblangError(" unsupported data type: uint64")
        return "FLOAT64" if type(plain) is float else "INT64"
    kinds: dict[type, str] = {str: "STRING", bytes: "BYTE_ARRAY", Timestamp: "TIMESTAMP"}
    return kinds.get(type(value), "NULL")


def _infer(name: str, value: Any, depth: int) -> _Inferred:
    if depth > 200:
        raise BloblangError(" value is nested too deeply")
    if type(value) is list:
        made = _Inferred(name, "ARRAY")
        for index, item in enumerate(value):
            child = _inner(f".{index}", "", item, depth)
            if index == 0:
                made.children = [child]
            elif made.children[0].kind != child.kind:
                raise BloblangError(f".{index} mismatched array types, found {made.children[0].kind} and {child.kind}")
        return made
    if type(value) is dict:
        made = _Inferred(name, "OBJECT")
        made.children = [_inner(f".{key}", key, value[key], depth) for key in sorted(value, key=encode_text)]
        return made
    return _Inferred(name, _scalar_kind(value))


def _inner(place: str, name: str, value: Any, depth: int) -> _Inferred:
    try:
        return _infer(name, value, depth + 1)
    except BloblangError as error:
        raise BloblangError(place + error.text) from None


@method(
    "infer_schema",
    target="any",
    bare=True,
    category=PARSING,
    receives=("any",),
    summary="A schema that fits a value: its type and those of its parts, with fingerprints.",
    examples=[
        Example("", "root.type = this.infer_schema().type", ('{"foo":"bar"}', '{"type":"OBJECT"}')),
    ],
)
def infer_schema(target: Any) -> dict[str, Any]:
    return _infer("", target, 0).value()


# Paths ---------------------------------------------------------------------------------------------------------------


def _json_path(expression: str) -> Callable[[Any], Any]:
    from headwater.bloblang.jsonpath import compile_path

    return compile_path(expression)


method(
    "json_path",
    Param("expression", "string", "The path."),
    target="any",
    bare=True,
    constructor=True,
    category=STRUCTURES,
    receives=("any",),
    status="experimental",
    summary="What a JSON path leads to.",
    examples=[
        Example(
            "",
            'root.all_names = this.json_path("$..name")',
            ('{"name":"alice","foo":{"name":"bob"}}', '{"all_names":["alice","bob"]}'),
        ),
        Example(
            "",
            "root.text_objects = this.json_path(\"$.body[?(@.type=='text')]\")",
            (
                '{"body":[{"type":"image","id":"foo"},{"type":"text","id":"bar"}]}',
                '{"text_objects":[{"id":"bar","type":"text"}]}',
            ),
        ),
    ],
)(_json_path)
