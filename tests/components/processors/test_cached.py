"""Processor `cached`: results that are kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

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


def test_results_may_be_several_messages_or_none(process: Process) -> None:
    config = """
    - cached:
        cache: kept
        key: '${! content() }'
        processors:
          - mapping: 'root = if content() == "none" { deleted() } else { [content().string(), count("many")] }'
          - unarchive: {format: json_array}
    """
    messages = process(config, "a", "none", "a", "none", count=4)
    assert [m.content() for m in messages] == [b'"a"', b"1", b'"a"', b"1"]


def test_values_are_laid_out_as_others_do(system: StreamSystem, process: Process, tmp_path: Path) -> None:
    system.set_resource("cache", "kept", f"file: {{directory: '{tmp_path}'}}")
    (tmp_path / "known").write_bytes(
        bytes.fromhex("00000001 00000002 00000001") + b"x" + bytes.fromhex("00000002") + b"yz"
    )
    (tmp_path / "odd").write_bytes(b"something else")
    config = "[{cached: {cache: kept, key: '${! content() }', processors: [{mapping: 'root = \"made\"'}]}}]"
    messages = process(config, "known", "new", "odd", count=4)
    assert [m.content() for m in messages] == [b"x", b"yz", b"made", b"odd"]
    assert (tmp_path / "new").read_bytes() == bytes.fromhex("00000001 00000001 00000004") + b"made"
    assert messages[3].error is not None
    assert messages[3].error.text.startswith("failed to parse cached result, this indicates the data was not set by")


def test_what_goes_wrong_with_keeping_does_no_harm(
    system: StreamSystem, process: Process, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    system.set_resource("cache", "kept", f"file: {{directory: '{tmp_path}/none'}}")
    messages = process("[{cached: {cache: kept, key: k, processors: [{mapping: 'root = \"made\"'}]}}]", "a")
    assert [(m.content(), m.error) for m in messages] == [(b"made", None)]
    assert "failed to write result to cache: open " in caplog.text


def test_a_value_of_somebody_else_is_told_by_its_version(system: StreamSystem, process: Process) -> None:
    system.set_resource("cache", "kept", "memory: {init_values: {k: init}}")
    (message,) = process("- cached: {cache: kept, key: k, processors: [{noop: {}}]}", "a")
    assert message.error is not None
    assert message.error.text.endswith("not set by this processor: invalid format version: 1768843636")
