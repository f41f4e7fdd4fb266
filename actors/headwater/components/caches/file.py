"""Cache `file`: a file for each key."""

from __future__ import annotations

import contextlib
import os
import threading
from itertools import count
from typing import TYPE_CHECKING

from headwater import tasks
from headwater.components.catalogue import component
from headwater.components.contracts import Cache, KeyExists, KeyNotFound
from headwater.components.oserrors import path_error
from headwater.config.fields import spec, text
from headwater.errors import ComponentError

if TYPE_CHECKING:
    from headwater.components.resources import Resources
    from headwater.config.view import Config

SPEC = spec(
    "cache",
    "file",
    text("directory", "The folder that the files are in; it has to be there."),
    summary="Keep each value in a file of its own.",
    description="Values do not grow old; whoever else can write to the folder can change them.",
    blocking=True,
    examples=(("A folder", "cache_resources:\n  - label: kept\n    file:\n      directory: /var/lib/kept\n"),),
)


@component(SPEC)
class FileCache(Cache):
    """Values are put in place as wholes, so that no reader ever meets half of one."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._directory = config.text("directory")
        self._numbers = count()
        self._process = os.getpid()

    def _path(self, key: str) -> str:
        # As Go joins paths: an absolute key stays inside.
        return os.path.normpath(f"{self._directory or '.'}/{key}")

    async def get(self, key: str) -> bytes:
        return await tasks.blocking(self._read, self._path(key))

    async def set(self, key: str, value: bytes, ttl: float | None = None) -> None:
        await tasks.blocking(self._write, self._path(key), value)

    async def add(self, key: str, value: bytes, ttl: float | None = None) -> None:
        await tasks.blocking(self._create, self._path(key), value)

    async def delete(self, key: str) -> None:
        await tasks.blocking(self._remove, self._path(key))

    @staticmethod
    def _read(path: str) -> bytes:
        try:
            with open(path, "rb") as file:
                return file.read()
        except FileNotFoundError:
            raise KeyNotFound from None
        except OSError as error:
            raise ComponentError(path_error("open", path, error)) from None

    def _write(self, path: str, value: bytes) -> None:
        temporary = self._beside(path)
        try:
            with open(temporary, "wb") as file:
                file.write(value)
            os.replace(temporary, path)
        except OSError as error:
            _discard(temporary)
            raise ComponentError(path_error("open", path, error)) from None

    def _create(self, path: str, value: bytes) -> None:
        temporary = self._beside(path)
        try:
            with open(temporary, "wb") as file:
                file.write(value)
            os.link(temporary, path)
        except FileExistsError:
            raise KeyExists from None
        except OSError as error:
            raise ComponentError(path_error("open", path, error)) from None
        finally:
            _discard(temporary)

    @staticmethod
    def _remove(path: str) -> None:
        try:
            os.remove(path)
        except OSError as error:
            raise ComponentError(path_error("remove", path, error)) from None

    def _beside(self, path: str) -> str:
        """A path in the same folder that nobody else uses."""
        folder, name = os.path.split(path)
        unique = f"{self._process}-{threading.get_ident()}-{next(self._numbers)}"
        return os.path.join(folder, f".{name[:100]}.{unique}.tmp")


def _discard(path: str) -> None:
    # It was moved into place, or never came about.
    with contextlib.suppress(OSError):
        os.remove(path)
