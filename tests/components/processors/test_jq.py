"""Processor `jq`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from headwater.errors import ConfigError
from headwater.message import Message


@pytest.mark.parametrize(
    ("query", "result"),
    [
        (".a.b[0]", "1"),
        (".a.b[]", "[1,2,3]"),
        (".nope", "null"),
        ("{x: .s, n: (.a.b | length)}", '{"n":3,"x":"x"}'),
        ("to_entries | map(.key)", '["a","s"]'),
        (".a.b | map(. * 2) | add / 4", "3"),
        ("[.a.b[] | . / 2]", "[0.5,1,1.5]"),
    ],
)
def test_results(contents: Callable[..., list[str]], query: str, result: str) -> None:
    assert contents(f"- jq: {{query: '{query}'}}", '{"s":"x","a":{"b":[1,2,3]}}') == [result]


def test_no_result_drops_the_message(contents: Callable[..., list[str]]) -> None:
    assert contents("- jq: {query: 'select(.a == 1)'}", '{"a":1}', '{"a":2}', count=1) == ['{"a":1}']


def test_numbers_stay_as_they_were_written(contents: Callable[..., list[str]]) -> None:
    numbers = ["123456789012345678", "1.0", "1e400", "-99999999999999999999", "0.10"]
    assert contents("- jq: {query: .n}", *(f'{{"n":{number}}}' for number in numbers)) == numbers


def test_metadata(process: Callable[..., list[Message]]) -> None:
    [message] = process("- jq: {query: '[$metadata.k, .a]  # both'}", '{"a":1}', metadata={"k": "v"})
    assert message.content() == b'["v",1]'
    assert message.metadata == {"k": "v"}


def test_raw(contents: Callable[..., list[str]]) -> None:
    assert contents("- jq: {query: '. + \"!\"', raw: true, output_raw: true}", "not json") == ["not json!"]


def test_raw_results(contents: Callable[..., list[str]]) -> None:
    payload = '["<a>",{"b":1.50,"c":"<"},"c"]'
    assert contents("- jq: {query: '.[]', output_raw: true}", payload) == ['<a>{"b":1.50,"c":"\\u003c"}c']


@pytest.mark.parametrize(
    ("query", "error"),
    [
        (".s + 1", 'cannot add: string ("x") and number (1)'),
        (".s | keys", 'keys cannot be applied to: string ("x")'),
        (".s | .[]", 'cannot iterate over: string ("x")'),
        ("1 / 0", "cannot divide number (1) by: number (0)"),
        ('error("boom")', "error: boom"),
        ("error({a: 1})", 'error: {"a":1}'),
    ],
)
def test_a_query_that_fails_marks_the_message(outcomes: Callable[..., Any], query: str, error: str) -> None:
    assert outcomes(f"- jq: {{query: '{query}'}}", '{ "s":"x"}') == [('{ "s":"x"}', error)]


def test_what_is_no_document_is_marked(outcomes: Callable[..., Any]) -> None:
    assert outcomes("- jq: {query: .}", "bad", "") == [
        ("bad", "invalid character 'b' looking for beginning of value"),
        ("", "target message part does not exist"),
    ]


@pytest.mark.parametrize(
    ("query", "error"),
    [
        (".a[", "error parsing jq query: unexpected EOF"),
        (".a b", 'error parsing jq query: unexpected token "b"'),
        ("(1))", 'error parsing jq query: unexpected token ")"'),
        ("foo", "error compiling jq query: function not defined: foo/0"),
        ("$x", "error compiling jq query: variable not defined: $x"),
    ],
)
def test_what_cannot_be_built(contents: Callable[..., list[str]], query: str, error: str) -> None:
    with pytest.raises(ConfigError) as caught:
        contents(f"- jq: {{query: '{query}'}}", "{}")
    assert error in str(caught.value)


def test_the_environment_is_not_shown(contents: Callable[..., list[str]]) -> None:
    assert contents("- jq: {query: '[env, $ENV, $ENV.PATH, env.PATH, .a]'}", '{"a":1}') == ["[{},{},null,null,1]"]


@pytest.mark.parametrize(
    ("query", "payload", "error"),
    [
        (".a", "[1,2]", "expected an object but got: array ([1,2])"),
        (".a.b[0].c", '{"a":{"b":["x"]}}', 'expected an object but got: string ("x")'),
        (".[0] + 1", '{"a":1}', 'expected an array but got: object ({"a":1})'),
        (
            ".a",
            '"0123456789012345678901234567890"',
            'expected an object but got: string ("012345678901234567890123 ...")',
        ),
        ("ascii_downcase", "[1]", "ascii_downcase cannot be applied to: array ([1])"),
        ("fromjson", "5", "fromjson cannot be applied to: number (5)"),
    ],
)
def test_failures_show_the_value(
    outcomes: Callable[..., list[tuple[str, str]]], query: str, payload: str, error: str
) -> None:
    assert outcomes(f"- jq: {{query: '{query}'}}", payload) == [(payload, error)]
