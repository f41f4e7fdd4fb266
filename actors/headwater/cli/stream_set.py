"""The streams and resources of files: created at the start, kept up with while they are watched."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from headwater.cli.launch import Launch, Refusal
from headwater.cli.resource_files import ResourceFiles
from headwater.cli.stream_files import MissingFile, StreamFile, find
from headwater.cli.watcher import Watcher
from headwater.config.lint import RUN
from headwater.config.sections import STREAM_FIELDS, TESTS
from headwater.config.service import read_file, read_source
from headwater.config.spec import Field
from headwater.config.stream import StreamConfig, take_apart
from headwater.errors import ConfigError, HeadwaterError, StreamNotFound

if TYPE_CHECKING:
    from headwater.system import StreamSystem

STREAM_FILE: Final = Field("", "object", fields=(*STREAM_FIELDS, TESTS))
STOP_SECONDS: Final = 30.0
"""How long a stream may take to stop when its file changed."""

RETRY_SECONDS: Final = 2.0
"""When a stream that could not be built is tried again."""


class StreamSet:
    """The files of streams mode.

    Args:
        launch: What the program was started with.
        arguments: Files, directories and patterns.
    """

    def __init__(self, launch: Launch, arguments: Sequence[str]) -> None:
        self._launch = launch
        self._log = launch.log
        self._arguments = arguments
        self._files: dict[str, StreamFile] = {}
        self._resources: ResourceFiles | None = None
        self._retry: dict[str, float] = {}
        self._complained: str = ""
        self._system: StreamSystem | None = None
        self._watcher: Watcher | None = None

    # -- at the start

    def create(self, system: StreamSystem) -> None:
        """Create the streams of all files.

        Raises:
            Refusal: A file cannot be read, has lints, or its stream cannot be built.
        """
        read: dict[str, StreamConfig] = {}
        lints: list[str] = []
        try:
            files = find(self._arguments)
        except ConfigError as error:
            raise Refusal(f"stream configuration file read error: {error}") from None
        for file in files:
            try:
                read[file.id], found = self._read(file.path)
            except ConfigError as error:
                text = f"failed to load config '{file.path}': {error}"
                raise Refusal(f"stream configuration file read error: {text}") from None
            lints += [f"{file.path}{lint}" for lint in found]
        self._launch.check(lints, "stream linter errors")
        for stream, config in read.items():
            try:
                system.create(stream, config)
            except HeadwaterError as error:
                raise Refusal(f"failed to create stream ({stream}): {error}") from None
        self._files = {file.path: file for file in files}

    def _read(self, path: str) -> tuple[StreamConfig, list[str]]:
        source = read_source(read_file(path), path, STREAM_FILE, self._launch.catalogue, options=RUN)
        return take_apart(source.node, self._launch.catalogue), [str(lint) for lint in source.lints]

    # -- while they are watched

    def watch(self, system: StreamSystem) -> None:
        """Keep streams and resources as their files say, from now on."""
        self._system = system
        self._resources = ResourceFiles(self._launch, system)
        self._watcher = Watcher(self._watched, self._apply)
        self._watcher.start()

    def close(self) -> None:
        """Watch no more."""
        if self._watcher is not None:
            self._watcher.close()

    def _watched(self) -> list[str]:
        # Files that are no longer there stay known until the watcher has told that they are gone.
        try:
            self._files = {file.path: file for file in find(self._arguments)} | self._files
            self._complained = ""
        except MissingFile:
            pass
        except ConfigError as error:
            if str(error) != self._complained:
                self._complained = str(error)
                self._log.error(f"Failed to read stream files: {error}")
        assert self._resources is not None
        return [*self._files, *self._resources.paths()]

    def _apply(self, changed: list[str], gone: list[str]) -> None:
        assert self._resources is not None
        now = time.monotonic()
        due = [path for path, at in self._retry.items() if at <= now]
        for path in [*gone, *changed, *(path for path in due if path not in changed)]:
            try:
                if path in self._files:
                    if path in gone:
                        self._remove(path)
                    else:
                        self._update(path)
                elif path in gone:
                    self._resources.remove(path)
                else:
                    self._resources.update(path)
            except Exception as error:
                self._log.error(f"Failed to apply {path}: {type(error).__name__}: {error}")

    def _remove(self, path: str) -> None:
        assert self._system is not None
        stream = self._files.pop(path).id
        self._retry.pop(path, None)
        self._log.info(f"Stream {stream} config deleted, attempting to remove stream.")
        try:
            self._system.delete(stream, timeout=STOP_SECONDS)
        except StreamNotFound:
            return
        except HeadwaterError as error:
            self._log.error(f"Failed to remove deleted stream {stream} config: {error}")
            return
        self._log.info(f"Removed stream {stream}.")

    def _update(self, path: str) -> None:
        assert self._system is not None
        stream = self._files[path].id
        self._retry.pop(path, None)
        self._log.info(f"Stream {stream} config updated, attempting to update stream.")
        try:
            config, lints = self._read(path)
        except ConfigError as error:
            self._log.error(f"Failed to read updated stream config: {error}")
            return
        if self._launch.rejects(lints, f"stream {stream} config", path):
            return
        try:
            try:
                self._system.replace(stream, config, timeout=STOP_SECONDS)
            except StreamNotFound:
                self._system.create(stream, config)
        except HeadwaterError as error:
            self._log.error(f"Failed to apply updated stream {stream} config: {error}")
            self._retry[path] = time.monotonic() + RETRY_SECONDS
            return
        self._log.info(f"Updated stream {stream} config from file.")
