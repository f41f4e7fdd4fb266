"""Processor `insert_part`: one more message in a batch."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from headwater.message import Message


@pytest.mark.parametrize(
    ("index", "result"),
    [
        (-1, ["a", "b", "new 2"]),
        (-2, ["a", "new 2", "b"]),
        (-9, ["new 2", "a", "b"]),
        (0, ["new 2", "a", "b"]),
        (9, ["a", "b", "new 2"]),
    ],
)
def test_places(contents: Callable[..., list[str]], index: int, result: list[str]) -> None:
    processors = f"- insert_part: {{index: {index}, content: 'new ${{! batch_size() }}'}}"
    assert contents(processors, ["a", "b"], count=3) == result


def test_metadata_is_that_of_the_first(process: Callable[..., list[Message]]) -> None:
    received = process("- insert_part: {content: '${! @k }'}", "a", count=2, metadata={"k": "v"})
    assert [(message.content(), dict(message.metadata)) for message in received][1] == (b"v", {"k": "v"})


def test_an_expression_that_fails_inserts_nothing(contents: Callable[..., list[str]]) -> None:
    assert contents("- insert_part: {content: '${! json(\"a\") }'}", "no json") == ["no json"]
