"""What a failure says: whose value it was about, and what stands around it."""

from __future__ import annotations

import pytest

from headwater.bloblang import BloblangError, MutationError, compile_mapping
from headwater.message import Message

_DOCUMENT = b'{"list":[1,"a"],"o":{"k":"v"},"n":5,"s":"x"}'


@pytest.mark.parametrize(
    ("query", "text"),
    [
        # A query that fails without saying of what is the fault of the target of the method that ran it.
        ("this.list.fold(0, this && true)", "expected bool value, got object from field `this.list`"),
        ("this.list.filter(this && true)", 'expected bool value, got string from field `this.list` ("a")'),
        ('this.list.any(x -> throw("no"))', "field `this.list`: element 0: no"),
        ('this.list.find_by(x -> $nope)', "field `this.list`: query returned an error for index 0: "
         "variable 'nope' undefined"),
        ("this.list.map_each(this && true)", "field `this.list`: failed to process element 1: expected bool value, "
         'got string from bool literal ("a")'),
        # So is a map that fails, unless what it says has its own origin.
        ('this.list.fold(0, this.apply("m"))', "field `this.list`: failed assignment (line 2): expected string value, "
         "got object from field `this`"),
        ('this.list.all(this.apply("m"))', "field `this.list`: element 0: failed assignment (line 2): expected string "
         "value, got number from field `this` (1)"),
        ('this.list.map_each(this.apply("m"))', "failed to process element 0: map m: failed assignment (line 2): "
         "expected string value, got number from field `this` (1)"),
        ('this.list.map_each(this.apply("q"))', "failed to process element 0: map q: map q was not found"),
        ("this.n.not().uppercase()", "expected bool value, got number from field `this.n` (5)"),
        ("(this.n > 1).not().uppercase()", "expected string value, got bool from not number literal (false)"),
        # What is wrong with the arguments is told before what is wrong with the target.
        ('this.n.uuid_v5("x")', 'field `this.n`: invalid ns uuid: "x"'),
        ('this.n.parse_csv(delimiter: "")', "field `this.n`: delimiter value must be exactly one character"),
        ("this.n.ts_tz(this.s)", "failed to parse timezone location name: unknown time zone x"),
        # Times name what is left of the text where the layout is not met, byte by byte.
        ('this.s.ts_parse("x-é")', 'parsing time "x" as "x-\\xc3\\xa9": cannot parse "" as "x-\\xc3\\xa9"'),
        ('(this.s + "2020:1").ts_parse("x2006:01:02")', 'parsing time "x2020:1" as "x2006:01:02": '
         'cannot parse "1" as "01"'),
        ('"2020-13x".ts_strptime("%Y-%-m" + this.s)', 'failed to parse "2020-13x" with "%Y-%-mx": '
         'unexpected format "%-"'),
        ('"10:30+0100".ts_strptime("%H:%M%:z" + this.s)', 'failed to parse "10:30+0100" with "%H:%M%:zx": '
         "expected ':' for \"%:z\""),
    ],
)
def test_a_failure_says_whose_value_it_was_about(query: str, text: str) -> None:
    mapping = compile_mapping(f'map m {{\n  root = this.uppercase()\n}}\nroot = {query}')
    with pytest.raises(BloblangError) as error:
        mapping.apply(Message(_DOCUMENT))
    assert error.value.text == f"failed assignment (line 4): {text}"


@pytest.mark.parametrize(
    ("query", "content"),
    [
        ('match { "x" => 1, _ => 2 }', b"2"),
        ('match { this.a == 1 => 1, this == null => 2 }', b"2"),
        ("match { null => 1, _ => 2 }", b"1"),
        ("[batch_index(), batch_index().from(-1), content().from(-1).string()]", b'[0,-1,"no json"]'),
        ("if true { [] }.string()", b"null"),
        ("1.5.float32() > 1", b"true"),
        ('"a\\nb".format_yaml()', b"|-\n    a\n    b\n"),
        ('{"a":"\\nx"}.format_yaml()', b"a: |4-\n    x\n"),
        ("3.log10()", b"0.4771212547196624"),
        ('"PT1S1M".parse_duration_iso8601()', b"61000000000"),
        ('"P293Y".parse_duration_iso8601()', b"-9200557137709551616"),
        ('0.ts_strftime("%6N|%05%|%_10R|%::::z")', b"   %6N|0000%|00:00|%::::z"),
        ('{"a":1}.without(0.ts_tz("UTC"))', b'{"a":1}'),
        ('throw("x").catch([]).format_json()', b"null"),
        ('match { _ => {"a":[]} }.string()', b'{"a":null}'),
        ('"foo2bar it\'s a1b 3d x-y".capitalize()', b"Foo2bar It's A1b 3D X-Y"),
        ('"ΟΔΟΣ ﬁx".capitalize()', "Οδος Fix".encode()),
        ('"a\\xffb".reverse()', "b\ufffda".encode()),
        ('"😀".format_yaml()', b'"\\U0001F600"\n'),
        ('"%s %4b|".format([null], "x")', b"[<nil>] %!b(string=   x)|"),
        ("null.uuid_v5().type()", b"null"),
        ('"2021 53".ts_strptime("%Y %U").ts_format("2006-01-02")', b"2022-01-02"),
        ('"2020-W53-5".ts_strptime("%G-W%V-%u").ts_format("2006-01-02")', b"2021-01-01"),
        ('"12:30 PM +05".ts_strptime("%I:%M %p %z").ts_format("15:04Z07:00")', b"12:30+05:00"),
    ],
)
def test_what_needs_no_document(query: str, content: bytes) -> None:
    result = compile_mapping(f"root = {query}").apply(Message(b"no json"))
    assert result is not None
    assert result.content() == content


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ('root = 1\nroot."a.b"."~" = 2', "a~1b.~0 as the value of the root was a non-object type (number)"),
        ("root.x = [[1]]\nroot.x.0.0.b = 1", "x.0.0.b as the value of x was a non-object type (array)"),
        ('root = [{"q":"s"}]\nroot.0.q.y = 1', "0.q.y as the value of the root was a non-object type (array)"),
        ("root.x = [null]\nroot.x.0.y = 1", "x.0.y: failed to resolve path segment '1': field '0' was not found"),
    ],
)
def test_a_target_that_cannot_be_set(source: str, text: str) -> None:
    with pytest.raises(BloblangError) as error:
        compile_mapping(source).apply(Message(b"{}"))
    assert error.value.text == f"failed assignment (line 2): unable to set target path {text}"


@pytest.mark.parametrize(
    ("source", "content"),
    [
        ("root = [1,2,3]\nroot.1 = deleted()", b"[1,2,3]"),
        ("root = [[1,2],3]\nroot.0.1 = deleted()", b"[[1],3]"),
        ('root.a = [1]\nroot.a."-".y = 1', b'{"a":[1,{"y":1}]}'),
    ],
)
def test_what_becomes_of_arrays(source: str, content: bytes) -> None:
    result = compile_mapping(source).apply(Message(b"{}"))
    assert result is not None
    assert result.content() == content


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("(1 == 1).uppercase()", "expected string value, got bool from number literal (true)"),
        ('root_meta("k").uppercase()', "expected string value, got null from root_meta field k"),
        ('{"a":1}.map_each(if {} { 1 })', "failed to process element a: if expression: object literal resolved to a "
         "non-boolean value map[] (map[string]interface {})"),
    ],
)
def test_how_a_value_is_called(query: str, text: str) -> None:
    with pytest.raises(BloblangError) as error:
        compile_mapping(f"root = {query}").apply(Message(b"{}"))
    assert error.value.text == f"failed assignment (line 1): {text}"


@pytest.mark.parametrize(
    ("source", "raw", "content"),
    [
        # The content is made of the document when it is first asked for, and stays that.
        ("root.x = 5\nroot.a = content().string()\nroot.y = 6\nroot.b = content().string()", b'{"z":1}',
         b'{"a":"{\\"x\\":5,\\"z\\":1}","b":"{\\"x\\":5,\\"z\\":1}","x":5,"y":6,"z":1}'),
        ("root.n = content().length()", b"null", b'{"n":0}'),
        ("meta k = 1", b"null", b"null"),
    ],
)
def test_the_content_of_a_message_that_is_being_changed(source: str, raw: bytes, content: bytes) -> None:
    result = compile_mapping(source).mutate(Message(raw))
    assert result is not None
    assert result.content() == content


def test_metadata_keeps_what_a_document_was() -> None:
    result = compile_mapping("meta k = this.a\nroot.a.b = 2").mutate(Message(b'{"a":{"b":1}}'))
    assert result is not None
    assert result.metadata["k"] == {"b": 1}


def test_a_mutation_that_fails_gives_the_content_that_was_asked_for() -> None:
    mapping = compile_mapping('root.x = 1\nlet n = content().length()\nroot.y = 2\nroot.z = throw("no")')
    with pytest.raises(MutationError) as error:
        mapping.mutate(Message(b'{"a":0}'))
    assert error.value.message.content() == b'{"a":0,"x":1}'


@pytest.mark.parametrize(
    ("query", "raw", "content"),
    [
        # Of the numbers of a document a bare 0 alone is false, and one beyond all floats is text.
        ("[this.a && true, this.b && true, this.c && true]", b'{"a":0,"b":0.0,"c":-0}', b"[false,true,true]"),
        ("[this.a == this.a, this.a == 1, this.a && true]", b'{"a":1e309}', b"[true,false,true]"),
    ],
)
def test_numbers_of_a_document(query: str, raw: bytes, content: bytes) -> None:
    result = compile_mapping(f"root = {query}").apply(Message(raw))
    assert result is not None
    assert result.content() == content


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b'[]"a":', "invalid character ':' looking for beginning of value"),
        (b'01"a":', "message contains multiple valid documents"),
        (b"1 2", "message contains multiple valid documents"),
    ],
)
def test_what_follows_a_document(raw: bytes, reason: str) -> None:
    with pytest.raises(BloblangError) as error:
        compile_mapping('root = json("a")').apply(Message(raw))
    assert error.value.text == f"failed assignment (line 1): {reason}"


def test_a_url_that_is_none_is_shown_without_its_fragment() -> None:
    with pytest.raises(BloblangError) as error:
        compile_mapping('root = "http://a:b/#f".parse_url()').apply(Message(b""))
    assert error.value.text.endswith('parse "http://a:b/": invalid port ":b" after host')


def test_of_maps_within_maps_the_innermost_is_heard() -> None:
    source = (
        'map outer {\n  root.x = [this].map_each(this.apply("inner"))\n}\n'
        'map inner {\n\n  root = throw("no")\n}\n'
        'root = {"k":1.apply("outer")}'
    )
    with pytest.raises(BloblangError) as error:
        compile_mapping(source).apply(Message(b"{}"))
    assert error.value.text == (
        "failed assignment (line 8): failed to resolve 'k' value: failed assignment (line 3): no"
    )
