"""The files of streams mode: which there are, and which stream each of them is."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from headwater.errors import ConfigError

SUFFIXES: Final = (".yaml", ".yml", ".json")
TEST_SUFFIXES: Final = ("_benthos_test", "_bento_test", "_headwater_test")


class StreamFile(NamedTuple):
    """A file and the id of its stream."""

    id: str
    path: str


class MissingFile(ConfigError):
    """A path that is no pattern leads nowhere."""

    def __init__(self, path: str) -> None:
        super().__init__(f"stat {path}: no such file or directory")


def is_pattern(path: str) -> bool:
    """Whether a path is a glob."""
    return glob.has_magic(path)


def expand(paths: Iterable[str]) -> list[str]:
    """Resolve globs, in order and each path once; a glob that matches nothing is nothing.

    Raises:
        MissingFile: A path without wildcards does not exist.
    """
    found: dict[str, None] = {}
    for path in paths:
        if is_pattern(path):
            found.update(dict.fromkeys(sorted(glob.glob(path, recursive=True, include_hidden=True))))
        elif os.path.exists(path):
            found[path] = None
        else:
            raise MissingFile(path)
    return list(found)


def find(arguments: Sequence[str]) -> list[StreamFile]:
    """The stream files that the arguments (files, directories, globs) name.

    A file's stream is called as the file is, without extension; in a directory that was given, the path under it with
    ``_`` for its separators. Directories are walked for YAML and JSON files; unit test definitions are left out.

    Raises:
        ConfigError: A path is missing, or two files have one id.
    """
    files: dict[str, StreamFile] = {}
    for path in expand(arguments):
        for name, where in _walk(path) if os.path.isdir(path) else [(os.path.basename(path), path)]:
            stream = _stem(name)
            if not stream:
                raise ConfigError(f"stream id could not be inferred from file: {where}")
            if stream in files and files[stream].path != where:
                raise ConfigError(f"stream id ({stream}) collision from file: {where}")
            files[stream] = StreamFile(stream, where)
    return list(files.values())


def _walk(folder: str) -> Iterator[tuple[str, str]]:
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            stem, suffix = (
                os.path.splitext(name) if not name.startswith(".") else (_stem(name), Path(name).suffix or name)
            )
            if suffix in SUFFIXES and not stem.endswith(TEST_SUFFIXES):
                where = os.path.join(place, name)
                yield os.path.relpath(where, folder).replace(os.sep, "_"), where


def _stem(name: str) -> str:
    return next((name.removesuffix(suffix) for suffix in SUFFIXES if name.endswith(suffix)), name)
