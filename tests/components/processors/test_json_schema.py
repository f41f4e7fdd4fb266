"""Processor `json_schema`: messages checked by a schema."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from headwater.errors import ConfigError
from headwater.jsonschemas import Schema, SchemaError


def check(schema: dict[str, Any], document: Any) -> list[str]:
    """What is wrong with a document."""
    return [f"{each.field} {each.text}" for each in Schema(json.dumps(schema).encode()).violations(document)]


def test_messages_are_marked_and_never_changed(outcomes: Callable[..., Any]) -> None:
    schema = json.dumps({"required": ["b"], "properties": {"a": {"type": "integer"}}, "additionalProperties": False})
    results = outcomes(f"- json_schema: {{schema: '{schema}'}}", "[]", '{ "a": "x", "c": 1}', "bad")
    assert results[0] == ("[]", "")
    assert results[1][0] == '{ "a": "x", "c": 1}'
    assert sorted(results[1][1].splitlines()) == [
        "(root) b is required",
        "(root) cadditional property c is not allowed",
        "a invalid type. expected: integer, given: string",
    ]
    assert results[2][1] == "invalid character 'b' looking for beginning of value"


@pytest.mark.parametrize(
    ("schema", "document", "errors"),
    [
        ({"type": ["string", "null"]}, 5, ["(root) invalid type. expected: [string,null], given: integer"]),
        ({"type": "number"}, 5, []),
        ({"minimum": 1, "maximum": 2}, 3, ["(root) must be less than or equal to 2"]),
        ({"exclusiveMinimum": 1}, 1, ["(root) must be greater than 1"]),
        ({"minimum": 1, "exclusiveMinimum": True}, 1, ["(root) must be greater than 1"]),
        ({"multipleOf": 0.1}, 0.3, []),
        ({"multipleOf": 2}, 5, ["(root) must be a multiple of 2"]),
        (
            {"minLength": 2, "pattern": "^a"},
            "é",
            [
                "(root) string length must be greater than or equal to 2",
                "(root) does not match pattern '^a'",
            ],
        ),
        ({"enum": ["a", 1]}, 1, []),
        ({"enum": ["a", 1]}, True, ['(root) (root) must be one of the following: "a", 1']),
        ({"const": {"a": [1]}}, {"a": [2]}, ['(root) (root) does not match: {"a":[1]}']),
        ({"items": {"type": "number"}}, [1, "a"], ["1 invalid type. expected: number, given: string"]),
        (
            {"items": [{"type": "number"}], "additionalItems": False},
            [1, 2],
            ["(root) no additional items allowed on array"],
        ),
        (
            {"maxItems": 1, "uniqueItems": True},
            [1, 1],
            [
                "(root) array must have at most 1 items",
                "(root) array items[0,1] must be unique",
            ],
        ),
        (
            {"contains": {"const": 1}},
            [2],
            [
                "(root) at least one of the items must match",
                "0 0 does not match: 1",
            ],
        ),
        (
            {"properties": {"a": {"properties": {"b": {"type": "null"}}}}},
            {"a": {"b": 1}},
            [
                "a.b invalid type. expected: null, given: integer",
            ],
        ),
        (
            {"patternProperties": {"^x": {"type": "number"}}},
            {"xa": "1"},
            [
                "xa invalid type. expected: number, given: string",
            ],
        ),
        (
            {"propertyNames": {"maxLength": 1}},
            {"ab": 1},
            [
                '(root) property name of "ab" does not match',
                "(root) string length must be less than or equal to 1",
            ],
        ),
        (
            {"minProperties": 1, "required": ["a"]},
            {},
            ["(root) must have at least 1 properties", "(root) a is required"],
        ),
        ({"dependencies": {"a": ["b"]}}, {"a": 1}, ["(root) has a dependency on b"]),
        ({"dependencies": {"a": {"required": ["c"]}}}, {"a": 1}, ["(root) c is required"]),
        (
            {"anyOf": [{"type": "string"}, {"type": "null"}]},
            1,
            [
                "(root) must validate at least one schema (anyof)",
                "(root) invalid type. expected: string, given: integer",
            ],
        ),
        (
            {"allOf": [{"minimum": 2}]},
            1,
            [
                "(root) must be greater than or equal to 2",
                "(root) must validate all the schemas (allof)",
            ],
        ),
        ({"not": {"type": "null"}}, None, ["(root) must not validate the schema (not)"]),
        (
            {"if": {"required": ["a"]}, "then": {"required": ["b"]}},
            {"a": 1},
            [
                '(root) must validate "then" as "if" was valid',
                "(root) b is required",
            ],
        ),
        ({"properties": {"a": False}}, {"a": 1}, ["a false always fails validation"]),
        ({"format": "date-time"}, "2020-01-01T00:00:00Z", []),
        ({"format": "ipv4"}, "1.2.3", ["(root) does not match format 'ipv4'"]),
        ({"format": "email"}, "a@b", []),
        ({"format": "no-such"}, "a", []),
        (
            {"definitions": {"p": {"type": "integer"}}, "$ref": "#/definitions/p"},
            "a",
            [
                "(root) invalid type. expected: integer, given: string",
            ],
        ),
    ],
)
def test_keywords(schema: dict[str, Any], document: Any, errors: list[str]) -> None:
    assert check(schema, document) == errors


def test_schemas_that_refer_to_themselves() -> None:
    tree = {"type": "object", "properties": {"kids": {"items": {"$ref": "#"}}}}
    assert check(tree, {"kids": [{}, {"kids": [5]}]}) == [
        "kids.1.kids.0 invalid type. expected: object, given: integer"
    ]
    assert check({"$ref": "#"}, 1) == ["(root) schema or document is nested too deeply"]


def test_references_by_name() -> None:
    schema = {
        "$id": "http://x/a.json",
        "$ref": "#/definitions/b",
        "definitions": {"b": {"$id": "b.json", "type": "null"}},
    }
    assert check({**schema, "$ref": "b.json"}, 1) == ["(root) invalid type. expected: null, given: integer"]


def test_files_and_what_they_refer_to(contents: Callable[..., list[str]], tmp_path: Path, outcomes: Any) -> None:
    (tmp_path / "a.json").write_text('{"properties": {"x": {"$ref": "b.json#/definitions/n"}}}')
    (tmp_path / "b.json").write_text('{"definitions": {"n": {"type": "number"}}}')
    results = outcomes(f"- json_schema: {{schema_path: 'file://{tmp_path}/a.json'}}", '{"x":"a"}')
    assert results == [('{"x":"a"}', "x invalid type. expected: number, given: string")]


@pytest.mark.parametrize(
    "schema",
    [
        b"",
        b"5",
        b'{"type": "text"}',
        b'{"pattern": "("}',
        b'{"$ref": "#/nope"}',
        b'{"minLength": -1}',
        b'{"not":' * 600 + b"{}" + b"}" * 600,
    ],
)
def test_what_is_no_schema(schema: bytes) -> None:
    with pytest.raises(SchemaError):
        Schema(schema)


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ("", "either schema or schema_path must be provided"),
        ("schema_path: a.json", "must start with file:// or http://"),
        ("schema_path: 'file:///no/where.json'", "open /no/where.json: no such file or directory"),
        ("schema: '{'", "failed to load JSON schema definition: unexpected EOF"),
    ],
)
def test_what_cannot_be_built(contents: Callable[..., list[str]], fields: str, error: str) -> None:
    with pytest.raises(ConfigError) as caught:
        contents(f"- json_schema: {{{fields}}}", "x")
    assert error in str(caught.value)
