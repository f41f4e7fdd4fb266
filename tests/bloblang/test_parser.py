"""What is wrong with a mapping, and where: the words and positions that users meet."""

from __future__ import annotations

from pathlib import Path

import pytest

from headwater.bloblang import ParseError, compile_mapping
from headwater.message import Message


@pytest.mark.parametrize(
    ("source", "text"),
    [
        # Two alternatives that expect the same at the same place are told so.
        ("meta= 1", "line 1 char 5: expected  or whitespace"),
        ("if true { == }", "line 1 char 11: expected  or assignment"),
        ("meta [ = 1", "line 1 char 6: expected  or ="),
        ("root = this.a.(b", "line 1 char 17: required: expected )"),
        ("root = (b", "line 1 char 10: required: expected closing bracket"),
        # Keys of an object are looked at when all of it was read.
        ('root = {1:"a"}', "line 1 char 8: object keys must be strings, received: int64"),
        ('root = {1"a":1}', "line 1 char 10: expected query"),
        # A path must end in a name.
        ("root.a.b. = 1", "line 1 char 11: required: expected method or field path"),
        ("map m { root.a.b. = 1 }", "line 1 char 13: expected whitespace"),
        ("if false { 1 } else iftrue { 2 }", "line 1 char 21: required: expected {"),
        ("if  {  1else }", "line 1 char 9: required: expected query"),
        # A bracket that is no slice is no part of the value.
        ('root.r = "a".length[) % {}', "line 1 char 20: expected line break"),
        ("root = 1.from(this[=].id)", "line 1 char 19: required: expected comma or closing bracket"),
        ('root = "x".parse_duration(""")', "line 1 char 29: required: expected comma or closing bracket"),
        ("root = this -> (", "line 1 char 8: context label `this` is not allowed"),
        ('root = 1 + -"a"', "line 1 char 8: cannot subtract types number (from number literal) and string "
         "(from string literal)"),
        ("root = 9223372036854775808", "line 1 char 8: failed to parse '9223372036854775808' as integer: "
         'strconv.ParseInt: parsing "9223372036854775808": value out of range'),
        # Arguments.
        ('root = "x".repeat(nope: 1)', "line 1 char 27: unknown parameter nope, did you mean count?"),
        ('root = "x".replace(a: 1, b: 2)', "line 1 char 31: unknown parameters a, b, expected old, new"),
        ('root = "{}".parse_json(numbers: true)', "line 1 char 38: unknown parameter numbers"),
        ('root = "x".repeat(count: 1, count: 1)', "line 1 char 38: duplicate named arg: count"),
        ('root = "x".replace(new: 5, odd: 1)', "line 1 char 35: field new: wrong argument type, expected string, "
         "got number"),
        ('root = "x".ts_parse(deleted())', "line 1 char 31: field format: wrong argument type, expected string, "
         "got delete"),
    ],
)
def test_a_parse_error_says_what_was_expected_and_where(source: str, text: str) -> None:
    with pytest.raises(ParseError) as error:
        compile_mapping(source)
    assert error.value.text == text


def test_what_an_import_lacks_is_told_at_the_start_of_the_mapping(tmp_path: Path) -> None:
    (tmp_path / "a.blobl").write_text("root = \n")
    with pytest.raises(ParseError) as error:
        compile_mapping('\n  from "a.blobl"', path=str(tmp_path))
    assert error.value.text == "line 1 char 1: failed to parse import 'a.blobl': line 1 char 8: expected query"


@pytest.mark.parametrize(
    ("source", "raw", "content"),
    [
        ('root = match {"a":1} { this.a == 1 => "hit" }', b"{}", b"hit"),
        ("root = 5.(1).string()", b"{}", b"1"),
        ('root = 5.(1).uppercase().catch("no text")', b"{}", b"no text"),
        ("root = map -> this.a", b'{"a":"still here"}', b"still here"),
        ("root = this.a\nroot.b.c = deleted()", b'{"a":null}', b"{}"),
        ('root = if false { 1 } else if throw("x") { 2 }.catch(this)', b"{}", b"failed to check if condition 1: x"),
    ],
)
def test_forms_that_are_right(source: str, raw: bytes, content: bytes) -> None:
    result = compile_mapping(source).apply(Message(raw))
    assert result is not None
    assert result.content() == content
