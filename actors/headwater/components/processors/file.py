"""Processor `file`: reads, writes, moves and deletes files."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from typing import TYPE_CHECKING, Any, Final

from headwater import tasks
from headwater.bloblang.errors import BloblangError
from headwater.components.catalogue import component
from headwater.components.contracts import Processor
from headwater.components.oserrors import path_error
from headwater.config.fields import choice, interpolated, scanner, spec
from headwater.errors import ComponentError, ConfigError

if TYPE_CHECKING:
    from headwater.bloblang import Interpolation
    from headwater.components.resources import Resources
    from headwater.config.view import Config
    from headwater.message import Batch, Message
    from headwater.yamltext.nodes import Node

OPERATIONS: Final = ("read", "write", "delete", "move", "rename", "stat")


def _paths_are_there(node: Node) -> list[tuple[int, str]] | None:
    """Ask for the paths that an operation needs."""
    found: list[tuple[int, str]] = []
    operation = node.get("operation")
    if operation is not None and operation.value in ("move", "rename") and node.get("destination_path") is None:
        found.append((node.line, "'destination_path' must be set when operation is 'move' or 'rename'"))
    elif operation is not None and operation.value == "read" and node.get("scanner") is None:
        found.append((node.line, "'scanner' must be set when operation is 'read'"))
    path = node.get("path")
    if path is not None and path.is_scalar and path.value == "":
        found.append((path.line, "'path' must be set to a non-empty string"))
    return found or None


SPEC = spec(
    "processor",
    "file",
    choice("operation", OPERATIONS, "What to do."),
    interpolated("path", "The file."),
    interpolated("destination_path", "Where it goes, for `move` and `rename`.", optional=True),
    scanner("scanner", "How a file that is read is cut into messages.", optional=True, advanced=True),
    status="experimental",
    categories=("Local",),
    summary="Do something with a file for each message.",
    description=(
        "`read` replaces the message by what the scanner makes of the file, and `write` writes the message's content. "
        "`move` copies to another disk where it has to, `rename` does not. `read` and `stat` add the metadata "
        "`file_path`, `file_name`, `file_size`, `file_mode`, `file_mod_time`, `file_mod_time_unix` and `file_is_dir`."
    ),
    blocking=True,
    lint=_paths_are_there,
    examples=(
        (
            "Reading files by name",
            "pipeline:\n  processors:\n    - file:\n        operation: read\n        path: ./in/${! this.name }\n"
            "        scanner:\n          lines: {}\n",
        ),
    ),
)

BLOCK = 1 << 16


@component(SPEC)
class FileProcessor(Processor):
    """One operation a message; one that fails leaves its message as it was, marked."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._resources = resources
        self._operation = config.text("operation")
        if self._operation not in OPERATIONS:
            raise ConfigError(f"operation not recognised: {self._operation}")
        self._path = config.interpolated("path")
        self._destination = config.optional_interpolated("destination_path")
        if self._operation in ("move", "rename") and self._destination is None:
            raise ConfigError("'destination_path' must be set when operation is 'move' or 'rename'")
        child = config.optional_child("scanner")
        self._scanner = None if child is None else resources.build_scanner(child)
        if self._operation == "read" and self._scanner is None:
            raise ConfigError("'scanner' must be set when operation is 'read'")

    async def process(self, batch: Batch) -> list[Batch]:
        """Apply the operation to each message."""
        results: Batch = []
        for index, message in enumerate(batch):
            try:
                results.extend(await self._apply(batch, index))
            except ComponentError as error:
                results.append(self._resources.failed(message, error))
        return [results]

    async def _apply(self, batch: Batch, index: int) -> Batch:
        """What a message becomes. Raises: ComponentError."""
        message = batch[index]
        operation = self._operation
        moves = operation in ("move", "rename")
        path = _evaluated(self._path, "source path" if moves else "path", batch, index)
        if operation == "read":
            return await tasks.blocking(self._read, path, message)
        if operation == "stat":
            return [message.with_metadata({**message.metadata, **await tasks.blocking(_facts, path)})]
        if operation == "write":
            await tasks.blocking(_write, path, message.content())
        elif operation == "delete":
            await tasks.blocking(_delete, path)
        else:
            assert self._destination is not None
            target = _evaluated(self._destination, "destination path", batch, index)
            await tasks.blocking(_move if operation == "move" else _rename, path, target)
        return [message]

    def _read(self, path: str, message: Message) -> Batch:
        assert self._scanner is not None
        found: Batch = []
        try:
            with open(path, "rb") as file:
                facts = _facts(path)
                scan = self._scanner.open(path)
                while block := file.read(BLOCK):
                    found.extend(part for batch in scan.feed(block) for part in batch)
                found.extend(part for batch in scan.finish() for part in batch)
        except OSError as error:
            raise ComponentError(f"failed to open file '{path}': {path_error('open', path, error)}") from None
        except ComponentError as error:
            raise ComponentError(f"failed to read from scanner for file '{path}': {error}", error.kind) from None
        metadata = {**message.metadata, **facts}
        if not found:
            return [message.with_metadata(metadata)]
        return [message.with_content(part.content()).with_metadata(metadata) for part in found]


def _evaluated(expression: Interpolation, what: str, batch: Batch, index: int) -> str:
    try:
        return os.path.normpath(expression.text(batch, index))
    except BloblangError as error:
        raise ComponentError(f"{what} interpolation error: {error}", "data") from None


def _facts(path: str) -> dict[str, Any]:
    """What is known of a file. Raises: ComponentError."""
    from headwater.bloblang.values import Timestamp

    try:
        found = os.stat(path)
    except OSError as error:
        raise ComponentError(f"failed to get file info for '{path}': {path_error('stat', path, error)}") from None
    seconds = found.st_mtime_ns // 1_000_000_000
    return {
        "file_path": path,
        "file_size": found.st_size,
        "file_mod_time_unix": seconds,
        "file_mod_time": Timestamp(seconds * 1_000_000_000).text(),
        "file_name": os.path.basename(path),
        "file_is_dir": stat.S_ISDIR(found.st_mode),
        "file_mode": stat.filemode(found.st_mode),
    }


def _write(path: str, content: bytes) -> None:
    """Put a file in place as a whole. Raises: ComponentError."""
    _make_folder(path)
    temporary = f"{path}.tmp"
    try:
        with open(temporary, "wb") as file:
            file.write(content)
    except OSError as error:
        _discard(temporary)
        raise ComponentError(
            f"failed to open temporary file '{temporary}' for writing: {path_error('open', temporary, error)}"
        ) from None
    try:
        os.replace(temporary, path)
    except OSError as error:
        _discard(temporary)
        raise ComponentError(
            f"failed to rename temporary file '{temporary}' to '{path}': "
            f"{path_error('rename', f'{temporary} {path}', error)}"
        ) from None


def _delete(path: str) -> None:
    try:
        if os.path.isdir(path) and not os.path.islink(path):
            os.rmdir(path)
        else:
            os.remove(path)
    except OSError as error:
        raise ComponentError(f"failed to delete file '{path}': {path_error('remove', path, error)}") from None


def _rename(path: str, target: str) -> None:
    try:
        os.replace(path, target)
    except OSError as error:
        raise ComponentError(
            f"failed to rename file from '{path}' to '{target}': {path_error('rename', f'{path} {target}', error)}"
        ) from None


def _move(path: str, target: str) -> None:
    """Rename, or copy and delete where the target is on another disk."""
    import shutil

    _make_folder(target)
    temporary = f"{target}.tmp"
    try:
        try:
            os.replace(path, target)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            shutil.copyfile(path, temporary)
            os.replace(temporary, target)
            os.remove(path)
    except OSError as error:
        _discard(temporary)
        raise ComponentError(f"failed to open source file '{path}': {path_error('open', path, error)}") from None


def _make_folder(path: str) -> None:
    """Make the folder that a file goes to. Raises: ComponentError."""
    try:
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    except OSError as error:
        folder = str(error.filename)
        raise ComponentError(f"failed to create directory for '{path}': {path_error('mkdir', folder, error)}") from None


def _discard(path: str) -> None:
    # It was moved into place, or never came about.
    with contextlib.suppress(OSError):
        os.remove(path)
