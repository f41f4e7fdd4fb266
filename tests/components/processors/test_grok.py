"""Processor `grok`: values out of texts by named patterns."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from headwater.components.grok_expressions import Compiler
from headwater.components.grok_patterns import PATTERNS
from headwater.errors import ConfigError


def test_values_and_types(contents: Callable[..., list[str]]) -> None:
    processors = "- grok: {expressions: ['%{IP:ip} %{WORD:verb} %{INT:code:int} %{NUMBER:t:float}']}"
    assert contents(processors, "::1 GET 200 0.5") == ['{"code":200,"ip":"::1","t":0.5,"verb":"GET"}']


def test_the_first_expression_that_fits(outcomes: Callable[..., Any]) -> None:
    processors = "- grok: {expressions: ['^%{INT:n:int}$', '^%{WORD:w}$']}"
    assert outcomes(processors, "12", "ab", "- -") == [
        ('{"n":12}', ""),
        ('{"w":"ab"}', ""),
        ("- -", "no pattern matches found"),
    ]


def test_a_value_of_the_wrong_type_is_no_match(outcomes: Callable[..., Any]) -> None:
    assert outcomes("- grok: {expressions: ['%{WORD:n:int}']}", "x") == [("x", "no pattern matches found")]


def test_dots_make_objects(contents: Callable[..., list[str]]) -> None:
    processors = "- grok: {expressions: ['%{WORD:a.b} %{WORD:a.c}']}"
    assert contents(processors, "x y") == ['{"a":{"b":"x","c":"y"}}']


def test_unnamed_patterns_and_empty_values(contents: Callable[..., list[str]]) -> None:
    processors = """
- grok:
    expressions: ['(%{WORD:a})?,%{INT}']
    named_captures_only: false
    remove_empty_values: false
"""
    assert json.loads(contents(processors, ",5")[0]) == {"a": "", "INT": "5"}


def test_patterns_of_ones_own(contents: Callable[..., list[str]], tmp_path: Path) -> None:
    (tmp_path / "more").write_text("# comment\nZIP [0-9]{5}\n")
    processors = f"""
- grok:
    expressions: ['%{{PLACE:place}} %{{ZIP:zip}}']
    pattern_definitions: {{PLACE: '[a-z]+'}}
    pattern_paths: ['{tmp_path}']
"""
    assert contents(processors, "here 12345") == ['{"place":"here","zip":"12345"}']


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ("expressions: ['%{NOPE:x}']", "failed to compile Grok pattern '%{NOPE:x}': no pattern found for %{NOPE}"),
        ("expressions: ['%{INT}'], use_default_patterns: false", "no pattern found for %{INT}"),
        ("expressions: ['(']", "failed to compile Grok pattern '(': error parsing regexp"),
        (
            "expressions: ['a'], pattern_definitions: {A: '%{B}'}",
            "failed to create grok compiler: no pattern found for %{B}",
        ),
        ("expressions: ['%{A}'], pattern_definitions: {A: '%{A}'}", "no pattern found for %{A}"),
        ("expressions: ['a'], pattern_paths: ['/nowhere']", "stat /nowhere: no such file or directory"),
    ],
)
def test_what_cannot_be_built(contents: Callable[..., list[str]], fields: str, error: str) -> None:
    with pytest.raises(ConfigError) as caught:
        contents(f"- grok: {{{fields}}}", "x")
    assert error in str(caught.value)


@pytest.mark.parametrize("name", sorted(PATTERNS))
def test_every_pattern_compiles(name: str) -> None:
    expression = Compiler(PATTERNS, True, False).compile(f"%{{{name}:x}}")
    assert "x" in {name for _, name, _ in expression._captures}


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("MONTH", "in June it", "June"),
        ("WINPATH", r"s dfqs c:\winfows\sdf.txt", r"c:\winfows\sdf.txt"),
        ("UNIXPATH", "s dfqs /usr/lib sqfd", "/usr/lib"),
        ("YEAR", "s d79fq4999s", "79"),
        ("TIMESTAMP_ISO8601", "at 2013-11-06 04:50:17,1599sd", "2013-11-06 04:50:17,1599"),
        ("MAC", "x 01:02:03:04:ab:cf y", "01:02:03:04:ab:cf"),
        ("QUOTEDSTRING", 'qs fk"lkj"mkj', '"lkj"'),
        ("BASE10NUM", "qsfd8080qsfd", "8080"),
        ("EMAILADDRESS", "to a.b+c@example.com.", "a.b+c@example.com."),
        ("URI", "see https://u:p@example.com:80/a/b?c=d", "https://u:p@example.com:80/a/b?c=d"),
        ("IPV6", "at fe80::1ff:fe23:4567:890a now", "fe80::1ff:fe23:4567:890a"),
        ("UUID", "id 123e4567-e89b-12d3-a456-426614174000", "123e4567-e89b-12d3-a456-426614174000"),
        ("LOGLEVEL", "12 WARNING x", "WARNING"),
        ("HTTPDATE", "[10/Oct/2000:13:55:36 -0700]", "10/Oct/2000:13:55:36 -0700"),
    ],
)
def test_what_patterns_match(name: str, text: str, value: str) -> None:
    assert Compiler(PATTERNS, True, False).compile(f"%{{{name}:x}}").values(text)["x"] == value


def test_access_logs(contents: Callable[..., list[str]]) -> None:
    line = '127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /a.gif HTTP/1.0" 200 2326 "http://x/" "Agent 1"'
    found = json.loads(contents("- grok: {expressions: ['%{COMBINEDAPACHELOG}']}", line)[0])
    assert (found["clientip"], found["request"], found["bytes"], found["agent"]) == (
        "127.0.0.1",
        "/a.gif",
        "2326",
        '"Agent 1"',
    )
    assert "rawrequest" not in found


def test_hostile_input_takes_no_longer(outcomes: Callable[..., Any]) -> None:
    [(_, error)] = outcomes("- grok: {expressions: ['^(%{WORD:a}+)+$']}", "a" * 20000 + "!")
    assert error == "no pattern matches found"
