"""Processor `jmespath`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from headwater.errors import ConfigError


@pytest.mark.parametrize(
    ("query", "result"),
    [
        ("a.b[1]", "2"),
        ("nope", "null"),
        ("a.b[?@ > `1`]", "[2,3]"),
        ("join('-', [s, s])", '"x-x"'),
        ("{x: s, n: length(a.b)}", '{"n":3,"x":"x"}'),
        ("f", "1.5"),
    ],
)
def test_results(contents: Callable[..., list[str]], query: str, result: str) -> None:
    assert contents(f'- jmespath: {{query: "{query}"}}', '{"a":{"b":[1,2,3]},"s":"x","f":1.50}') == [result]


def test_a_query_that_fails_marks_the_message(outcomes: Callable[..., Any]) -> None:
    assert outcomes("- jmespath: {query: length(a)}", "{}", "bad") == [
        ("{}", 'Invalid type for: <nil>, expected: []jmespath.jpType{"string", "array", "object"}'),
        ("bad", "invalid character 'b' looking for beginning of value"),
    ]


def test_what_cannot_be_built(contents: Callable[..., list[str]]) -> None:
    with pytest.raises(ConfigError, match="failed to compile JMESPath query: SyntaxError: Incomplete expression"):
        contents("- jmespath: {query: 'a.['}", "{}")


def test_documents_that_are_too_deep_are_marked_and_others_are_not(outcomes: Callable[..., Any]) -> None:
    deep = "[" * 900 + "]" * 900
    assert outcomes("- jmespath: {query: '@'}", "[1]", deep, "[2]") == [
        ("[1]", ""),
        (deep, "document is nested too deeply"),
        ("[2]", ""),
    ]


@pytest.mark.parametrize(
    ("query", "payload", "content", "error"),
    [
        ("keys(@)", "[1.50,1e3]", "[1.5,1000]", 'Invalid type for: [1.5 1000], expected: []jmespath.jpType{"object"}'),
        ("keys(@)", "null", "", 'Invalid type for: <nil>, expected: []jmespath.jpType{"object"}'),
        ("join(',', @)", '["a",1]', '["a",1]', 'Invalid type for: [a 1], expected: []jmespath.jpType{"array[string]"}'),
        ("sort_by(@, &a)", '[{"a":[]}]', '[{"a":[]}]', "invalid type, must be number of string"),
        ("[::0]", "[1]", "[1]", "Invalid slice, step cannot be 0"),
    ],
)
def test_failures_name_what_does_not_fit(
    outcomes: Callable[..., list[tuple[str, str]]], query: str, payload: str, content: str, error: str
) -> None:
    assert outcomes(f'- jmespath: {{query: "{query}"}}', payload) == [(content, error)]
