"""Output `file`: from the configuration to the bytes on disk."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from headwater.errors import TimedOut
from headwater.system import StreamSystem

Deliver = Callable[..., list[str]]


@pytest.mark.parametrize(
    ("codec", "content"),
    [
        ("lines", "old\na\nb\n\nends\nc\n"),
        ("append", "old\nabends\nc"),
        ("delim:X", "old\naXbXXends\nXcX"),
        ("all-bytes", "c"),
    ],
)
def test_codecs_say_what_stands_between_messages(deliver: Deliver, tmp_path: Path, codec: str, content: str) -> None:
    target = tmp_path / "out"
    target.write_text("old\n")
    assert deliver(f"output: {{file: {{path: '{target}', codec: '{codec}'}}}}", "a", "b", "", "ends\n", "c") == [""] * 5
    assert target.read_text() == content


def test_paths_may_depend_on_the_message(deliver: Deliver, tmp_path: Path) -> None:
    config = f"output: {{file: {{path: '{tmp_path}/${{! json(\"to\") }}/log'}}}}"
    assert deliver(config, '{"to":"a"}', ['{"to":"b","n":1}', '{"to":"a","n":2}'], '{"to":"b"}') == [""] * 3
    assert (tmp_path / "a/log").read_text() == '{"to":"a"}\n{"to":"a","n":2}\n'
    assert (tmp_path / "b/log").read_text() == '{"to":"b","n":1}\n{"to":"b"}\n'


def test_more_paths_than_files_are_kept_open(deliver: Deliver, tmp_path: Path) -> None:
    config = f"output: {{file: {{path: '{tmp_path}/${{! content() }}'}}}}"
    names = [str(number % 50) for number in range(150)]
    assert deliver(config, *names) == [""] * 150
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {str(n): f"{n}\n" * 3 for n in range(50)}


def test_what_cannot_be_written_is_told_to_the_sender(deliver: Deliver, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    config = f"output: {{file: {{path: '{tmp_path}/${{! content() }}'}}}}"
    assert deliver(config, "fine", "taken/below", ".") == [
        "",
        f"mkdir {tmp_path}/taken: not a directory",
        f"open {tmp_path}: is a directory",
    ]
    assert (tmp_path / "fine").read_text() == "fine\n"


def test_only_the_messages_of_a_batch_that_failed_are_rejected(deliver: Deliver, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    config = f"output: {{file: {{path: '{tmp_path}/${{! content() }}'}}}}"
    assert deliver(config, ["one", "taken", "two"]) == [f"open {tmp_path}/taken: is a directory"]
    assert (tmp_path / "one").exists()
    assert (tmp_path / "two").exists()


def test_a_full_disk_is_told_to_the_sender(deliver: Deliver) -> None:
    assert deliver("output: {file: {path: /dev/full}}", "a", "b") == ["write /dev/full: no space left on device"] * 2


def test_half_a_line_is_cut_off_again(tmp_path: Path) -> None:
    pytest.importorskip("resource")
    script = f"""
import resource, signal
from headwater.components.outputs.file import _File
from headwater.errors import ComponentError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))
file = _File({str(tmp_path / "out")!r}, False)
file.write(b"12345\\n")
try:
    file.write(b"6789012345\\n")
except ComponentError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == f"write {tmp_path / 'out'}: file too large\n"
    assert (tmp_path / "out").read_bytes() == b"12345\n"


def test_a_pipe_is_written_as_somebody_reads_it(system: StreamSystem, deliver: Deliver, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append((tmp_path / "pipe").read_bytes()))
    reader.start()
    large = "x" * 300_000
    assert deliver(f"output: {{file: {{path: '{tmp_path}/pipe'}}}}", "a", large, "b") == ["", "", ""]
    system.delete("under-test")
    reader.join()
    assert read == [b"a\n" + large.encode() + b"\nb\n"]


def test_a_pipe_that_nobody_reads_any_more_is_told_to_the_sender(
    system: StreamSystem, deliver: Deliver, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe")

    def read_a_little() -> None:
        with open(tmp_path / "pipe", "rb") as pipe:
            pipe.read(10)

    reader = threading.Thread(target=read_a_little)
    reader.start()
    assert deliver(f"output: {{file: {{path: '{tmp_path}/pipe'}}}}", "x" * 300_000) == [
        f"write {tmp_path}/pipe: broken pipe"
    ]
    reader.join()


def test_a_pipe_gets_each_message_of_all_bytes(deliver: Deliver, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append((tmp_path / "pipe").read_bytes()))
    reader.start()
    assert deliver(f"output: {{file: {{path: '{tmp_path}/pipe', codec: all-bytes}}}}", "abc") == [""]
    reader.join()
    assert read == [b"abc"]


def test_a_stream_that_writes_to_a_pipe_without_a_reader_can_be_deleted(
    system: StreamSystem, tmp_path: Path, until: Callable[..., Any]
) -> None:
    os.mkfifo(tmp_path / "pipe")
    system.create("s", f"input: {{inproc: in}}\noutput: {{file: {{path: '{tmp_path}/pipe'}}}}")
    with system.channel("in") as channel:
        sent = channel.post("a")
        with pytest.raises(TimedOut):
            sent.wait(0.05)
        system.delete("s", timeout=1.0)
    lanes = system._services.lanes
    until(lambda: len(lanes) == len(lanes._idle))


def test_a_path_knows_of_no_other_message(deliver: Deliver, tmp_path: Path) -> None:
    config = f"output: {{file: {{path: '{tmp_path}/${{! content() }}-${{! batch_index() }}-${{! batch_size() }}'}}}}"
    assert deliver(config, ["a", "b"]) == [""]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a-0-1", "b-0-1"]
