"""Buffer `sqlite`: on disk before it is acked, back after a restart, whole after damage."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pytest

from headwater.components.buffers._packing import pack, unpack
from headwater.components.buffers._queue_file import QueueFile
from headwater.errors import ComponentError, MessageError
from headwater.message import Message
from headwater.system import StreamSystem

Until = Callable[[Callable[[], object]], object]


def config(path: Path, more: str = "", output: str = "inproc: out") -> str:
    return f"input: {{inproc: in}}\nbuffer: {{sqlite: {{path: '{path}', {more}}}}}\noutput: {{{output}}}"


def take(system: StreamSystem, count: int) -> list[bytes]:
    found: list[bytes] = []
    with system.channel("out") as sink:
        while len(found) < count:
            received = sink.receive(timeout=5)
            found.extend(received.payloads)
            received.ack()
    return found


def rows(path: Path) -> int:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("SELECT COUNT(*) FROM batches").fetchone()[0])


def test_messages_are_acked_when_they_are_stored_and_come_out_in_order(system: StreamSystem, tmp_path: Path) -> None:
    system.create("s", config(tmp_path / "q.db"))
    with system.channel("in") as source:
        sent = [source.post(str(number)) for number in range(100)]
        for each in sent:
            each.wait(5)
    assert take(system, 100) == [str(number).encode() for number in range(100)]


def test_what_was_not_delivered_comes_after_a_restart_and_what_was_does_not(tmp_path: Path, until: Until) -> None:
    path = tmp_path / "q.db"
    with StreamSystem(stop_timeout=0.3) as system:
        system.create("s", config(path))
        with system.channel("in") as source:
            for text in ("a", "b", "c"):
                source.send(text, timeout=5)
        assert take(system, 1) == [b"a"]
        buffer = system._registry.snapshot["s"].ring.buffer
        until(lambda: buffer._file.count() == 2)
    assert rows(path) == 2
    with StreamSystem(stop_timeout=20) as system:
        system.create("s", config(path))
        assert take(system, 2) == [b"b", b"c"]
        system.delete("s")
    assert rows(path) == 0


def test_more_than_fits_in_memory_is_read_from_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from headwater.components.buffers import sqlite

    monkeypatch.setattr(sqlite, "AHEAD_BYTES", 200)
    monkeypatch.setattr(sqlite, "PAGE", 16)
    with StreamSystem() as system:
        system.create("s", config(tmp_path / "q.db"))
        with system.channel("in") as source:
            sent = [source.post(f"{number:04}") for number in range(400)]
            for each in sent:
                each.wait(5)
            assert take(system, 300) == [f"{number:04}".encode() for number in range(300)]
            source.send("last", timeout=5)
        assert take(system, 101)[-1] == b"last"


def test_a_stream_ends_when_its_buffer_is_empty(system: StreamSystem, until: Until, tmp_path: Path) -> None:
    text = config(tmp_path / "q.db").replace(
        "inproc: in}", "generate: {count: 20, interval: '', mapping: root = counter()}}"
    )
    system.create("s", text)
    assert len(take(system, 20)) == 20
    until(lambda: not system.read("s").active)


def test_a_rejected_message_comes_again(system: StreamSystem, tmp_path: Path) -> None:
    system.create("s", config(tmp_path / "q.db"))
    with system.channel("in") as source, system.channel("out") as sink:
        source.send("a", timeout=5)
        sink.receive(timeout=5).reject("no")
        received = sink.receive(timeout=5)
        assert received.payloads == [b"a"]
        received.ack()


def test_processors_before_and_behind(system: StreamSystem, tmp_path: Path) -> None:
    more = (
        "pre_processors: [{mapping: 'root = if content() == \"no\" { deleted() } else { content().uppercase() }'}], "
        "post_processors: [{split: {size: 1}}, {mapping: 'root = content() + \"!\"'}]"
    )
    system.create("s", config(tmp_path / "q.db", more))
    with system.channel("in") as source:
        source.send("no", timeout=5)
        source.send(["a", "b"], timeout=5)
    assert take(system, 2) == [b"A!", b"B!"]


def test_batches_metadata_and_marks_survive() -> None:
    batch = [
        Message(b"\x00\xff", metadata={"a": "b", "n": 1, "f": 1.5, "l": [None, True], "b": b"\xff", "big": 10**30}),
        Message(b"", error=MessageError("text", "mapping", "label", "path")),
        Message(None, {"parsed": [1, 2]}),
    ]
    again = unpack(pack(batch))
    assert [message.content() for message in again] == [b"\x00\xff", b"", b'{"parsed":[1,2]}']
    assert again[0].metadata == {**batch[0].metadata, "big": str(10**30)}
    assert again[1].error == batch[1].error
    assert [message.origin for message in again] == [0, 1, 2]


def fill(path: Path, count: int = 300) -> None:
    file = QueueFile(str(path), print)
    file.commit([pack([Message(b"%d " % number + b"x" * 200)]) for number in range(count)], ())
    file.close()


def test_commits_are_synchronous(tmp_path: Path) -> None:
    file = QueueFile(str(tmp_path / "q.db"), print)
    assert file._connection.execute("PRAGMA synchronous").fetchone()[0] == 2
    assert file._connection.execute("PRAGMA journal_mode").fetchone()[0] == b"wal"
    file.close()


@pytest.mark.parametrize("damage", ["no file at all", "cut in the middle", "a page overwritten", "empty"])
def test_a_damaged_file_is_moved_aside_and_what_is_sound_is_kept(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "q.db"
    fill(path)
    data = path.read_bytes()
    if damage == "no file at all":
        path.write_bytes(b"this is a text and no database, whatever its name says" * 100)
    elif damage == "cut in the middle":
        path.write_bytes(data[: len(data) // 2])
    elif damage == "a page overwritten":
        place = len(data) // 8192 * 4096
        path.write_bytes(data[:place] + b"\x5a" * 4096 + data[place + 4096 :])
    else:
        path.write_bytes(b"")
    said: list[str] = []
    file = QueueFile(str(path), said.append)
    found = file.page(0, 1000)[0]
    for _, content in found:
        assert unpack(content)[0].content().endswith(b"x" * 200)
    if damage == "empty":
        assert not said
    else:
        assert "is damaged" in said[0]
        assert str(path) in said[0]
        assert [name for name in os.listdir(tmp_path) if "damaged" in name]
    file.commit([pack([Message(b"new")])], ())
    file.close()


def test_damage_at_every_page_is_found_or_harmless(tmp_path: Path) -> None:
    path = tmp_path / "q.db"
    fill(path, 60)
    data = path.read_bytes()
    sound = {b"%d " % number + b"x" * 200 for number in range(60)}
    for place in range(0, len(data), 4096):
        for name in os.listdir(tmp_path):
            (tmp_path / name).unlink()
        flipped = bytearray(data)
        for offset in (8, 100, 2000):
            flipped[place + offset] ^= 0x55
        path.write_bytes(bytes(flipped))
        said: list[str] = []
        file = QueueFile(str(path), said.append)
        found = {unpack(content)[0].content() for _, content in file.page(0, 1000)[0]}
        assert found <= sound
        assert found == sound or said
        file.commit([pack([Message(b"new")])], ())
        file.close()


def test_a_batch_whose_bytes_have_changed_is_put_aside_and_named(tmp_path: Path) -> None:
    path = tmp_path / "q.db"
    fill(path, 3)
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE batches SET content = zeroblob(10) WHERE id = 2")
    said: list[str] = []
    file = QueueFile(str(path), said.append)
    assert [id_ for id_, _ in file.page(0, 10)[0]] == [1, 3]
    assert "has damaged batches (2)" in said[0]
    assert file.count() == 2
    file.close()


def test_ids_are_not_used_twice_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "q.db"
    fill(path, 3)
    file = QueueFile(str(path), print)
    file.commit((), [(1, 3)])
    file.close()
    file = QueueFile(str(path), print)
    assert file.commit([b"x"], ()) == 4
    file.close()


def test_a_full_disk_rejects_and_loses_nothing(tmp_path: Path) -> None:
    file = QueueFile(str(tmp_path / "q.db"), print)
    pages = file._connection.execute("PRAGMA page_count").fetchone()[0]
    file._connection.execute(f"PRAGMA max_page_count = {pages + 20}")
    with pytest.raises(ComponentError, match="database or disk is full"):
        file.commit([os.urandom(4000) for _ in range(100)], ())
    assert file.count() == 0
    assert file.commit([b"small"], ()) == 1
    file.close()


def test_an_emptied_file_becomes_smaller(tmp_path: Path) -> None:
    path = tmp_path / "q.db"
    file = QueueFile(str(path), print)
    file.commit([os.urandom(4000) for _ in range(2000)], ())
    file.commit((), [(1, 2000)])
    file.compact()
    file.close()
    assert path.stat().st_size < 1_000_000


PROGRAM = """
import sys
from headwater.system import StreamSystem
system = StreamSystem()
system.create("s", sys.argv[1])
with system.channel("in") as source:
    number = int(sys.argv[2])
    while True:
        source.send(str(number), timeout=5)
        print(number, flush=True)
        number += 1
"""


def test_what_was_acked_survives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "q.db"
    acked = -1
    for _ in range(2):
        text = config(path, output=f"file: {{path: '{tmp_path}/out'}}")
        program = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, text, str(acked + 1)], stdout=subprocess.PIPE, text=True
        )
        assert program.stdout is not None
        for line in program.stdout:
            acked = int(line)
            if acked % 40 == 39:
                os.kill(program.pid, signal.SIGKILL)
                break
        for line in program.stdout:
            acked = int(line)
        program.wait()
        program.stdout.close()
    with StreamSystem(stop_timeout=20) as system:
        system.create("s", config(path, output=f"file: {{path: '{tmp_path}/out'}}"))
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            found = [int(line) for line in (tmp_path / "out").read_text().split()]
            if set(range(acked + 1)) <= set(found):
                break
            time.sleep(0.02)
    assert set(range(acked + 1)) <= set(found)


def test_batches_that_come_quickly_share_commits(
    system: StreamSystem, until: Until, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits: list[int] = []
    real = QueueFile.commit

    def commit(file: QueueFile, contents: Sequence[bytes], delivered: Iterable[tuple[int, int]]) -> int:
        commits.append(len(contents))
        time.sleep(0.01)  # as long as a disk takes
        return real(file, contents, delivered)

    monkeypatch.setattr(QueueFile, "commit", commit)
    system.create(
        "s",
        "input: {generate: {count: 4000, batch_size: 10, interval: '', mapping: 'root = 1'}}\n"
        f"buffer: {{sqlite: {{path: '{tmp_path}/q.db'}}}}\noutput: {{drop: {{}}}}",
    )
    until(lambda: not system.read("s").active)
    assert sum(commits) == 400
    assert len(commits) < 100
    assert rows(tmp_path / "q.db") == 0


def test_what_was_delivered_is_forgotten_soon(system: StreamSystem, until: Until, tmp_path: Path) -> None:
    with contextlib.closing(QueueFile(str(tmp_path / "q.db"), print)) as file:
        file.commit([pack([Message(b"a")]), pack([Message(b"b")])], ())
    system.create("s", config(tmp_path / "q.db", output="drop: {}"))
    buffer = system._registry.snapshot["s"].ring.buffer
    assert until(lambda: buffer._file is not None and buffer._file.count() == 0)
