"""Processor `file`: files, read and written by the way."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from headwater.message import Message

Process = Callable[..., list[Message]]


def run(
    process: Process, folder: Path, operation: str, *names: str, count: int | None = None, more: str = ""
) -> list[Message]:
    config = f"[{{file: {{operation: {operation}, path: '{folder}/${{! content() }}'{more}}}}}]"
    return process(config, *names, count=count)


def test_reading(process: Process, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("one\ntwo\n")
    messages = run(process, tmp_path, "read", "a", "b", count=3, more=", scanner: {lines: {}}")
    assert [m.content() for m in messages] == [b"one", b"two", b"b"]
    assert messages[2].error is not None
    missing = f"{tmp_path}/b"
    assert messages[2].error.text == f"failed to open file '{missing}': open {missing}: no such file or directory"


def test_writing_and_deleting(process: Process, tmp_path: Path) -> None:
    assert [m.error for m in run(process, tmp_path, "write", "a", "d")] == [None, None]
    assert (tmp_path / "a").read_text() == "a"


def test_deleting(process: Process, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    messages = run(process, tmp_path, "delete", "a", "b")
    assert [m.error is None for m in messages] == [True, False]
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize("operation", ["move", "rename"])
def test_moving(process: Process, tmp_path: Path, operation: str) -> None:
    (tmp_path / "a").write_text("one")
    messages = run(process, tmp_path, operation, "a", more=f", destination_path: '{tmp_path}/b'")
    assert [m.error for m in messages] == [None]
    assert (tmp_path / "b").read_text() == "one"
    assert not (tmp_path / "a").exists()


def test_facts(process: Process, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("one")
    facts = json.loads(run(process, tmp_path, "stat", "a")[0].content())
    assert facts["name"] == "a"
    assert facts["size"] == 3
    assert facts["is_dir"] is False
