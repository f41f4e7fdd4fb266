"""Processor `subprocess`: a program that answers."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from headwater.components.processors import subprocess
from headwater.message import Message
from headwater.system import StreamSystem

Process = Callable[..., list[Message]]


def shown(messages: list[Message]) -> list[tuple[bytes, str]]:
    return [(m.content(), "" if m.error is None else m.error.text) for m in messages]


@pytest.mark.parametrize("codec", ["lines", "length_prefixed_uint32_be", "netstring"])
def test_each_message_is_exchanged_for_its_answer(process: Process, codec: str) -> None:
    config = f"[{{subprocess: {{name: cat, codec_send: {codec}, codec_recv: {codec}}}}}]"
    assert shown(process(config, "a", ["b b", ""], "c\nd")) == [(b"a", ""), (b"b b", ""), (b"", ""), (b"c\nd", "")]


def test_a_program_that_ends_is_started_again(process: Process) -> None:
    script = "read a; echo got $a; read b; echo gone >&2; exit 2"
    config = f"[{{subprocess: {{name: sh, args: ['-c', '{script}']}}}}]"
    assert shown(process(config, "1", "2", "3")) == [
        (b"got 1", ""),
        (b"2", "exit status 2: gone"),
        (b"got 3", ""),
    ]


def test_answers_have_a_bound(process: Process) -> None:
    config = "[{subprocess: {name: cat, max_buffer: 10}}]"
    assert shown(process(config, "0123456789", "0123456789a", "b")) == [
        (b"0123456789", ""),
        (b"0123456789a", "bufio.Scanner: token too long"),
        (b"b", ""),
    ]


def test_the_program_has_to_be_there(process: Process) -> None:
    with pytest.raises(Exception, match='exec: "no-such-program": executable file not found in'):
        process("[{subprocess: {name: no-such-program}}]", "a")


def test_answers_on_the_error_output_mark_the_message(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "ERROR_SECONDS", 0.05)
    script = "while read a; do case $a in bad*) echo no $a >&2;; *) echo got $a;; esac; done"
    config = f"[{{subprocess: {{name: sh, args: ['-c', '{script}']}}}}]"
    assert shown(process(config, "1", "bad", "2")) == [(b"got 1", ""), (b"bad", "no bad"), (b"got 2", "")]


def test_a_newline_at_the_end_is_no_further_line(process: Process) -> None:
    assert shown(process("[{subprocess: {name: cat}}]", "a\n", "b")) == [(b"a\n", ""), (b"b", "")]


def test_a_program_that_says_more_than_it_is_asked_is_not_read_to_the_end(system: StreamSystem) -> None:
    system.create(
        "s",
        "input: {inproc: in}\npipeline: {threads: 1, processors: [{subprocess: {name: 'yes'}}]}\noutput: {drop: {}}",
    )
    with system.channel("in") as channel:
        for _ in range(3):
            channel.send("a")
        processor: Any = system._registry.snapshot["s"].ring.chain.links[0].processor
        assert processor._program._answers.qsize() <= subprocess.WAITING
        assert system.delete("s", timeout=2.0) == []


@pytest.mark.parametrize("script", ["sleep 96", "yes >&2"])
def test_a_program_that_does_not_answer_goes_with_its_stream(
    system: StreamSystem, until: Callable[..., Any], script: str
) -> None:
    system.create(
        "s",
        f"""
input: {{inproc: in}}
pipeline: {{threads: 1, processors: [{{subprocess: {{name: sh, args: ['-c', 'exec {script}']}}}}]}}
output: {{drop: {{}}}}
""",
    )
    processor: Any = system._registry.snapshot["s"].ring.chain.links[0].processor
    with system.channel("in") as channel:
        channel.post("a")
        until(lambda: processor._program is not None)
        child = processor._program._process
        started = time.monotonic()
        system.delete("s", timeout=0.5)
        assert time.monotonic() - started < 5
        until(lambda: child.poll() is not None)
