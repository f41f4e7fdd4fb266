"""Processor `command`: a program a message."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from headwater.components.processors import command
from headwater.message import Message
from headwater.system import StreamSystem

Process = Callable[..., list[Message]]


def shown(messages: list[Message]) -> list[tuple[bytes, dict[str, Any], str]]:
    return [(m.content(), dict(m.metadata), "" if m.error is None else m.error.text) for m in messages]


def test_messages_go_through_a_program(process: Process) -> None:
    config = """[{command: {name: tr, args_mapping: '[ "a-z", @to ]'}}]"""
    assert shown(process(config, ["a", "b"], metadata={"to": "A-Z"})) == [
        (b"A", {"to": "A-Z", "exit_code": 0}, ""),
        (b"B", {"to": "A-Z", "exit_code": 0}, ""),
    ]


def test_failures_say_how_it_ended(process: Process) -> None:
    config = """[{command: {name: sh, args_mapping: '[ "-c", content().string() ]'}}]"""
    assert shown(process(config, "echo oops >&2; exit 3", "kill -9 $$", "echo fine; echo note >&2")) == [
        (b"echo oops >&2; exit 3", {"exit_code": 3}, "execution error: exit status 3: oops\n"),
        (b"kill -9 $$", {"exit_code": -1}, "execution error: signal: killed: "),
        (b"fine\n", {"exit_code": 0, "command_stderr": "note\n"}, ""),
    ]


def test_programs_that_are_not_there_and_arguments_that_are_none(process: Process) -> None:
    config = """[{command: {name: '${! @name }', args_mapping: 'root = if content() == "n" { 5 } else { [] }'}}]"""
    assert shown(process(config, "n", "x", metadata={"name": "no-such-program"})) == [
        (b"n", {"name": "no-such-program"}, "args mapping result error: expected array value, got number (5)"),
        (
            b"x",
            {"name": "no-such-program", "exit_code": -1},
            'execution error: exec: "no-such-program": executable file not found in $PATH: ',
        ),
    ]


def test_a_stream_that_is_ended_takes_the_program_along(system: StreamSystem, until: Any) -> None:
    import subprocess

    mark = "31.41592"
    config = f"""
    input: {{inproc: in}}
    pipeline: {{processors: [{{command: {{name: sleep, args_mapping: '[ "{mark}" ]'}}}}]}}
    output: {{drop: {{}}}}
    """
    system.create("s", config)

    def running() -> bool:
        return subprocess.run(["pgrep", "-f", f"sleep {mark}"], capture_output=True, check=False).returncode == 0

    with system.channel("in") as channel:
        channel.post("a")
        assert until(running)
        system.delete("s", timeout=0.0)
        assert until(lambda: not running())


def test_large_inputs_and_outputs_pass_each_other(process: Process) -> None:
    (message,) = process("[{command: {name: cat}}]", "x" * 1_000_000)
    assert message.content() == b"x" * 1_000_000


def test_a_program_need_not_read_its_input(process: Process) -> None:
    (message,) = process("[{command: {name: echo, args_mapping: '[\"hi\"]'}}]", "x" * 1_000_000)
    assert (message.content(), message.error) == (b"hi\n", None)


@pytest.mark.parametrize("script", ["yes", "yes >&2"])
def test_a_program_that_floods_is_ended(process: Process, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    monkeypatch.setattr(command, "MOST", 100_000)
    run = "[{command: {name: sh, args_mapping: '[\"-c\", content().string()]'}}]"
    failed, fine = process(run, script, "echo a")
    assert failed.error is not None
    assert failed.error.text == "execution error: output exceeds the limit of 100000 bytes: "
    assert failed.content() == script.encode()
    assert fine.content() == b"a\n"
