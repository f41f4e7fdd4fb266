"""Output `file`: messages to files whose paths may depend on the message."""

from __future__ import annotations

import contextlib
import os
import stat
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from headwater import tasks
from headwater.bloblang.errors import BloblangError
from headwater.components.catalogue import component
from headwater.components.codecs import CODECS, OutputCodec
from headwater.components.contracts import Output
from headwater.components.fifos import Pauses, lacks_reader, open_at_once, write_fifo
from headwater.components.opening import open_blocking
from headwater.components.oserrors import path_error
from headwater.config.fields import choice, interpolated, spec
from headwater.errors import BatchFailure, ComponentError

if TYPE_CHECKING:
    from headwater.acknowledge import Failure
    from headwater.components.resources import Resources
    from headwater.config.view import Config
    from headwater.message import Batch, Batches, Message

SPEC = spec(
    "output",
    "file",
    interpolated(
        "path",
        "The file to write to; it and its folders are made where they are missing.",
        examples=("/tmp/data.txt", "/tmp/${! timestamp_unix() }.txt", '/tmp/${! json("document.id") }.json'),
    ),
    choice(
        "codec",
        CODECS,
        "How messages are told apart; `all-bytes` writes the file anew with each message.",
        default="lines",
        advisory=True,
    ),
    categories=("Local",),
    summary="Write messages to files.",
    description="Messages are appended to what a file holds already, but for the codec `all-bytes`.",
    blocking=True,
    examples=(("A file for each day", 'output:\n  file:\n    path: logs/${! now().ts_format("2006-01-02") }.jsonl\n'),),
)

OPEN_FILES: Final = 32
"""How many files are kept open for writing."""


class _File:
    """An open file. What a failed write has left behind is cut off again, so that no torn line stays."""

    __slots__ = ("_descriptor", "_path", "fifo", "regular")

    def __init__(self, path: str, truncate: bool) -> None:
        self._path = path
        try:
            _make_folders(os.path.dirname(path))
            flags = os.O_CREAT | os.O_WRONLY | (os.O_TRUNC if truncate else os.O_APPEND)
            self._descriptor = open_at_once(path, flags, 0o666)
        except FileExistsError as error:
            raise ComponentError(f"mkdir {error.filename}: not a directory") from None
        except OSError as error:
            if lacks_reader(path, error):
                raise _NoReader from None
            # Of a folder it is the folder that is named, as the one that could not be made.
            action = "open" if error.filename == path else "mkdir"
            raise ComponentError(path_error(action, str(error.filename or path), error)) from None
        mode = os.fstat(self._descriptor).st_mode
        self.regular = stat.S_ISREG(mode)
        self.fifo = stat.S_ISFIFO(mode)

    async def append(self, data: bytes) -> None:
        """Write everything, on a thread of its own where that may take long. Raises: ComponentError."""
        if self.regular:
            self.write(data)
        elif self.fifo:
            try:
                await write_fifo(self._descriptor, data)
            except OSError as error:
                raise ComponentError(path_error("write", self._path, error)) from None
        else:
            await tasks.blocking(self.write, data)

    def write(self, data: bytes) -> None:
        """Write everything, or nothing where that can be had. Raises: ComponentError."""
        written = 0
        size = len(data)
        try:
            written = os.write(self._descriptor, data)
            while written < size:
                written += os.write(self._descriptor, memoryview(data)[written:])
        except OSError as error:
            if written and self.regular:
                self._cut(written)
            raise ComponentError(path_error("write", self._path, error)) from None

    def _cut(self, written: int) -> None:
        # Where that fails too, the write's own failure is reported.
        with contextlib.suppress(OSError):
            end = os.lseek(self._descriptor, 0, os.SEEK_CUR)
            os.ftruncate(self._descriptor, max(0, end - written))

    def close(self) -> None:
        os.close(self._descriptor)


class _NoReader(Exception):
    """The file is a pipe that nobody reads yet."""


async def _open(path: str, truncate: bool) -> _File:
    """Open a file; waits for the reader of a pipe. Raises: ComponentError."""
    pauses = Pauses()
    while True:
        try:
            return await open_blocking(_File, path, truncate, discard=_File.close)
        except _NoReader:
            await pauses.wait()


def _make_folders(path: str) -> None:
    """Make a folder and those above it. Raises: OSError with the one that failed as `filename`."""
    if path and not os.path.isdir(path):
        os.makedirs(path, 0o777, exist_ok=True)


@component(SPEC)
class File(Output):
    """Writes all messages of a chunk that belong to one file with one call, each file's in order."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._path = config.interpolated("path")
        self._fixed = None if self._path.static is None else os.path.normpath(self._path.static)
        self._codec = OutputCodec(config.text("codec"))
        self._files: OrderedDict[str, _File] = OrderedDict()
        self.write_many = self._write_many

    async def write(self, batch: Batch) -> None:
        if self._fixed is not None and not self._codec.overwrites:
            await self._append(self._fixed, self._codec.encode_many(batch))
            return
        failures = await self._write_messages([(batch, index) for index in range(len(batch))])
        if failures:
            raise failures[0] if len(batch) == 1 else BatchFailure(failures)

    # HOT: once a chunk
    async def _write_many(self, batches: Batches) -> list[Failure | None] | None:
        if self._fixed is not None and not self._codec.overwrites:
            data = self._codec.encode_batches(batches)
            try:
                await self._append(self._fixed, data)
            except ComponentError as error:
                return [error] * len(batches)
            return None
        places = [(batch, index) for batch in batches for index in range(len(batch))]
        failed = await self._write_messages(places)
        return _by_batch(batches, failed) if failed else None

    async def _write_messages(self, places: list[tuple[Batch, int]]) -> dict[int, ComponentError]:
        """Write messages, given by batch and index. Returns: failures by position."""
        failures: dict[int, ComponentError] = {}
        by_path: dict[str, list[int]] = {}
        for position, (batch, index) in enumerate(places):
            try:
                # Each message is written alone, so that its path knows of no other.
                path = self._fixed or os.path.normpath(self._path.text([batch[index]], 0))
            except BloblangError as error:
                failures[position] = ComponentError(f"path interpolation error: {error}", "data")
                continue
            by_path.setdefault(path, []).append(position)
        for path, positions in by_path.items():
            messages = [places[position][0][places[position][1]] for position in positions]
            try:
                if self._codec.overwrites:
                    # Only the last one is there in the end.
                    await self._replace(path, messages[-1])
                else:
                    await self._append(path, self._codec.encode_many(messages))
            except ComponentError as error:
                failures.update(dict.fromkeys(positions, error))
        return failures

    async def _append(self, path: str, data: bytes) -> None:
        file = self._files.get(path)
        if file is None:
            file = await _open(path, False)
            if len(self._files) >= OPEN_FILES:
                self._files.popitem(last=False)[1].close()
            self._files[path] = file
        elif self._fixed is None:
            self._files.move_to_end(path)
        try:
            await file.append(data)
        except ComponentError:
            self._files.pop(path).close()
            raise

    async def _replace(self, path: str, message: Message) -> None:
        file = await _open(path, True)
        try:
            await tasks.blocking(file.write, message.content()) if file.regular else await file.append(
                message.content()
            )
        finally:
            file.close()

    async def close(self) -> None:
        for file in self._files.values():
            file.close()
        self._files.clear()


def _by_batch(batches: Batches, failed: dict[int, ComponentError]) -> list[Failure | None]:
    """Failures by position, told batch by batch."""
    results: list[Failure | None] = []
    start = 0
    for batch in batches:
        mine = {index: failed[start + index] for index in range(len(batch)) if start + index in failed}
        start += len(batch)
        if not mine:
            results.append(None)
        elif len(batch) == 1:
            results.append(mine[0])
        else:
            results.append(BatchFailure(mine))
    return results
