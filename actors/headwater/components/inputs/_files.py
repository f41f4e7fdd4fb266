"""What the inputs that read files share: which files, what they say about them, and when one is done with."""

from __future__ import annotations

import glob
import os
import stat
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

from headwater import tasks
from headwater.acknowledge import Delivery, Failure
from headwater.components.contracts import Scan
from headwater.components.fifos import is_fifo, open_at_once
from headwater.components.inputs._descriptors import DescriptorReader
from headwater.components.oserrors import path_error
from headwater.components.resources import Resources
from headwater.components.scanning import Cutter
from headwater.errors import ComponentError, EndOfInput

BLOCK = 262144
"""Bytes of one read: a thousand lines or so, which travel as one chunk while all goes quickly."""

NOWAIT: Final = getattr(os, "RWF_NOWAIT", 0)
"""The flag with which a read returns what is in memory and does not wait for a disk; Linux has it."""


def expand(paths: Sequence[str]) -> list[str]:
    """The files that paths and patterns name, in order, each once. A path without a pattern stays, whether it exists
    or not."""
    found: list[str] = []
    for path in paths:
        if glob.has_magic(path):
            # Cleaned as the reference does, so that the metadata of `./a/*` says `a/b`.
            found.extend(
                sorted(
                    os.path.normpath(name)
                    for name in glob.glob(path, recursive=True, include_hidden=True)
                    if "**" not in path or not os.path.isdir(name)
                )
            )
        else:
            found.append(path)
    return list(dict.fromkeys(found))


def describe(path: str, modified: float) -> dict[str, Any]:
    """The metadata of a file."""
    when = datetime.fromtimestamp(int(modified)).astimezone()
    text = when.isoformat()
    if text.endswith("+00:00"):
        text = text[:-6] + "Z"
    return {"path": path, "mod_time_unix": int(modified), "mod_time": text}


class CannotOpen(ComponentError):
    """The next file cannot be opened; the next attempt tries it again."""


class OpenFile:
    """A file that is being read, and how many of its transactions are not settled."""

    def __init__(self, path: str, descriptor: int, cutter: Cutter, pipe: DescriptorReader | None) -> None:
        self.path = path
        self.descriptor = descriptor
        self.cutter = cutter
        self._pipe = pipe
        self.pending = 0
        self.read = False

    def close(self) -> None:
        """Let go of it; breaks off a read that waits for the writer of a pipe."""
        if self._pipe is not None:
            self._pipe.close()
        os.close(self.descriptor)


class FileReader:
    """Reads files one after the other.

    Args:
        paths: Which ones, in order.
        open_scan: Makes what cuts a file, of its name and its metadata.
        delete: Whether a file is deleted once it was read and all of it is settled.
    """

    def __init__(
        self,
        paths: Sequence[str],
        open_scan: Callable[[str, dict[str, Any]], Scan],
        delete: bool,
        resources: Resources,
        shared_metadata: bool = True,
    ) -> None:
        self._paths: deque[str] = deque(paths)
        self._open_scan = open_scan
        self._delete = delete
        self._resources = resources
        self._shared_metadata = shared_metadata
        self._current: OpenFile | None = None
        self._opening: tasks.Future[tuple[int, float]] | None = None
        self._removals: set[tasks.Task[None]] = set()
        self._host: tasks.Host | None = None

    async def open_next(self) -> bool:
        """Open the next file, unless one is open. Returns: False when there are no more. Raises: ComponentError."""
        if self._current is not None:
            return True
        if not self._paths:
            return False
        path = self._paths[0]
        host = tasks.current_host()

        def begin() -> tuple[int, float]:
            descriptor = open_at_once(path, os.O_RDONLY)
            return descriptor, os.fstat(descriptor).st_mtime

        # Kept, so that a reader that is cancelled meanwhile leaves the file to the next one.
        opening = self._opening = self._opening or host.call_blocking(begin)
        try:
            descriptor, modified = await opening
        except OSError as error:
            raise CannotOpen(path_error("open", path, error)) from None
        finally:
            if opening.done():
                self._opening = None
        metadata = describe(path, modified)

        try:
            scan = self._open_scan(path, metadata)
        except BaseException:
            os.close(descriptor)
            raise
        pipe = DescriptorReader(descriptor, path) if is_fifo(descriptor) else None
        read = Blocks(descriptor, path, host).read if pipe is None else pipe.read
        cutter = Cutter(scan, read, metadata) if self._shared_metadata else Cutter(scan, read)
        self._current = OpenFile(path, descriptor, cutter, pipe)
        self._paths.popleft()
        return True

    # HOT: once a chunk
    async def read(self, limit: int) -> Delivery:
        """The next batches of the current file; goes on to the next one at its end."""
        while True:
            if not await self.open_next():
                raise EndOfInput
            current = self._current
            assert current is not None
            try:
                batches = await current.cutter.read(limit)
            except EndOfInput:
                await self._finish(current)
                continue
            current.pending += len(batches)
            return Delivery(batches, self._settling(current, len(batches)))

    def _settling(self, file: OpenFile, count: int) -> Callable[[Sequence[int] | None, Failure | None], None]:
        def settle(indices: Sequence[int] | None, failure: Failure | None) -> None:
            file.pending -= count if indices is None else len(indices)
            if file.read and not file.pending and self._delete and self._host is not None:
                removal = tasks.start(self._remove(file.path), self._host, "delete")
                self._removals.add(removal)
                removal.add_callback(lambda _: self._removals.discard(removal))

        return settle

    async def _finish(self, file: OpenFile) -> None:
        self._current = None
        file.read = True
        await tasks.blocking(file.close)
        if self._delete:
            self._host = tasks.current_host()
            if not file.pending:
                await self._remove(file.path)

    async def _remove(self, path: str) -> None:
        try:
            await tasks.blocking(os.remove, path)
        except OSError as error:
            self._resources.log.error(f"Failed to delete file: {path_error('remove', path, error)}")

    async def close(self) -> None:
        """Close what is open."""
        for removal in tuple(self._removals):
            await removal
        current, self._current = self._current, None
        if current is not None:
            await tasks.blocking(current.close)
        opening, self._opening = self._opening, None
        if opening is not None:
            opening.add_callback(_close_unused)


def _close_unused(opening: tasks.Future[tuple[int, float]]) -> None:
    """Close what was opened for a reader that is gone."""
    if opening.error() is None:
        os.close(opening.result()[0])


class Blocks:
    """Reads a file block by block: at once what the system has in memory, in the background what it must fetch."""

    def __init__(self, descriptor: int, path: str, host: tasks.Host) -> None:
        self._descriptor = descriptor
        self._path = path
        self._host = host
        self._at: int | None = 0 if stat.S_ISREG(os.fstat(descriptor).st_mode) and NOWAIT else None
        self._buffer = bytearray(BLOCK if self._at is not None else 0)

    # HOT: once a block
    def read(self) -> tasks.Future[bytes]:
        """The next block; empty at the end. The future fails with a `ComponentError`."""
        at = self._at
        if at is not None:
            try:
                size = os.preadv(self._descriptor, (self._buffer,), at, NOWAIT)
            except BlockingIOError:
                size = 0  # nothing of it is in memory
            except OSError:
                # Not every file system can tell. What else may be wrong shows in the background too.
                os.lseek(self._descriptor, at, os.SEEK_SET)
                self._at, size = None, 0
            if size:
                self._at = at + size
                done: tasks.Future[bytes] = tasks.Future()
                done.set_result(bytes(memoryview(self._buffer)[:size]))
                return done
        return self._host.call_blocking(self._fetch)

    def _fetch(self) -> bytes:
        try:
            if self._at is None:
                return os.read(self._descriptor, BLOCK)
            block = os.pread(self._descriptor, BLOCK, self._at)
        except OSError as error:
            raise ComponentError(path_error("read", self._path, error)) from None
        self._at += len(block)
        return block
