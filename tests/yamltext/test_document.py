"""Texts become trees with positions, whatever their style, and bad ones an error within a moment."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from headwater.errors import SyntaxProblem
from headwater.yamltext.document import parse_document
from headwater.yamltext.limits import Limits


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"),
        ("off", "off"),
        ("12:30", "12:30"),
        ("True", True),
        ("~", None),
        ("null", None),
        ("0x1F", 31),
        ("0o17", 15),
        ("017", 15),
        ("1_000", 1000),
        ("+7", 7),
        ("-0b11", -3),
        ("1e3", 1000),
        ("1.50", 1.5),
        (".5", 0.5),
        ("09", 9),
        ("'5'", "5"),
        ("!!str 5", "5"),
        ("!!int '5'", 5),
        ("!!binary aGVsbG8=", "hello"),
        ("18446744073709551615", 18446744073709551615),
        ("99999999999999999999", 1e20),
        ("9" * 5_000, "9" * 5_000),
        ("2020-01-01", "2020-01-01T00:00:00Z"),
        ("2020-01-01T10:00:00.5+02:00", "2020-01-01T10:00:00.5+02:00"),
        ("2020-13-01", "2020-13-01"),
        (".inf", float("inf")),
        ("<<", "<<"),
        ("0x", "0x"),
        ("1.2.3", "1.2.3"),
    ],
)
def test_scalars_are_typed_as_go_yaml_does(text: str, value: Any) -> None:
    assert parse_document(f"a: {text}").plain() == {"a": value}


def test_positions_count_from_one() -> None:
    node = parse_document("input:\n  generate:\n    mapping: |\n      root = 1\n")
    mapping = node.get("input").get("generate").get("mapping")  # type: ignore[union-attr]
    assert mapping is not None
    assert (mapping.line, mapping.column, mapping.style, mapping.value) == (3, 14, "|", "root = 1\n")


def test_json_has_positions_too() -> None:
    node = parse_document('{\n\t"input": {"stdin":\n\t\t{"codec": "a\\nb"}}}')
    codec = node.get("input").get("stdin").get("codec")  # type: ignore[union-attr]
    assert codec is not None
    assert (codec.line, codec.column, codec.value) == (3, 13, "a\nb")


@pytest.mark.parametrize(
    "value",
    [{}, [], "x", {"a": [1, 2.5, -3e-2, None, True, False, {"b": 'é\u2028\\"'}], "": [[], {}]}, [[1], [[2]]]],
)
def test_json_reads_as_json(value: Any) -> None:
    assert parse_document(json.dumps(value)).plain() == value
    assert parse_document(json.dumps(value, indent="\t", ensure_ascii=False)).plain() == value


def test_json_that_is_nearly_json_is_yaml() -> None:
    assert parse_document('{"a": 1, b: yes,}').plain() == {"a": 1, "b": "yes"}


def test_only_the_first_document_counts() -> None:
    assert parse_document("a: 1\n---\n{broken").plain() == {"a": 1}


def test_a_byte_order_mark_is_skipped() -> None:
    assert parse_document(b"\xef\xbb\xbfa: 1").plain() == {"a": 1}


def test_the_last_of_repeated_keys_wins() -> None:
    node = parse_document("a: 1\na: 2\n")
    assert node.plain() == {"a": 2}
    assert node.get("a").value == "2"  # type: ignore[union-attr]


def test_aliases_stand_for_what_they_name() -> None:
    assert parse_document("a: &x {b: 1}\nc: *x\n").plain() == {"a": {"b": 1}, "c": {"b": 1}}


def test_a_value_that_contains_itself_is_refused() -> None:
    node = parse_document("a: &x [*x]")
    with pytest.raises(SyntaxProblem, match="contains itself"):
        node.plain()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: [1", "yaml: line 1: did not find expected ',' or ']'"),
        ("a:\n\tb: 1", "yaml: line 2: found character that cannot start any token"),
        ("a:\n  b: 1\n c: 2", "yaml: line 2: did not find expected key"),
        ("a:\n- b\n  c: 2", "yaml: line 3: mapping values are not allowed in this context"),
        ("a: 1\n- b\n  c: 2", "yaml: line 3: mapping values are not allowed in this context"),
        ("a:x\nb: 1", "yaml: line 2: mapping values are not allowed in this context"),
        ("] a: 1", "yaml: mapping values are not allowed in this context"),
        ("a: 1\n%YAML 1.1\n  b: 1", "yaml: line 3: mapping values are not allowed in this context"),
        ('\t{"a": 1}', "yaml: found character that cannot start any token"),
        ("a: 'x", "yaml: found unexpected end of stream"),
        ("b: *a", "yaml: unknown anchor 'a' referenced"),
        ("%YAML 1.2\n---\na: 1", "yaml: found incompatible YAML document"),
        ('{"a": "b\\/c"}', "yaml: found unknown escape character"),
        ('a: 1\nb: "c\\/d"', "yaml: line 2: found unknown escape character"),
        ("a: '\x01'", "yaml: control characters are not allowed"),
        (b"a: \xff", "yaml: invalid leading UTF-8 octet"),
    ],
)
def test_errors_have_the_words_of_go_yaml(text: str | bytes, problem: str) -> None:
    with pytest.raises(SyntaxProblem) as caught:
        parse_document(text)
    assert str(caught.value) == problem


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(9)
)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (BOMB, "excessive aliasing"),
        ("[" * 10_000, "nested more than"),
        ("[" * 10_000 + "]" * 10_000, "nested more than"),
        ('{"a":' * 10_000 + "1" + "}" * 10_000, "nested more than"),
        ("".join(" " * depth + "a:\n" for depth in range(2_000)), "nested more than"),
        ("a: [" + "1," * 1_000_000 + "]", "more than 50000 values"),
        ("[" + "1," * 1_000_000 + "1]", "more than 50000 values"),
        ("x" * (11 << 20), "larger than"),
    ],
    ids=["aliases", "open", "json", "objects", "blocks", "wide", "wide json", "large"],
)
def test_what_is_too_much_is_refused_at_once(text: str, problem: str) -> None:
    started = time.thread_time()
    with pytest.raises(SyntaxProblem, match=problem):
        parse_document(text)
    assert time.thread_time() - started < 1


def test_limits_can_be_set() -> None:
    with pytest.raises(SyntaxProblem, match="line 2: document has more than 3 values"):
        parse_document("a: 1\nb: 2\n", Limits(values=3))


def test_a_stream_of_thirty_lines_is_read_fast() -> None:
    text = "input:\n  stdin: {}\npipeline:\n  processors:\n" + "    - mapping: |\n        root = this\n" * 13
    best = min(_timed(text) for _ in range(5))
    assert best < 0.005


def _timed(text: str) -> float:
    started = time.thread_time()
    parse_document(text)
    return time.thread_time() - started
