"""Processor `cached`: results that are kept."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from headwater.message import Message
from headwater.system import StreamSystem

Process = Callable[..., list[Message]]


@pytest.fixture(autouse=True)
def kept(system: StreamSystem) -> None:
    system.set_resource("cache", "kept", "memory: {}")


def test_a_key_is_worked_out_once(process: Process) -> None:
    config = """
    - cached:
        cache: kept
        key: '${! content() }'
        processors: [{mapping: 'root = content() + count("cached_once").string()'}]
    """
    assert [m.content() for m in process(config, "a", "b", "a")] == [b"a1", b"b2", b"a1"]


def test_some_results_are_not_kept(process: Process) -> None:
    config = """
    - cached:
        cache: kept
        key: k
        skip_on: errored()
        processors: [{mapping: 'root = if content() == "a" { throw("no") } else { content() + "!" }'}]
    """
    messages = process(config, "a", "b", "c")
    assert [m.content() for m in messages] == [b"a", b"b!", b"b!"]
    assert messages[0].error is not None


def test_there_must_be_one_result(process: Process) -> None:
    config = "[{cached: {cache: kept, key: k, processors: [{mapping: root = deleted()}]}}]"
    error = process(config, "a")[0].error
    assert error is not None
    assert error.text == "expected exactly one message from the processors, got 0"
