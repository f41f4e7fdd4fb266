"""One mapping in all the forms in which it is compiled: for one message, for many, for bare payloads, for a document."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import pytest

from headwater.bloblang import BloblangError, Failed, compile_mapping
from headwater.message import Message, Payloads


def forms(source: str, raw: bytes) -> list[bytes | str | None]:
    """What each form makes of a payload: bytes, an error's text, or None where it is deleted."""
    mapping = compile_mapping(source)
    try:
        made = mapping.apply(Message(raw))
        first: bytes | str | None = None if made is None else made.content()
    except BloblangError as error:
        first = error.text
    found = [first]
    for many in [*mapping.apply_many([Message(raw)]), *mapping.apply_payloads(Payloads([raw]))]:
        if isinstance(many, Failed):
            found.append(many.error.text)
        else:
            found.append(many.content() if isinstance(many, Message) else many)
    return found


@pytest.mark.parametrize(
    ("source", "raw", "expected"),
    [
        ("root = this\nroot.b = 1", b'{"a":2}', b'{"a":2,"b":1}'),
        ("root = this\nroot.a = deleted()", b'{"a":2}', b"{}"),
        ("root = this\nif this.a == 2 { root.b = 1 }", b'{"a":2}', b'{"a":2,"b":1}'),
        ("root.b = if this.a == 1 { deleted() }\nroot.c = 1", b'{"a":2}', b'{"c":1}'),
        ("root.b = nothing()", b'{"a": 2}', b'{"a": 2}'),
        ("root.a.b = this.x.y\nroot.a.c = this.x.z\nroot.a.b = deleted()", b'{"x":{"y":1,"z":2}}', b'{"a":{"c":2}}'),
        ("root = this.0", b"[7]", b"7"),
        ("root = this\nroot.0 = 5", b"[7]", b"[5]"),
        ("root = this + 1", b"1.5", b"2.5"),
        ("root = this", b"null", b"null"),
        ("root.a = this.x / 2\nroot.b = this.x / 0.5\nroot.c = this.x * 4611686018427387904", b'{"x":2}', None),
    ],
)
def test_objects_and_everything_else(source: str, raw: bytes, expected: bytes | None) -> None:
    made = forms(source, raw)
    assert len(set(made)) == 1, made
    if expected is not None:
        assert made[0] == expected


CHAIN = "root.t = this.items.filter(i -> i.ok).map_each(i -> i.price * i.count).sum()"


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        (b"[]", b'{"t":0}'),
        (b'[{"ok":true,"price":2,"count":3},{"ok":false},{"ok":true,"price":1,"count":1}]', b'{"t":7}'),
        (b'[{"ok":true,"price":2.5,"count":3},5,{"ok":"yes"}]', b'{"t":7.5}'),
        (b'[{"ok":true,"price":4611686018427387904,"count":2}]', b'{"t":-9223372036854776000}'),
        (b'[{"ok":true,"price":9007199254740993,"count":1},{"ok":true,"price":1,"count":1}]', b'{"t":9007199254740992}'),
        (b'[{"ok":true,"price":"x","count":1}]', "cannot multiply types string (from field `i.price`)"),
        (b'[{"ok":true,"price":null,"count":1}]', "failed to process element 0"),
        (b"5", "expected array or object value, got number from field `this.items`"),
    ],
)
def test_a_chain_gives_and_fails_as_its_methods_one_by_one(items: bytes, expected: bytes | str) -> None:
    made = forms(CHAIN, b'{"items":' + items + b"}")
    assert len(set(made)) == 1, made
    if isinstance(expected, bytes):
        assert made[0] == expected
    else:
        assert expected in str(made[0])


def test_elements_that_a_chain_deletes_or_leaves() -> None:
    source = (
        "root = this.map_each(v -> if v == 1 { deleted() } else if v == 2 { nothing() } else { v * 10 })"
        ".filter(v -> v != 30).map_each(v -> v + 1)"
    )
    assert set(forms(source, b"[1,2,3,4]")) == {b"[3,41]"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"a": 1}, {"b": 1}),
        (OrderedDict(a=1), {"b": 1}),
        (b'{"a":1}', b'{"b":1}'),
        (bytearray(b'{"a":1}'), b'{"b":1}'),
        (memoryview(b'{"a":1}'), b'{"b":1}'),
        ([1], {"b": None}),
        ("text", {"b": None}),
    ],
)
def test_what_a_mapping_can_be_called_with(given: Any, expected: Any) -> None:
    mapping = compile_mapping("root.b = this.a")
    assert mapping(given) == expected
    assert mapping.within(object())(given) == expected


def test_a_call_leaves_the_document_as_it_is() -> None:
    document = {"a": {"b": 1}, "l": [1]}
    made = compile_mapping("root = this\nroot.a.c = 2\nroot.a.d = 3\nroot.n = this.l")(document)
    assert made == {"a": {"b": 1, "c": 2, "d": 3}, "l": [1], "n": [1]}
    assert document == {"a": {"b": 1}, "l": [1]}
