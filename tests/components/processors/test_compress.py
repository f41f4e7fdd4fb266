"""Processor `compress`."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from headwater.errors import ConfigError
from headwater.message import Message

TEXT = "hello hello hello " * 20


@pytest.mark.parametrize("algorithm", ["flate", "gzip", "lz4", "pgzip", "snappy", "zlib"])
@pytest.mark.parametrize("level", [-1, 1, 9])
def test_what_was_compressed_comes_back(contents: Callable[..., list[str]], algorithm: str, level: int) -> None:
    processors = f"- compress: {{algorithm: {algorithm}, level: {level}}}\n- decompress: {{algorithm: {algorithm}}}"
    assert contents(processors, TEXT, "") == [TEXT, ""]


def test_others_can_read_it(process: Callable[..., list[Message]]) -> None:
    [message] = process("- compress: {algorithm: gzip}", TEXT)
    assert gzip.decompress(message.content()).decode() == TEXT


def test_flate_has_no_frame(process: Callable[..., list[Message]]) -> None:
    [message] = process("- compress: {algorithm: flate}", TEXT)
    assert zlib.decompress(message.content(), -15).decode() == TEXT


@pytest.mark.parametrize(
    ("algorithm", "error"),
    [
        ("gzip", "gzip: invalid compression level: 99"),
        ("zlib", "zlib: invalid compression level: 99"),
        ("flate", "flate: invalid compression level 99: want value in range [-2, 9]"),
    ],
)
def test_levels_that_there_are_not(outcomes: Callable[..., Any], algorithm: str, error: str) -> None:
    assert outcomes(f"- compress: {{algorithm: {algorithm}, level: 99}}", "x") == [("x", error)]


def test_an_unknown_algorithm_is_refused(contents: Callable[..., list[str]]) -> None:
    with pytest.raises(ConfigError, match="compression type not recognised: rar"):
        contents("- compress: {algorithm: rar}", "x")
