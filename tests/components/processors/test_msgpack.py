"""Processor `msgpack`."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from headwater.errors import ConfigError
from headwater.message import Message


def test_documents_become_messagepack_and_come_back(process: Callable[..., list[Message]]) -> None:
    document = '{"a":[1,300,-5,1.5,null,true,"é"],"b":{"c":{}}}'
    processors = "- msgpack: {operator: from_json}\n- msgpack: {operator: to_json}"
    [message] = process(processors, document)
    assert message.content().decode() == document


def test_bytes(process: Callable[..., list[Message]]) -> None:
    received = process("- msgpack: {operator: from_json}", '{"a":1}', "[1,300,-5]")
    assert [message.content().hex() for message in received] == ["81a16101", "9301cd012cfb"]


def test_keys_become_texts(contents: Callable[..., list[str]]) -> None:
    assert contents("- msgpack: {operator: to_json}", b"\x81\x05\xa1x") == ['{"5":"x"}']


@pytest.mark.parametrize(
    ("operator", "payload", "error"),
    [
        ("to_json", b"\x92\x01", "failed to convert MsgPack document to JSON: unexpected EOF"),
        ("to_json", b"\xc1", "failed to convert MsgPack document to JSON: msgpack: unknown code c1"),
        ("from_json", b"bad", "failed to parse message as JSON: invalid character 'b' looking for beginning of value"),
        ("from_json", b"99999999999999999999999", "failed to convert JSON to MsgPack: "),
    ],
)
def test_what_does_not_fit_is_marked(
    process: Callable[..., list[Message]], operator: str, payload: bytes, error: str
) -> None:
    [message] = process(f"- msgpack: {{operator: {operator}}}", payload)
    assert message.content() == payload
    assert message.error is not None
    assert message.error.text.startswith(error)


def test_an_unknown_operator_is_refused(contents: Callable[..., list[str]]) -> None:
    with pytest.raises(ConfigError, match="operator not recognised: nope"):
        contents("- msgpack: {operator: nope}", "x")
