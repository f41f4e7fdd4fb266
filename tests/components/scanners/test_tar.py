"""Scanner `tar`: the files of an archive."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from typing import Any

import pytest

Scan = Callable[..., list[Any]]


def tar_of(*files: tuple[str, bytes], format_: int = tarfile.PAX_FORMAT) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=format_) as archive:
        for name, content in files:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


@pytest.mark.parametrize("format_", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
@pytest.mark.parametrize("size", [100, 512, 100_000])
def test_files_of_an_archive(format_: int, size: int, messages: Scan) -> None:
    files = (("one.txt", b"first"), ("d/" + "x" * 150 + ".txt", b"y" * 1500), ("ü.txt", b""))
    found = messages("tar: {}", tar_of(*files, format_=format_), size=size)
    assert [(message.metadata["tar_name"], message.content()) for message in found] == list(files)


def test_what_is_no_archive(messages: Scan) -> None:
    assert messages("tar: {}", b"not a tar") == ["! unexpected EOF"]
    assert messages("tar: {}", b"x" * 600) == ["! archive/tar: invalid tar header"]
