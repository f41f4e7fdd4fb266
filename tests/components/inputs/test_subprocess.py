"""Input `subprocess`: what programs write, how they end, and that none is left."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from headwater.system import StreamSystem

Texts = Callable[..., list[list[str]]]


def config(script: str, **fields: Any) -> dict[str, Any]:
    return {"input": {"subprocess": {"name": "sh", "args": ["-c", script], **fields}}}


def test_lines_are_messages_and_the_end_is_the_end(texts: Texts) -> None:
    assert texts(config(r"printf 'a\nb\nc'")) == [["a"], ["b"], ["c"]]


def test_a_failure_is_logged(texts: Texts, caplog: pytest.LogCaptureFixture) -> None:
    assert texts(config("echo a; echo complaint >&2; exit 3")) == [["a"]]
    assert "subprocess stderr: complaint" in caplog.text
    assert "exit status 3" in caplog.text


def test_it_is_started_again(texts: Texts) -> None:
    assert texts(config("echo a", restart_on_exit=True), 3) == [["a"]] * 3


def test_a_program_that_is_not_there(
    system: StreamSystem, caplog: pytest.LogCaptureFixture, until: Callable[..., Any]
) -> None:
    system.create("s", {"input": {"subprocess": {"name": "no-such-program"}}, "output": {"drop": {}}})
    assert until(lambda: "Failed to connect to subprocess: exec: " in caplog.text)


def test_neither_a_program_nor_its_children_outlive_the_stream(
    system: StreamSystem, until: Callable[..., Any], tmp_path: Path
) -> None:
    script = f"sleep 100 & echo $! > {tmp_path}/pid; echo ready; wait"
    with system.channel("out") as sink:
        system.create("s", {**config(script), "output": {"inproc": "out"}})
        sink.receive(timeout=5).ack()
        pid = int((tmp_path / "pid").read_text())
        os.kill(pid, 0)
        system.delete("s")

    def gone() -> bool:
        try:
            with open(f"/proc/{pid}/stat") as stat:
                return stat.read().split()[2] == "Z"
        except FileNotFoundError:
            return True

    assert until(gone)


def test_a_flood_is_read_as_fast_as_it_is_delivered(texts: Texts) -> None:
    assert texts(config("yes | head -n 5000")) == [["y"]] * 5000


def test_a_program_that_starts_while_its_stream_is_deleted_does_not_stay(
    system: StreamSystem, until: Callable[..., Any], tmp_path: Path
) -> None:
    mark = f"exec sleep 97.{os.getpid()}"
    for _ in range(8):
        system.create("s", {**config(mark), "output": {"drop": {}}})
        system.delete("s")

    def left() -> list[str]:
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                command = Path(f"/proc/{pid}/cmdline").read_text()
            except OSError:
                continue
            if mark.removeprefix("exec ").replace(" ", "\0") in command or mark in command:
                found.append(pid)
        return found

    assert until(lambda: not left())
