"""Processor `file`: files, read and written by the way."""

from __future__ import annotations

import subprocess
import sys
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
    (tmp_path / "empty").write_text("")
    messages = run(process, tmp_path, "read", "a", "b", "empty", count=4, more=", scanner: {lines: {}}")
    assert [m.content() for m in messages] == [b"one", b"two", b"b", b"empty"]
    assert [m.metadata.get("file_name") for m in messages] == ["a", "a", None, "empty"]
    assert messages[0].metadata["file_size"] == 8
    assert messages[2].error is not None
    missing = f"{tmp_path}/b"
    assert messages[2].error.text == f"failed to open file '{missing}': open {missing}: no such file or directory"


def test_writing(process: Process, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    messages = run(process, tmp_path, "write", "a", "new/a", "taken")
    assert [m.error is None for m in messages] == [True, True, False]
    assert (tmp_path / "a").read_text() == "a"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "new", "taken"]


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


@pytest.mark.parametrize("operation", ["move", "rename"])
def test_what_is_not_there_cannot_be_moved(process: Process, tmp_path: Path, operation: str) -> None:
    (message,) = run(process, tmp_path, operation, "a", more=f", destination_path: '{tmp_path}/b'")
    assert message.error is not None
    assert message.error.text.endswith("no such file or directory")


def test_facts(process: Process, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("one")
    message, missing = run(process, tmp_path, "stat", "a", "b")
    assert message.content() == b"a"
    assert message.metadata["file_path"] == str(tmp_path / "a")
    assert message.metadata["file_size"] == 3
    assert message.metadata["file_is_dir"] is False
    assert missing.error is not None
    assert (
        missing.error.text
        == f"failed to get file info for '{tmp_path}/b': stat {tmp_path}/b: no such file or directory"
    )


def test_a_full_disk_marks_the_message_and_leaves_nothing_behind(tmp_path: Path) -> None:
    # In a process of its own, where a file can become only so large.
    script = f"""
import resource, signal
from headwater.components.processors.file import _write
from headwater.errors import ComponentError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))
try:
    _write({str(tmp_path / "a")!r}, b"more than ten bytes")
except ComponentError as error:
    print(error)
"""
    (tmp_path / "a").write_text("as it was")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=20)
    assert done.stdout.endswith(": file too large\n"), done
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a", "as it was")]
