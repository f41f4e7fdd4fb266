"""Bits that flip in the head of a buffer's file: it is damaged then, however SQLite words it."""

from __future__ import annotations

from pathlib import Path

import pytest

from headwater.components.buffers._queue_file import QueueFile


@pytest.mark.parametrize("place", [0, 18, 19, 21, 44, 56])
def test_a_head_that_makes_no_sense_is_damage(tmp_path: Path, place: int) -> None:
    path = tmp_path / "q.db"
    QueueFile(str(path), lambda text: None).close()
    content = bytearray(path.read_bytes())
    content[place] ^= 0xFF
    path.write_bytes(content)
    said: list[str] = []
    QueueFile(str(path), said.append).close()
    assert not said or "is damaged" in said[0]
    assert path.exists()
    if said:
        assert list(tmp_path.glob("q.db.damaged-*"))


def test_a_place_where_nothing_can_be_opened_is_no_damage(tmp_path: Path) -> None:
    (tmp_path / "q.db").mkdir()
    with pytest.raises(Exception, match="cannot open buffer file"):
        QueueFile(str(tmp_path / "q.db"), lambda text: None)
    assert (tmp_path / "q.db").is_dir()
