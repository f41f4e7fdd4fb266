"""Cache `file`: a file a key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from headwater.components.contracts import KeyExists
from headwater.errors import ComponentError


def test_files_of_others_are_values(caches: Any, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"from disk")
    cache = caches.make(f"file: {{directory: '{tmp_path}'}}")
    assert caches.found(cache, "a") == [b"from disk"]
    with pytest.raises(KeyExists):
        caches.run(cache.add("a", b"1"))
    caches.run(cache.set("b", b"2"))
    caches.run(cache.add("c", b"3"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "c"]


def test_failures_name_the_file(caches: Any, tmp_path: Path) -> None:
    cache = caches.make(f"file: {{directory: '{tmp_path}/none'}}")
    for call in (cache.set("a", b"1"), cache.add("a", b"1")):
        with pytest.raises(ComponentError, match=f"open {tmp_path}/none/a: no such file or directory"):
            caches.run(call)
    with pytest.raises(ComponentError, match=f"remove {tmp_path}/none/a: no such file or directory"):
        caches.run(cache.delete("a"))
