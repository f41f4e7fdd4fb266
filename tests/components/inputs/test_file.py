"""Input `file`: paths and patterns, scanners, metadata, deletion, files that are not there."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from headwater.message import Batch
from headwater.system import StreamSystem

Read = Callable[..., list[Batch]]
Texts = Callable[..., list[list[str]]]


def config(*paths: Path | str, **fields: Any) -> dict[str, Any]:
    return {"input": {"file": {"paths": [str(path) for path in paths], **fields}}}


def test_lines_of_files_in_order(texts: Texts, tmp_path: Path) -> None:
    (tmp_path / "b").write_text("b1\r\nb2")
    (tmp_path / "a").write_text("a1\n\na2\n")
    assert texts(config(tmp_path / "b", tmp_path / "a")) == [["b1"], ["b2"], ["a1"], [""], ["a2"]]


def test_metadata_says_where_a_message_comes_from(read: Read, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    ((message,),) = read(config(tmp_path / "a"))
    assert message.metadata["path"] == f"{tmp_path}/a"
    assert message.metadata["mod_time_unix"] == int((tmp_path / "a").stat().st_mtime)
    assert message.metadata["mod_time"].startswith("20")


def test_patterns_are_expanded(texts: Texts, tmp_path: Path) -> None:
    for name in ("d/x.txt", "d/e/y.txt", "d/e/z.log"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    assert texts(config(tmp_path / "d/*.txt")) == [["d/x.txt"]]


def test_two_stars_reach_all_folders(texts: Texts, tmp_path: Path) -> None:
    for name in ("x.txt", "e/y.txt", "e/f/z.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    assert sorted(texts(config(tmp_path / "**/*.txt"))) == [["e/f/z.txt"], ["e/y.txt"], ["x.txt"]]


def test_a_pattern_for_nothing_ends_at_once(texts: Texts, tmp_path: Path) -> None:
    assert texts(config(tmp_path / "*.none")) == []


def test_many_lines_over_many_blocks(texts: Texts, tmp_path: Path) -> None:
    lines = [f"{number}:{'x' * (number % 300)}" for number in range(3000)]
    (tmp_path / "a").write_text("\n".join(lines) + "\n")
    assert texts(config(tmp_path / "a")) == [[line] for line in lines]


def test_a_file_is_deleted_when_all_of_it_was_delivered(texts: Texts, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1\n2\n3\n")
    rejected: list[bytes] = []

    def twice(batch: Batch) -> bool:
        assert (tmp_path / "a").exists()
        if batch[0].content() == b"2" and len(rejected) < 2:
            rejected.append(b"2")
            return True
        return False

    assert sorted(texts(config(tmp_path / "a", delete_on_finish=True), reject=twice)) == [["1"], ["2"], ["3"]]
    assert not (tmp_path / "a").exists()


def test_what_is_rejected_at_the_end_is_not_lost(texts: Texts, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1\n2\n3\n4\n5\n6\n")
    tries: list[bytes] = []

    def often(batch: Batch) -> bool:
        tries.append(batch[0].content())
        return batch[0].content() in (b"2", b"6") and tries.count(batch[0].content()) <= 2

    assert sorted(texts(config(tmp_path / "a"), reject=often)) == [[str(number)] for number in range(1, 7)]


def test_a_file_that_is_not_there_is_tried_again(
    system: StreamSystem, caplog: pytest.LogCaptureFixture, until: Callable[..., Any], tmp_path: Path
) -> None:
    late = tmp_path / "late"
    with system.channel("out") as sink:
        system.create("s", {**config(late), "output": {"inproc": "out"}})
        until(lambda: f"Failed to read message: open {late}: no such file or directory" in caplog.text)
        late.write_text("at last\n")
        received = sink.receive(timeout=5)
        assert received.payloads == [b"at last"]
        received.ack()


def test_a_folder_is_no_file(
    system: StreamSystem, caplog: pytest.LogCaptureFixture, until: Callable[..., Any], tmp_path: Path
) -> None:
    system.create("s", {**config(tmp_path), "output": {"drop": {}}})
    assert until(lambda: f"read {tmp_path}: is a directory" in caplog.text)


def test_older_codecs(texts: Texts, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x|y|z")
    assert texts(config(tmp_path / "a", codec="delim:|", max_buffer=100)) == [["x"], ["y"], ["z"]]


@pytest.mark.parametrize(("codec", "expected"), [("lines/multipart", [["a", "b"], ["c"]]), ("auto", [["a\nb\n\nc\n"]])])
def test_codecs_that_gather(texts: Texts, tmp_path: Path, codec: str, expected: list[list[str]]) -> None:
    (tmp_path / "a").write_text("a\nb\n\nc\n")
    assert texts(config(tmp_path / "a", codec=codec)) == expected


def test_nothing_stays_open(texts: Texts, tmp_path: Path) -> None:
    import os

    (tmp_path / "a").write_text("1\n")
    before = len(os.listdir("/proc/self/fd"))
    texts(config(tmp_path / "a"))
    assert len(os.listdir("/proc/self/fd")) <= before + 1


@pytest.mark.parametrize("refusal", [BlockingIOError(11, "not in memory"), OSError(95, "not supported")])
def test_what_is_not_in_memory_is_read_all_the_same(
    texts: Texts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refusal: OSError
) -> None:
    (tmp_path / "a").write_text("".join(f"{number:05000}\n" for number in range(300)))
    real, calls = os.preadv, iter(range(10**6))

    def preadv(*arguments: Any) -> int:
        if next(calls) % 2:
            raise refusal
        return real(*arguments)

    monkeypatch.setattr(os, "preadv", preadv)
    assert texts(config(tmp_path / "a")) == [[f"{number:05000}"] for number in range(300)]


def test_a_pipe_is_read_to_the_end_of_its_writer(texts: Texts, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    def write() -> None:
        with open(tmp_path / "pipe", "w") as pipe:
            for number in range(3):
                pipe.write(f"{number}\n")
                pipe.flush()

    writer = threading.Thread(target=write)
    writer.start()
    assert texts(config(tmp_path / "pipe")) == [["0"], ["1"], ["2"]]
    writer.join()


def test_a_stream_that_reads_a_pipe_without_a_writer_can_be_deleted(
    system: StreamSystem, tmp_path: Path, until: Callable[..., Any]
) -> None:
    os.mkfifo(tmp_path / "pipe")
    system.create("s", {**config(tmp_path / "pipe"), "output": {"drop": {}}})
    until(lambda: open_descriptors(tmp_path / "pipe"))
    assert system.delete("s", timeout=1.0) == []
    assert open_descriptors(tmp_path / "pipe") == 0
    assert not [thread for thread in threading.enumerate() if str(tmp_path) in thread.name]


def open_descriptors(path: Path) -> int:
    found = 0
    for descriptor in os.listdir("/proc/self/fd"):
        try:
            found += os.readlink(f"/proc/self/fd/{descriptor}") == str(path)
        except OSError:
            continue
    return found
