"""Output `subprocess`: lines for a program."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from headwater.errors import TimedOut
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


def test_a_program_that_dies_is_started_again(
    deliver: Deliver, until: Callable[..., Any], caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    target = tmp_path / "out"
    script = f"read line; echo $line >> {target}"
    payloads = [f"{number:0100000}" for number in range(3)]  # more than a pipe takes, so that the end is noticed
    outcomes = deliver(f"output: {{subprocess: {{name: sh, args: ['-c', '{script}']}}}}", *payloads)
    assert outcomes == [""] * 3
    until(lambda: [line.lstrip("0") for line in target.read_text().split()] == ["", "1", "2"])


def test_a_program_that_does_not_read_goes_with_its_stream(system: StreamSystem, until: Callable[..., Any]) -> None:
    system.create("s", "input: {inproc: in}\noutput: {subprocess: {name: sleep, args: ['95']}}")
    output: Any = system._registry.snapshot["s"].ring.output
    with system.channel("in") as channel:
        sent = channel.post("x" * 1_000_000)
        until(lambda: output._child._program is not None)
        child = output._child._program._process
        with pytest.raises(TimedOut):
            sent.wait(0.05)
        system.delete("s", timeout=0.5)
        until(lambda: child.poll() is not None)


def test_a_flood_without_lines_is_logged_in_pieces(
    system: StreamSystem, caplog: pytest.LogCaptureFixture, until: Callable[..., Any]
) -> None:
    caplog.set_level(logging.INFO)
    script = "printf '%0200000d' 0; exec cat > /dev/null"
    system.create("s", {"input": {"inproc": "in"}, "output": {"subprocess": {"name": "sh", "args": ["-c", script]}}})
    until(lambda: sum("stdout: 0" in record.getMessage() for record in caplog.records) >= 3)
    assert max(len(record.getMessage()) for record in caplog.records) < 70_000
