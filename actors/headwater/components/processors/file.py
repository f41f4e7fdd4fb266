"""Processor `file`: reads, writes, moves and deletes files."""

from __future__ import annotations

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
    from collections.abc import Callable

    from headwater.bloblang import Interpolation
    from headwater.components.resources import Resources
    from headwater.config.nodes import Node
    from headwater.config.view import Config
    from headwater.message import Batch, Message

OPERATIONS: Final = ("read", "write", "delete", "move", "rename", "stat")


def _paths_are_there(node: Node) -> list[tuple[int, str]] | None:
    """Ask for the paths that an operation needs."""
    found: list[tuple[int, str]] = []
    operation = node.get("operation")
    if operation is not None and operation.value in ("move", "rename") and node.get("destination_path") is None:
        found.append((node.line, "'destination_path' must be set when operation is 'move' or 'rename'"))
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
        "`read` replaces the message by what the scanner makes of the file; `write` writes the message's content, "
        "and `stat` replaces it by facts about the file. The others leave the message as it is."
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
        """Apply the operation to each message; files that are read become batches of their own."""
        kept: Batch = []
        batches: list[Batch] = []
        for index, message in enumerate(batch):
            try:
                made = await self._apply(batch, index)
            except ComponentError as error:
                kept.append(self._resources.failed(message, error))
            else:
                if isinstance(made, list):
                    batches.extend(made)
                else:
                    kept.append(made)
        return [kept, *batches] if kept else batches

    async def _apply(self, batch: Batch, index: int) -> Message | list[Batch]:
        """A message in the place of the one that was, or batches. Raises: ComponentError."""
        message = batch[index]
        path = _evaluated(self._path, "path", batch, index)
        operation = self._operation
        if operation == "read":
            return await tasks.blocking(self._read, path, message)
        if operation == "stat":
            return message.with_document(await tasks.blocking(_facts, path))
        if operation == "write":
            await tasks.blocking(_write, path, message.content())
        elif operation == "delete":
            await tasks.blocking(_guarded, f"failed to delete file '{path}'", "remove", path, lambda: os.remove(path))
        else:
            assert self._destination is not None
            target = _evaluated(self._destination, "destination_path", batch, index)
            move: Callable[[], None] = (
                (lambda: _move(path, target)) if operation == "move" else (lambda: os.rename(path, target))
            )
            await tasks.blocking(
                _guarded, f"failed to {operation} file '{path}' to '{target}'", "rename", f"{path} {target}", move
            )
        return message

    def _read(self, path: str, message: Message) -> list[Batch]:
        assert self._scanner is not None
        batches: list[Batch] = []
        try:
            with open(path, "rb") as file:
                scan = self._scanner.open(path)
                while block := file.read(BLOCK):
                    batches.extend(scan.feed(block))
                batches.extend(scan.finish())
        except OSError as error:
            raise ComponentError(f"failed to open file '{path}': {path_error('open', path, error)}") from None
        except ComponentError as error:
            raise ComponentError(f"failed to read file '{path}': {error}", error.kind) from None
        return [[_descended(part, message) for part in batch] for batch in batches if batch]


def _descended(part: Message, parent: Message) -> Message:
    """A message of a file, with what the message that named the file knows."""
    from headwater.message import Message

    metadata = {**parent.metadata, **part.metadata} if part.metadata else parent.metadata
    return Message(part.raw, part.parsed, metadata, part.error, parent.origin, parent.context)


def _evaluated(expression: Interpolation, what: str, batch: Batch, index: int) -> str:
    try:
        path = expression.text(batch, index)
    except BloblangError as error:
        raise ComponentError(f"failed to interpolate {what}: {error}", "data") from None
    if not path:
        raise ComponentError(f"'{what}' must be set to a non-empty string", "data")
    return os.path.normpath(path)


def _guarded(prefix: str, action: str, path: str, call: Callable[[], None]) -> None:
    """Make a call that may fail. Raises: ComponentError with a prefix and Go's words."""
    try:
        call()
    except OSError as error:
        raise ComponentError(f"{prefix}: {path_error(action, path, error)}") from None


def _write(path: str, content: bytes) -> None:
    def write() -> None:
        folder = os.path.dirname(path)
        if folder:
            os.makedirs(folder, exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)

    _guarded(f"failed to write file '{path}'", "open", path, write)


def _move(path: str, target: str) -> None:
    """Rename, or copy and delete where the target is on another disk; its folder is made."""
    import shutil

    folder = os.path.dirname(target)
    if folder:
        os.makedirs(folder, exist_ok=True)
    shutil.move(path, target)


def _facts(path: str) -> dict[str, Any]:
    """What is known of a file. Raises: ComponentError."""
    from headwater.bloblang.values import Timestamp

    try:
        found = os.stat(path)
    except OSError as error:
        raise ComponentError(f"failed to stat file '{path}': {path_error('stat', path, error)}") from None
    return {
        "path": path,
        "name": os.path.basename(path),
        "size": found.st_size,
        "mode": stat.filemode(found.st_mode),
        "mod_time": Timestamp(found.st_mtime_ns).text(),
        "is_dir": stat.S_ISDIR(found.st_mode),
    }
