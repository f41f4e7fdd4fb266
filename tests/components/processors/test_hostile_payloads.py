"""Payloads that no processor expects: each is marked or converted, and all flow on."""

from __future__ import annotations

import bz2
import gzip
import random
import re
from collections.abc import Callable

import pytest

from headwater.message import Message

SEEDS = [
    b'<34>1 2003-10-11T22:14:15.003Z h su 12 ID47 [a@1 k="v"][b] hi',
    b"<34>Oct 11 22:14:15 h su[77]: x",
    b'<?xml version="1.0"?><a b="1"><c>x</c><!-- y --><![CDATA[z]]>&lt;</a>',
    gzip.compress(b"hello" * 20),
    bz2.compress(b"hello" * 20),
    b"\x82\xa1a\x01\xa1b\xc0",
    b'127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.0" 200 1',
    b'{"a":{"b":[1,2.5,1e400]},"s":"x"}',
    b'{"a":"\xff","b":"\\ud800"}',
    b"[" * 300 + b"]" * 300,
    b"",
]

PROCESSORS = [
    "compress: {algorithm: gzip}",
    "decompress: {algorithm: gzip}",
    "decompress: {algorithm: bzip2}",
    "decompress: {algorithm: snappy}",
    "decompress: {algorithm: lz4}",
    "decompress: {algorithm: flate}",
    "xml: {operator: to_json, cast: true}",
    "msgpack: {operator: to_json}",
    "msgpack: {operator: from_json}",
    "parse_log: {format: syslog_rfc5424}",
    "parse_log: {format: syslog_rfc3164}",
    "grok: {expressions: ['%{COMMONAPACHELOG}', '%{GREEDYDATA:a.b:float}', '%{GREEDYDATA:x}']}",
    "jq: {query: '.a.b + 1'}",
    "jq: {query: '[.., $metadata]'}",
    "jmespath: {query: 'sort_by(a, &b) || length(@)'}",
    'json_schema: {schema: \'{"items": {"$ref": "#"}, "properties": {"a": {"multipleOf": 0.1}}}\'}',
    "string_split: {delimiter: ''}",
    "template: {text: '{{ . }} {{ toJson . }} {{ len .a }} {{ add .a 1 }}'}",
    "mapping: root.a = this.a.uppercase()",
    "mutation: root.a.b = this.a",
    "branch: {request_map: root = this.a, processors: [{noop: {}}], result_map: root.x = this}",
    "switch: [{check: this.a.b.length() > 1, processors: [{mapping: root = this.a}]}]",
    "workflow: {branches: {a: {processors: [{noop: {}}], result_map: root.x = this.a}}}",
]


def broken(seed: bytes, chance: random.Random) -> bytes:
    """A payload with some bytes changed, missing or added."""
    payload = bytearray(seed)
    for _ in range(chance.randrange(4)):
        place = chance.randrange(len(payload) + 1)
        if chance.random() < 0.5:
            del payload[place : place + chance.randrange(1, 9)]
        else:
            payload[place:place] = chance.randbytes(chance.randrange(1, 5))
    return bytes(payload)


@pytest.mark.parametrize("processor", PROCESSORS)
def test_every_payload_comes_out(process: Callable[..., list[Message]], processor: str) -> None:
    chance = random.Random(processor)
    payloads = [broken(seed, chance) for seed in SEEDS for _ in range(6)]
    for message in process(f"- {processor}", *payloads):
        assert isinstance(message.content(), bytes)
        if message.error is not None:
            assert message.error.text
            assert re.match(r"\w+(Error|Exception)\b", message.error.text) is None, message.error.text
