"""Compiled mappings do what a plain interpreter of the syntax tree does, on random mappings and documents."""

from __future__ import annotations

import os
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headwater.bloblang import DELETE, BloblangError, Environment, Failed, Mapping, ParseError, compile_mapping
from headwater.bloblang.execution import finish
from headwater.bloblang.statements import parse_mapping
from headwater.bloblang.syntax import Program
from headwater.bloblang.values import json_text
from headwater.errors import DocumentError
from headwater.message import Message, Payloads

from .generated import mappings, messages
from .walker import Walker

PAIRS = int(os.environ.get("BLOBLANG_PAIRS", "2000"))
"""How many pairs of a mapping and a payload are tried; `scripts/test --nightly` tries a hundred thousand."""
DOCUMENTS = 10
"""Payloads for each mapping."""


def shown(value: Any) -> str:
    try:
        return json_text(value)
    except BloblangError as error:
        return f"not JSON: {error.text}"


def outcome(work: Any) -> tuple[str, Any]:
    """What some work comes to: a value, a message, or an error's text."""
    try:
        value = work()
    except BloblangError as error:
        return "error", error.text
    if value is None:
        return "deleted", None
    if isinstance(value, Message):
        return "message", (value.content(), shown(dict(value.metadata)))
    return "value", value


@settings(max_examples=PAIRS // DOCUMENTS, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(mappings(), st.lists(messages(), min_size=DOCUMENTS, max_size=DOCUMENTS))
def test_a_compiled_mapping_does_what_the_walker_does(source: str, payloads: list[bytes]) -> None:
    """The whole message, its metadata, or the same error."""
    try:
        mapping = compile_mapping(source)
    except ParseError:
        return
    program = parse_mapping(source, Environment.default())
    for raw in payloads:
        assert_alike(mapping, program, raw)


def assert_alike(mapping: Mapping, program: Program, raw: bytes) -> None:
    """One mapping on one payload, in all the forms in which it is compiled."""
    source = mapping.text

    def walked() -> Any:
        message = Message(raw, metadata={"k": "v"})
        walker = Walker(program, message)
        root = walker.run()
        metadata = walker.metadata
        assert metadata is not None
        return finish(message, root, metadata)

    try:
        expected = outcome(walked)
    except RecursionError:
        return  # Maps without end; the walker has no protection of its own.
    got = outcome(lambda: mapping.apply(Message(raw, metadata={"k": "v"})))
    assert got == expected, f"{source}\n{raw!r}"
    for each in mapping.apply_many([Message(raw, metadata={"k": "v"})] * 2):
        many = ("error", each.error.text) if isinstance(each, Failed) else outcome(lambda result=each: result)
        assert many == expected, f"{source}\n{raw!r}"
    if mapping.bare:
        for made in mapping.apply_payloads(Payloads([raw] * 2, {"k": "v"})):
            content = ("error", made.error.text) if isinstance(made, Failed) else bare(made)
            wanted = ("message", expected[1][0]) if expected[0] == "message" else expected
            assert content == wanted, f"{source}\n{raw!r}"
    called(mapping, raw, expected)


def bare(content: bytes | None) -> tuple[str, Any]:
    return ("deleted", None) if content is None else ("message", content)


def called(mapping: Mapping, raw: bytes, expected: tuple[str, Any]) -> None:
    """A call with the document, which has no message around it, comes to the same where there is nothing to be missed."""
    if not mapping.bare or "@" in mapping.text:
        return
    try:
        document = Message(raw).document()
    except DocumentError:
        return
    before = shown(document)
    kind, got = outcome(lambda: mapping(document))
    assert shown(document) == before
    if kind == "error" or expected[0] == "error":
        assert (kind, got) == expected, f"{mapping.text}\n{raw!r}"
    elif expected[0] == "deleted":
        assert got is DELETE
    elif got is not document:
        assert finish(Message(raw), got, {}).content() == expected[1][0], f"{mapping.text}\n{raw!r}"
