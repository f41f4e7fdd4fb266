"""Processor `xml`."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from headwater.errors import ConfigError
from headwater.xmldocuments import XmlError, parse_xml


@pytest.mark.parametrize(
    ("payload", "document"),
    [
        ('<r><t>x</t><d n="1">y</d><d>z</d></r>', {"r": {"t": "x", "d": [{"#text": "y", "-n": "1"}, "z"]}}),
        ("<a/>", {"a": ""}),
        ("<a>hi <b>x</b> there</a>", {"a": {"#text": "hi", "b": "x"}}),
        ('<n:a xmlns:n="u"><n:b>1</n:b></n:a>', {"a": {"-n": "u", "b": "1"}}),
        ("<?xml version='1.0'?><!-- c --><a><![CDATA[<x>]]></a>", {"a": "<x>"}),
        ("<a>&lt;&amp;&#65;&#x42;&nope;</a>", {"a": "<&AB&nope;"}),
        ("<a b=1 c>x</a>", {"a": {"-b": "1", "-c": "c", "#text": "x"}}),
        ("<a><b>x</a>", {"a": {"b": "x"}}),
    ],
)
def test_documents(contents: Callable[..., list[str]], payload: str, document: Any) -> None:
    assert json.loads(contents("- xml: {operator: to_json}", payload)[0]) == document


def test_values_that_look_like_others(contents: Callable[..., list[str]]) -> None:
    payload = '<a n="1"><b>true</b><c>1.5</c><d>nan</d><e>True story</e></a>'
    assert json.loads(contents("- xml: {operator: to_json, cast: true}", payload)[0]) == {
        "a": {"-n": 1, "b": True, "c": 1.5, "d": "nan", "e": "True story"}
    }


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        ("text", "EOF"),
        ("<broken", "xml.Decoder.Token() - XML syntax error on line 1: unexpected EOF"),
        ("<a>\n</a b>", "xml.Decoder.Token() - XML syntax error on line 2: invalid characters between </a and >"),
        ("<1>", "xml.Decoder.Token() - XML syntax error on line 1: expected element name after <"),
    ],
)
def test_what_is_no_xml_is_marked(outcomes: Callable[..., Any], payload: str, error: str) -> None:
    assert outcomes("- xml: {operator: to_json}", payload) == [(payload, error)]


def test_entities_of_a_document_are_not_expanded() -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 9))
    assert parse_xml(f'<!DOCTYPE x [<!ENTITY l0 "ha">{laughs}]><x>&l8;</x>'.encode()) == {"x": "&l8;"}
    assert parse_xml(b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><x>&f;</x>') == {"x": "&f;"}


def test_depth_is_bounded() -> None:
    with pytest.raises(XmlError, match="nested deeper than"):
        parse_xml(b"<a>" * 100_000)


def test_an_operator_is_required(contents: Callable[..., list[str]]) -> None:
    with pytest.raises(ConfigError, match="operator not recognised: "):
        contents("- xml: {}", "x")
