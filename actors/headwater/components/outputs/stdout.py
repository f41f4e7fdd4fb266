"""Output `stdout`: the standard output of the program."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from headwater import tasks
from headwater.components.catalogue import component
from headwater.components.codecs import CODECS, OutputCodec
from headwater.components.contracts import Output
from headwater.components.oserrors import path_error
from headwater.config.fields import choice, spec
from headwater.errors import ComponentError

if TYPE_CHECKING:
    from headwater.acknowledge import Failure
    from headwater.components.resources import Resources
    from headwater.config.view import Config
    from headwater.message import Batch, Batches

SPEC = spec(
    "output",
    "stdout",
    choice(
        "codec",
        CODECS,
        "How messages are told apart; `all-bytes` is as `append`, since nothing can be replaced.",
        default="lines",
        since="1.0.0",
        advisory=True,
    ),
    categories=("Local",),
    summary="Write messages to the standard output.",
    blocking=True,
    examples=(("Lines", "output:\n  stdout:\n    codec: lines\n"),),
)

DESCRIPTOR = 1


@component(SPEC)
class Stdout(Output):
    """Writes to file descriptor 1, one call a chunk. Closing leaves the descriptor open: it is the process's."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._codec = OutputCodec(config.text("codec"))
        self._waits = True
        self.write_many = self._write_many

    async def connect(self) -> None:
        # A file takes what it is given at once; a pipe or a terminal may be full.
        self._waits = not stat.S_ISREG(os.fstat(DESCRIPTOR).st_mode)

    async def write(self, batch: Batch) -> None:
        await self._put(self._codec.encode_many(batch))

    # HOT: once a chunk
    async def _write_many(self, batches: Batches) -> list[Failure | None] | None:
        await self._put(self._codec.encode_batches(batches))
        return None

    async def _put(self, data: bytes) -> None:
        try:
            if self._waits:
                await tasks.blocking(write_all, DESCRIPTOR, data)
            else:
                write_all(DESCRIPTOR, data)
        except OSError as error:
            raise ComponentError(path_error("write", "/dev/stdout", error)) from None


def write_all(descriptor: int, data: bytes) -> None:
    """Write everything. Raises: OSError."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
