"""JSON Schema, JSON paths, and what is inferred from values."""

from __future__ import annotations

import json
from typing import Any

import pytest


@pytest.mark.parametrize(
    ("schema", "value", "problems"),
    [
        ({"type": "string"}, 5, "(root) invalid type. expected: string, given: integer"),
        ({"type": ["string", "null"]}, 5.5, "(root) invalid type. expected: [string,null], given: number"),
        ({"type": "integer"}, 5.0, None),
        (
            {"required": ["b"], "properties": {"a": {"type": "string"}}},
            {"a": 5},
            "(root) b is required\na invalid type. expected: string, given: integer",
        ),
        ({"properties": {"a": {"items": {"minimum": 3}}}}, {"a": [5, 1]}, "a.1 must be greater than or equal to 3"),
        ({"enum": ["a", 1]}, "c", '(root) (root) must be one of the following: "a", 1'),
        ({"pattern": "^x"}, "abc", "(root) does not match pattern '^x'"),
        ({"minLength": 2, "maxLength": 1}, "é", "(root) string length must be greater than or equal to 2"),
        ({"oneOf": [{"type": "string"}, {"minimum": 3}]}, "a", "(root) must validate one and only one schema (oneof)"),
        (
            {"anyOf": [{"type": "string"}, {"minimum": 3}]},
            1,
            "(root) must validate at least one schema (anyof)\n(root) must be greater than or equal to 3",
        ),
        ({"not": {"type": "string"}}, "a", "(root) must not validate the schema (not)"),
        ({"uniqueItems": True}, [1, 2, 1.0], "(root) array items[0,2] must be unique"),
        (
            {"definitions": {"x": {"type": "string"}}, "items": {"$ref": "#/definitions/x"}},
            ["a", 1],
            "1 invalid type. expected: string, given: integer",
        ),
        (
            {"if": {"required": ["a"]}, "then": {"required": ["b"]}},
            {"a": 1},
            '(root) must validate "then" as "if" was valid\n(root) b is required',
        ),
        ({"format": "date"}, "2020-13-01", "(root) does not match format 'date'"),
        ({"multipleOf": 0.1}, 0.3, None),
        ({"exclusiveMinimum": True, "minimum": 3}, 3, "(root) must be greater than 3"),
        ({"const": {"a": 1}}, {"a": 1.0}, None),
        ({"dependencies": {"a": ["b"]}}, {"a": 1}, "(root) has a dependency on b"),
        (False, 1, "(root) false always fails validation"),
    ],
)
def test_json_schema(evaluate: Any, schema: Any, value: Any, problems: str | None) -> None:
    found = evaluate("this.v.json_schema(this.s)", {"v": value, "s": json.dumps(schema)})
    assert found == (value if problems is None else f"error: field `this.v`: {problems}")


@pytest.mark.parametrize(
    "schema", ["", "b", "5", '{"type":"text"}', '{"$ref":"#/nope"}', '{"$ref":"http://x/y"}', '{"pattern":"("}']
)
def test_what_is_no_schema_is_refused(evaluate: Any, schema: str) -> None:
    found = evaluate("this.v.json_schema(this.s)", {"v": 1, "s": schema})
    assert found.startswith("error: failed to parse json schema definition: ")


def test_schemas_without_end_stop(evaluate: Any) -> None:
    assert evaluate('this.json_schema("""{"$ref":"#"}""")', 1).startswith("error: ")


@pytest.mark.parametrize(
    ("path", "result"),
    [
        ("$.a[0].b", 1),
        ("$.a[-1].b", 2),
        ("$.a[*].b", [1, 2]),
        ("$..b", ["x", 1, 2]),
        ("$.a[?(@.b > 1 && @.b < 3)].b", [2]),
        ("$.a[?(@.b == 1 || @.c == 'y')]", [{"b": 1}]),
        ("$.a[0:1]", [{"b": 1}]),
        ('$["b"]', "x"),
        ("$.a[0,1].b", [1, 2]),
        ("$.a[1].b + $.a[0].b * 2", 4.0),
        ("$.q", "error: unknown key q"),
        ("$.a[9]", "error: index 9 out of bounds"),
        (
            "$[",
            "error: failed to evaluate json path expression: "
            "parsing error: $[\t:1:3 - 1:3 unexpected EOF while scanning extensions",
        ),
    ],
)
def test_json_path(evaluate: Any, path: str, result: Any) -> None:
    document = {"a": [{"b": 1}, {"b": 2}], "b": "x"}
    assert evaluate("this.d.json_path(this.p)", {"d": document, "p": path}) == result


def test_infer_schema(evaluate: Any) -> None:
    found = evaluate("this.infer_schema()", {"b": "x", "a": [1, 2]})
    assert found["type"] == "OBJECT"
    assert [child["name"] for child in found["children"]] == ["a", "b"]
    assert evaluate('["a", 1].infer_schema()') == "error: .1 mismatched array types, found STRING and INT64"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"a": 1, "b": 2}, {"a": 1, "c": 3}),
        ([1, 2, 3], [3, 4]),
        ({"a": {"b": [1, {"c": 2}]}}, {"a": {"b": [1, {"c": 5}]}}),
        ("x", "y"),
    ],
)
def test_patches_make_the_other_value(evaluate: Any, before: Any, after: Any) -> None:
    found = evaluate("this.b.patch(this.b.diff(this.a))", {"b": before, "a": after})
    assert found == after or sorted(map(str, found)) == sorted(map(str, after))
