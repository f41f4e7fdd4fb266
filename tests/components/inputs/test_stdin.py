"""Input `stdin`: standard input of a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable

from headwater.components.inputs._descriptors import DescriptorReader

PROGRAM = """
import sys, time
from headwater.system import StreamSystem
with StreamSystem() as system:
    system.create("s", {"input": {"stdin": %s}, "output": {"stdout": {}}})
    while system.read("s").active:
        time.sleep(0.005)
"""


def run(given: bytes, fields: str = "{}") -> bytes:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM % fields], input=given, capture_output=True, timeout=20, check=True
    )
    return done.stdout


def test_lines_and_a_last_one_without_an_end() -> None:
    assert run(b"a\nb") == b"a\nb\n"


def test_another_scanner() -> None:
    assert run(b"abcdef", "{'scanner': {'chunker': {'size': 4}}}") == b"abcd\nef\n"


def test_a_reader_of_a_silent_pipe_can_be_closed() -> None:
    inner, outer = os.pipe()
    reader = DescriptorReader(inner, "pipe")
    waiting = reader.read()
    time.sleep(0.02)
    assert not waiting.done()
    started = time.monotonic()
    reader.close()
    assert time.monotonic() - started < 1
    assert waiting.error() is not None
    os.close(inner)
    os.close(outer)


def test_blocks_come_as_they_are_written(until: Callable[..., None]) -> None:
    inner, outer = os.pipe()
    reader = DescriptorReader(inner, "pipe")
    os.write(outer, b"one")
    assert reader.read().wait(5) == b"one"
    waiting = reader.read()
    os.write(outer, b"two")
    assert waiting.wait(5) == b"two"
    os.close(outer)
    assert reader.read().wait(5) == b""
    reader.close()
    os.close(inner)


def test_a_beginning_that_cannot_be_understood_ends_the_stream() -> None:
    told = PROGRAM + "    print(system.read('s').state, system.read('s').reason)\n"
    done = subprocess.run(
        [sys.executable, "-c", told % "{'scanner': {'json_array': {}}}"],
        input=b"{}",
        capture_output=True,
        timeout=20,
        check=True,
    )
    assert done.stdout.decode().strip() == (
        "failed failed to init input <no label> path root.input: expected opening '[' but got {"
    )


def test_rows_behind_a_header() -> None:
    assert run(b"a,b\n1,2\n", "{'scanner': {'csv': {}}}") == b'{"a":"1","b":"2"}\n'
