"""A mapping cannot hang or exhaust the process, and nothing that is written in one becomes code."""

from __future__ import annotations

import json
import sys
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.bloblang import BloblangError, ParseError, compile_mapping, parse_interpolation
from headwater.message import Message


def run(source: str, raw: bytes = b'{"a":1}') -> bytes | str | None:
    """What a mapping makes of a message, or the text of an error."""
    try:
        result = compile_mapping(source).apply(Message(raw))
    except BloblangError as error:
        return error.text
    return None if result is None else result.content()


DEEP = 1000


@pytest.mark.parametrize(
    "source",
    [
        "root = " + "(" * DEEP + "1" + ")" * DEEP,
        "root = " + "!(" * DEEP + "true" + ")" * DEEP,
        "root = " + "[" * DEEP + "this.a" + "]" * DEEP,
        "root = " + '{"a":' * DEEP + "this.a" + "}" * DEEP,
        "root = " + "if this.a == 1 { " * DEEP + "1" + " }" * DEEP,
        "root = " + "match this.a { _ => " * DEEP + "1" + " }" * DEEP,
        "root = " + "(" * DEEP + "this.a" + ").catch(1)" * DEEP,
        "root = this.a" + " | 1" * DEEP,
        "root = this.a" + ".or(1)" * DEEP,
        "root" + ".a" * DEEP + " = 1",
        "if this.a == 2 {\nroot = 1\n}" + "".join(f" else if this.a == {n} {{\nroot = 2\n}}" for n in range(3, 300)),
    ],
    ids=lambda source: source[:30],
)
def test_nesting_of_a_thousand_levels_compiles(source: str) -> None:
    mapping = compile_mapping(source)
    assert mapping.apply(Message(b'{"a":1}')) is not None


@pytest.mark.parametrize(
    "source", ["root = " + "(" * 100_000, "root = " + "[" * 100_000, "if true {\n" * 5000, "root = " + "-(" * 20_000]
)
def test_more_than_that_is_an_error_and_no_crash(source: str) -> None:
    with pytest.raises(ParseError):
        compile_mapping(source)


@pytest.mark.parametrize("depth", [200, 254, 255, 900, 5000, 9999, 10_001, 100_000])
def test_documents_nested_deeply(depth: int) -> None:
    raw = b"[" * depth + b"]" * depth
    result = run("root = this", raw)
    assert result == raw or "exceeded max depth" in str(result)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ('root = "abc".repeat(1000000000)', "exceeds the limit"),
        ("root = range(0, 10000000000)", "exceeds the limit"),
        ('root = range(0, 60).fold("x", item -> item.tally + item.tally)', "exceeds the limit"),
        ('root = range(0, 60).fold("x", item -> item.tally.bytes() + item.tally)', "exceeds the limit"),
        (
            'map m {\n  root = this.apply("m")\n}\nroot = 1.apply("m")',
            "entering map m exceeded maximum allowed stacks of 5000",
        ),
    ],
)
def test_growth_is_bounded(source: str, text: str) -> None:
    assert text in str(run(source))


DOUBLINGS = {
    "a tally": "root = range(0, 60).fold([], item -> [item.tally, item.tally])",
    "a tally that is read": "root = range(0, 60).fold([], item -> [item.tally, item.tally]).format_json()",
    "a variable": "let x = [this]\n" + "let x = [$x, $x]\n" * 60 + "root = $x",
    "a variable that is measured": "let x = [this]\n" + "let x = [$x, $x]\n" * 60 + "root = $x.length()",
    "root": "root = this\n" + "root.a = root\nroot.b = root\n" * 60,
    "a map": 'map m {\n  root = if this > 0 { [(this - 1).apply("m"), 1] } else { [] }\n  root = [root, root]\n}\n'
    'root = 60.apply("m")',
    "text": 'let t = "x".repeat(1000000)\nroot = range(0, 100000).map_each(i -> $t)',
    "loops": "root = range(0, 3000).map_each(i -> range(0, 1000).map_each(j -> this))",
}


@pytest.mark.parametrize("name", DOUBLINGS)
def test_what_holds_the_same_part_over_and_over_is_refused(name: str) -> None:
    assert "exceeds the limit" in str(run(DOUBLINGS[name], b'{"a":"some text that is not so short"}'))
    assert "exceeds the limit" in str(called(DOUBLINGS[name], {"a": "some text that is not so short"}))


def test_a_mutation_copies_no_more_than_that() -> None:
    source = "root.a = this.text\n" + "root.b = root\nroot.c = root\n" * 60
    with pytest.raises(BloblangError, match="exceeds the limit"):
        compile_mapping(source).mutate(Message(b'{"text":"' + b"x" * 100_000 + b'"}'))


def called(source: str, document: object) -> object:
    try:
        return compile_mapping(source)(document)
    except BloblangError as error:
        return error.text


def test_deep_maps_leave_the_interpreters_limit_alone() -> None:
    limit, threads = sys.getrecursionlimit(), threading.active_count()
    source = 'map m {\n  root.next = if this > 0 { (this - 1).apply("m") } else { 0 }\n}\nroot = this.apply("m")'
    result = run(source, b"3000")
    assert isinstance(result, bytes)
    assert result.count(b"next") == 3001
    assert (sys.getrecursionlimit(), threading.active_count()) == (limit, threads)


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a":' + b"9" * 400 + b"}",
        b'{"a":' + b"9" * 10_000 + b"}",
        b'{"a":1e400}',
        b'{"a":-0}',
        b'{"a":"\\ud800"}',
        b'{"a":"\xff"}',
        b"\x00",
        b"",
        b" ",
        b"\xef\xbb\xbf{}",
        b'{"a":NaN}',
    ],
)
def test_odd_payloads_give_a_value_or_an_error(raw: bytes) -> None:
    for source in (
        "root = this",
        "root.b = this.a + 1",
        "root = this.a.string()",
        "root = content()",
        "root = [this.a]",
    ):
        assert run(source, raw) is not None, source


_TEXT = st.text(st.characters(codec="utf-8"), max_size=20)


@settings(max_examples=150, deadline=None, database=None)
@given(_TEXT, _TEXT)
def test_text_stays_text(key: str, value: str) -> None:
    """Any text as a field, a value, metadata, an object's key and in an interpolation."""
    quoted, name = (json.dumps(each, ensure_ascii=False) for each in (value, key))
    source = f"root.{name} = {quoted}\nmeta {name} = {quoted}\nroot.o = {{{name}: this.{name}}}\nroot.l = @{name}"
    message = Message(json.dumps({key: value}).encode())
    result = compile_mapping(source).apply(message)
    assert result is not None
    expected = {key: value}
    expected.update({"o": {key: value}, "l": value})  # type: ignore[dict-item]
    assert json.loads(result.content()) == expected
    assert dict(result.metadata) == {key: value}


_PIECES = st.sampled_from(
    [
        *'rotmealifchwp.()[]{}$@!|&=+-*/%<>,:#"\\ \n_019é',
        *("root", "this", "meta", "let ", " = ", "if ", "match ", "=> ", '"""', "\\x"),
    ]
)


@settings(max_examples=300, deadline=None, database=None)
@given(st.lists(_PIECES, max_size=40).map("".join))
def test_any_text_parses_or_is_a_parse_error(source: str) -> None:
    """Nothing but a ParseError comes from a text, and nothing but a BloblangError from what it compiles to."""
    assert run(source) != ""
    try:
        text = parse_interpolation("${! " + source + " }").text([Message(b"{}")])
    except BloblangError as error:
        text = error.text
    assert isinstance(text, str)
