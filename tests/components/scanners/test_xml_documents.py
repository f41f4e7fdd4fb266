"""Scanner `xml_documents`: one XML document after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Scan = Callable[..., list[Any]]


@pytest.mark.parametrize(
    ("config", "data", "expected"),
    [
        (
            "xml_documents: {operator: to_json}",
            b"<a><b>1</b></a> <a><b>2</b></a>",
            ['{"a":{"b":"1"}}', '{"a":{"b":"2"}}'],
        ),
        ("xml_documents: {operator: to_json, cast: true}", b"<a x='>'>5</a>", ['{"a":{"#text":5,"-x":">"}}']),
    ],
)
def test_what_is_cut(scan: Scan, config: str, data: bytes, expected: list[str]) -> None:
    assert scan(config, data) == expected
