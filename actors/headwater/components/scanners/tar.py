"""Scanner `tar`: each file of an archive as a message."""

from __future__ import annotations

import tarfile
from typing import Final

from headwater.components.catalogue import component
from headwater.components.contracts import Scan, Scanner
from headwater.components.resources import Resources
from headwater.components.scanning import Failing
from headwater.config.fields import spec
from headwater.config.view import Config
from headwater.message import UNSET, Batch, Batches, Message

SPEC = spec(
    "scanner",
    "tar",
    summary="Take each file of a tar archive as a message.",
    description="The metadata `tar_name` says which one.",
    examples=(
        (
            "The files of a packed archive",
            "input:\n  file:\n    paths: [ logs.tar.gz ]\n    scanner:\n"
            "      decompress: { algorithm: gzip, into: { tar: {} } }\n",
        ),
    ),
)

BLOCK: Final = 512
LONGEST_NAME: Final = 1 << 20
"""Bytes that a header about a header may have; names are never that long."""


@component(SPEC)
class TarScanner(Scanner):
    """Opens scans of archives."""

    def __init__(self, config: Config, resources: Resources) -> None:
        pass

    def open(self, name: str) -> Scan:
        return TarScan()


class TarScan(Scan):
    """Reads headers and bodies as they come; names may be in extensions of GNU and POSIX."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._entry: tarfile.TarInfo | None = None
        self._name: str | None = None
        self._size: int | None = None
        self._done = False
        self._failing = Failing()

    def feed(self, data: bytes) -> Batches:
        if self._failing.error is not None:
            raise self._failing.error
        if self._done:
            return []
        self._rest += data
        made: list[Batch] = []
        while not self._done and self._failing.error is None:
            if self._entry is None:
                if len(self._rest) < BLOCK:
                    break
                self._header(bytes(self._rest[:BLOCK]))
                del self._rest[:BLOCK]
            else:
                padded = -(-self._entry.size // BLOCK) * BLOCK
                if len(self._rest) < padded:
                    break
                body = bytes(self._rest[: self._entry.size])
                del self._rest[:padded]
                self._body(self._entry, body, made)
                self._entry = None
        return self._failing.release(made)

    def _header(self, block: bytes) -> None:
        if not any(block):
            self._done = True
            return
        try:
            entry = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        except tarfile.HeaderError:
            self._failing.fail("archive/tar: invalid tar header")
            return
        if self._size is not None and entry.type not in (b"L", b"K", b"x", b"g"):
            entry.size, self._size = self._size, None
        elif entry.type in (tarfile.LNKTYPE, tarfile.SYMTYPE, tarfile.DIRTYPE):
            entry.size = 0
        if entry.type in (b"L", b"K", b"x", b"g") and entry.size > LONGEST_NAME:
            self._failing.fail("archive/tar: header field too long")
            return
        self._entry = entry

    def _body(self, entry: tarfile.TarInfo, body: bytes, made: list[Batch]) -> None:
        if entry.type == b"L":
            self._name = body.rstrip(b"\0").decode("utf-8", "surrogateescape")
        elif entry.type == b"x":
            self._extension(body)
        elif entry.type not in (b"K", b"g"):
            name = self._name if self._name is not None else entry.name
            if entry.isdir() and not name.endswith("/"):
                name += "/"
            self._name = None
            made.append([Message(body, UNSET, {"tar_name": name})])

    def _extension(self, body: bytes) -> None:
        """Take name and size out of a POSIX extended header: records such as ``20 path=some/name``."""
        while body:
            length, _, _ = body.partition(b" ")
            if not length.isdigit() or not 0 < int(length) <= len(body):
                self._failing.fail("archive/tar: invalid tar header")
                return
            key, _, value = body[len(length) + 1 : int(length) - 1].partition(b"=")
            body = body[int(length) :]
            if key == b"path":
                self._name = value.decode("utf-8", "surrogateescape")
            elif key == b"size" and value.isdigit():
                self._size = int(value)

    def finish(self) -> Batches:
        if self._failing.error is not None:
            raise self._failing.error
        if not self._done and (self._rest or self._entry is not None):
            self._failing.fail("unexpected EOF")
        return self._failing.release([])
