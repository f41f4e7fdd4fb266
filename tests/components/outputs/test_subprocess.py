"""Output `subprocess`: lines for a program."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from headwater.system import StreamSystem

Deliver = Callable[..., list[str]]


def test_a_program_reads_lines_until_the_end(system: StreamSystem, deliver: Deliver, tmp_path: Path) -> None:
    target = tmp_path / "out"
    config = f"output: {{subprocess: {{name: sh, args: ['-c', 'cat > {target}; echo done >> {target}']}}}}"
    assert deliver(config, "a", ["b", "c"]) == ["", ""]
    system.delete("under-test")
    assert target.read_text() == "a\nb\nc\ndone\n"


def test_what_it_writes_is_logged(
    deliver: Deliver, caplog: pytest.LogCaptureFixture, until: Callable[..., Any]
) -> None:
    caplog.set_level(logging.INFO)
    assert deliver("output: {subprocess: {name: cat}}", "hello") == [""]
    until(lambda: "subprocess stdout: hello" in caplog.text)


def test_a_program_that_is_not_there(
    system: StreamSystem, caplog: pytest.LogCaptureFixture, until: Callable[..., Any]
) -> None:
    system.create("s", "input: {inproc: in}\noutput: {subprocess: {name: no-such-program}}")
    until(lambda: 'exec: "no-such-program": executable file not found in $PATH' in caplog.text)
    assert system.ready() == ("s",)
