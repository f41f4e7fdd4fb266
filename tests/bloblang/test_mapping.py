"""Mappings as their users hold them: messages in, messages out, nothing changed that was given."""

from __future__ import annotations

import threading

import pytest

from headwater.bloblang import (
    DELETE,
    BloblangError,
    Environment,
    Failed,
    MutationError,
    Param,
    ParseError,
    compile_mapping,
    compile_query,
    parse_interpolation,
)
from headwater.message import UNSET, Message


def mapped(source: str, raw: bytes = b"{}", **metadata: object) -> bytes | None:
    result = compile_mapping(source).apply(Message(raw, metadata=metadata))
    return None if result is None else result.content()


def test_a_new_message_is_made_and_the_old_one_stays() -> None:
    message = Message(b'{"a":{"b":1}}', metadata={"k": "v"})
    document = message.document()
    result = compile_mapping('root = this\nroot.a.b = 2\nmeta k = "w"\nroot.c = this.a.b').apply(message)
    assert result is not None
    assert (result.content(), dict(result.metadata)) == (b'{"a":{"b":2},"c":1}', {"k": "w"})
    assert document == {"a": {"b": 1}}
    assert dict(message.metadata) == {"k": "v"}
    assert message.content() == b'{"a":{"b":1}}'


def test_a_mapping_of_metadata_alone_needs_no_json() -> None:
    result = compile_mapping('meta a = "b"\nlet c = 1').apply(Message(b"not json"))
    assert result is not None
    assert (result.content(), dict(result.metadata)) == (b"not json", {"a": "b"})


@pytest.mark.parametrize(
    ("source", "raw", "expected"),
    [
        ("root = this", b'{"b":1.0,"a":1e3,"c":228930314431312345678}', b'{"a":1e3,"b":1.0,"c":228930314431312345678}'),
        ("root = this", b'{"a":-0,"b":[-0,0]}', b'{"a":-0,"b":[-0,0]}'),
        ("root.a = 4 / 2", b"{}", b'{"a":2}'),
        ("root.a = this.a / 2", b'{"a":1000000000000000000000000}', b'{"a":5e+23}'),
        ("root.a = [1000000.0, 0.0000001]", b"{}", b'{"a":[1000000,1e-7]}'),
        ("root.a = this.a * 1.0", b'{"a":12345678901234567}', b'{"a":12345678901234568}'),
        ("root.a = (this.a * 1.0).string()", b'{"a":1000000}', b'{"a":"1e+06"}'),
        ("let f = this.a * 1.0\nroot.a = $f\nroot.b = $f.string()", b'{"a":1000000}', b'{"a":1000000,"b":"1e+06"}'),
        ('root = "<&>\u2028\x07"', b"", "<&>\u2028\x07".encode()),
        ('root = ["<&>\u2028\x07"]', b"", b'["<&>\\u2028\\u0007"]'),
        ("root = this.format_json(no_indent: true)", b'["<"]', b'["\\u003c"]'),
        ("root = this", b'"\\ud800"', "\ufffd".encode()),
        ("root = content()", b"\xff\xfe", b"\xff\xfe"),
        ('root.a = "x".bytes()', b"", b'{"a":"eA=="}'),
        ('root.a = "NaN".number()', b"{}", b""),
    ],
)
def test_documents_are_written_exactly(source: str, raw: bytes, expected: bytes) -> None:
    assert mapped(source, raw) == expected


def test_a_variable_that_holds_root_shows_what_is_written_later() -> None:
    source = "root.x = {}\nlet a = root.x\nroot.x.y = 1\nroot.z = $a\nroot.x.y = 2\nlet b = root\nroot.self = $b"
    assert mapped(source) == b'{"self":{"x":{"y":2},"z":{"y":1}},"x":{"y":2},"z":{"y":1}}'
    message = Message(b'{"a":{}}')
    document = message.document()
    assert compile_mapping("root = this\nlet r = root\nroot.a.b = 1").apply(message) is not None
    assert document == {"a": {}}


def test_many_messages_at_once_and_one_that_fails() -> None:
    mapping = compile_mapping("root = if this == 3 { deleted() } else { this + 1 }")
    good, bad, gone = mapping.apply_many([Message(b"1"), Message(b'"x"'), Message(b"3")])
    assert isinstance(good, Message)
    assert good.content() == b"2"
    assert isinstance(bad, Failed)
    assert bad.error.text == (
        "failed assignment (line 1): cannot add types string (from field `this`) and number (from number literal)"
    )
    assert bad.message.content() == b'"x"'
    assert gone is None


def test_a_mapping_sees_its_batch() -> None:
    mapping = compile_mapping('root.v = json("v").from(0)\nroot.i = batch_index()\nroot.all = json("v").from_all()')
    batch = [Message(b'{"v":"a"}'), Message(b'{"v":"b"}')]
    result = mapping.apply(batch[1], batch, 1)
    assert mapping.uses_batch
    assert result is not None
    assert result.content() == b'{"all":["a","b"],"i":1,"v":"a"}'
    assert not compile_mapping("root = this.a").uses_batch


def test_conditions() -> None:
    message = Message(b'{"a":5}')
    assert compile_mapping("this.a == 5").check(message)
    with pytest.raises(BloblangError, match=r"expected bool value, got number from mapping \(5\)"):
        compile_mapping("this.a").check(message)
    with pytest.raises(BloblangError, match="query mapping resulted in deleted message, expected a boolean value"):
        compile_mapping("deleted()").check(message)


def test_a_mutation_begins_with_the_message() -> None:
    mapping = compile_mapping("root.b = this.a\nroot.a = deleted()\nroot.c = this.b")
    message = Message(b'{"a":1,"z":[1]}')
    result = mapping.mutate(message)
    assert result is not None
    assert result.content() == b'{"b":1,"c":1,"z":[1]}'
    assert message.content() == b'{"a":1,"z":[1]}'


def test_a_mutation_does_not_touch_a_document_that_others_hold() -> None:
    message = Message(b'{"a":{"b":1}}')
    document = message.document()
    result = compile_mapping("root.a.b = 2").mutate(message)
    assert result is not None
    assert result.content() == b'{"a":{"b":2}}'
    assert document == {"a": {"b": 1}}


def test_a_mutation_that_fails_keeps_what_was_changed() -> None:
    with pytest.raises(MutationError, match=r"failed assignment \(line 2\): no") as caught:
        compile_mapping('root.b = 2\nroot = throw("no")').mutate(Message(b'{"a":1}'))
    assert caught.value.message.content() == b'{"a":1,"b":2}'


def test_python_documents_and_bytes() -> None:
    mapping = compile_mapping("root = this\nroot.a.n = this.a.n * 1.5")
    document = {"a": {"n": 2, "m": [1]}}
    assert mapping(document) == {"a": {"n": 3.0, "m": [1]}}
    assert document == {"a": {"n": 2, "m": [1]}}
    assert mapping(b'{"a":{"n":2}}') == b'{"a":{"n":3}}'
    assert compile_mapping("root = deleted()")({}) is DELETE
    with pytest.raises(BloblangError, match=r"failed assignment \(line 2\): cannot multiply types string"):
        mapping({"a": {"n": "x"}})


def test_functions_and_methods_of_ones_own() -> None:
    environment = Environment.default().copy()

    @environment.method("shout", Param("times", "integer", default=1), target="string", summary="Louder.")
    def shout(target: str, times: int) -> str:
        return target.upper() + "!" * times

    @environment.function("answer", summary="Everything.")
    def answer() -> int:
        return 42

    mapping = compile_mapping("root.a = this.a.shout(times: 2)\nroot.b = answer()", environment)
    assert mapping({"a": "x"}) == {"a": "X!!", "b": 42}
    with pytest.raises(BloblangError, match=r"expected string value, got number from field `this.a` \(5\)"):
        mapping({"a": 5})
    with pytest.raises(ParseError, match="unrecognised method 'shout'"):
        compile_mapping("root = this.shout()")


def test_a_method_that_breaks_is_an_error_of_bloblang() -> None:
    environment = Environment.default().copy()

    @environment.method("broken", summary="Breaks.")
    def broken(target: object) -> object:
        raise ZeroDivisionError("oh")

    with pytest.raises(BloblangError, match=r"field `this.a`: ZeroDivisionError: oh"):
        compile_mapping("root = this.a.broken()", environment)({"a": 1})


def test_an_operator_can_switch_off_files_and_environment() -> None:
    environment = Environment.default().without(needs=("file", "environment"), imports=False)
    for source in ('root = file("/etc/hostname")', 'root = env("HOME")'):
        with pytest.raises(ParseError, match="unrecognised function"):
            compile_mapping(source, environment)
    with pytest.raises(ParseError, match="imports are switched off"):
        compile_mapping('import "x"\nroot = 1', environment)


def test_a_text_compiled_before_is_served_from_memory_unless_it_keeps_state() -> None:
    assert compile_mapping("root.same = this.a") is compile_mapping("root.same = this.a")
    counts = "root = counter()"
    first, second = compile_mapping(counts), compile_mapping(counts)
    assert [first({}), first({}), second({})] == [1, 2, 1]


def test_threads_share_a_mapping() -> None:
    mapping = compile_mapping(
        'map m {\n  root = if this > 0 { (this - 1).apply("m") } else { "end" }\n}\nroot = this.apply("m")'
    )
    results: list[object] = []

    def work() -> None:
        results.extend(mapping(n) for n in range(40))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == ["end"] * 160


def test_queries() -> None:
    assert compile_query("this.a + 1").value([Message(b'{"a":1}')]) == 2
    assert compile_query("this").value(this=[1]) == [1]
    with pytest.raises(BloblangError, match="context was undefined, unable to reference `a`"):
        compile_query("this.a").value([Message(b"nope")])


def test_interpolation() -> None:
    text = parse_interpolation('a ${! json("a").uppercase() } ${{!b}} $c ${! metadata("k") }')
    assert text.static is None
    assert text.text([Message(b'{"a":"x"}', metadata={"k": 1.0})]) == "a X ${!b} $c 1"
    assert parse_interpolation("plain ${x}").static == "plain ${x}"
    assert parse_interpolation("${! content() }").bytes([Message(b"\xff")]) == b"\xff"
    with pytest.raises(ParseError) as caught:
        parse_interpolation("é ${! nope() }")
    assert caught.value.text == "char 13: unrecognised function 'nope'"


def test_parse_errors_have_a_place_and_the_words_of_lint() -> None:
    with pytest.raises(ParseError) as caught:
        compile_mapping("root.a = 1\nroot.b = this.foo(")
    error = caught.value
    assert error.text == "line 2 char 19: required: expected function argument"
    assert (error.line, error.column) == (2, 19)
    assert error.lint == "required: expected function argument, but reached end of input"


def test_a_result_is_not_kept_as_a_document() -> None:
    result = compile_mapping("root.a = 1").apply(Message(b"{}"))
    assert result is not None
    assert result.parsed is UNSET
