"""Processor `archive`: one message of a batch."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from headwater.errors import ConfigError
from headwater.message import Message


@pytest.mark.parametrize(
    ("name", "joined"),
    [
        ("lines", "1\n22\n333"),
        ("concatenate", "122333"),
        ("json_array", "[1,22,333]"),
        ("binary", "\0\0\0\x03\0\0\0\x011\0\0\0\x0222\0\0\0\x03333"),
    ],
)
def test_formats(contents: Callable[..., list[str]], name: str, joined: str) -> None:
    assert contents(f"- archive: {{format: {name}}}", ["1", "22", "333"], count=1) == [joined]


def test_tar(process: Callable[..., list[Message]]) -> None:
    [message] = process("- archive: {format: tar, path: '${! content() }.txt'}", ["a", "b"], count=1)
    with tarfile.open(fileobj=io.BytesIO(message.content())) as archive:
        assert [entry.name for entry in archive] == ["a.txt", "b.txt"]
        file = archive.extractfile("b.txt")
        assert file is not None
        assert file.read() == b"b"


def test_zip(process: Callable[..., list[Message]]) -> None:
    [message] = process("- archive: {format: zip, path: 'd/${! content() }'}", ["a", "b"], count=1)
    with zipfile.ZipFile(io.BytesIO(message.content())) as archive:
        assert archive.namelist() == ["d/a", "d/b"]
        assert archive.read("d/a") == b"a"


def test_metadata_is_that_of_the_first(process: Callable[..., list[Message]]) -> None:
    [message] = process("- archive: {format: lines}", ["a", "b"], count=1, metadata={"k": 1})
    assert message.metadata == {"k": 1}


def test_what_does_not_fit_marks_the_batch(outcomes: Callable[..., Any]) -> None:
    error = "failed to parse message as JSON: invalid character 'b' looking for beginning of value"
    assert outcomes("- archive: {format: json_array}", ["1", "bad"]) == [("1", error), ("bad", error)]


def test_an_unknown_format_is_refused(contents: Callable[..., list[str]]) -> None:
    with pytest.raises(ConfigError, match="archive format not recognised: cpio"):
        contents("- archive: {format: cpio}", "x")
