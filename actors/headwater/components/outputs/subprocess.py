"""Output `subprocess`: messages for the standard input of a program."""

from __future__ import annotations

import io
import subprocess
import threading
from typing import TYPE_CHECKING

from headwater import tasks
from headwater.components.catalogue import component
from headwater.components.codecs import OutputCodec
from headwater.components.contracts import Output
from headwater.components.opening import open_blocking
from headwater.components.programs import exit_text, start_error
from headwater.config.fields import choice, spec, text, texts
from headwater.errors import ComponentError, ConfigError, NotConnected

if TYPE_CHECKING:
    from headwater.acknowledge import Failure
    from headwater.components.resources import Resources
    from headwater.config.view import Config
    from headwater.message import Batch, Batches
    from headwater.telemetry.logs import Log

SPEC = spec(
    "output",
    "subprocess",
    text("name", "The program."),
    texts("args", "Its arguments.", default=[]),
    choice("codec", ("lines",), "How messages are told apart.", default="lines"),
    status="beta",
    categories=("Utility",),
    summary="Write messages to the standard input of a program that runs on.",
    description="The program is started again when it ends. What it writes itself is logged.",
    blocking=True,
    examples=(("Into a script", "output:\n  subprocess:\n    name: ./store.sh\n    args: [ --fast ]\n"),),
)

CLOSE_SECONDS = 5.0
MOST_OF_A_LINE = 65536
"""Bytes of what the program writes that are logged as one line."""


@component(SPEC)
class SubprocessOutput(Output):
    """Holds one process; closing shuts its input and gives it a moment to end by itself."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._log = resources.log
        self._command = [config.text("name"), *config.texts("args")]
        if config.text("codec") != "lines":
            raise ConfigError(f"codec not recognised: {config.text('codec')}")
        self._codec = OutputCodec("lines")
        self._program: _Program | None = None
        self.write_many = self._write_many

    async def connect(self) -> None:
        if self._program is None:
            self._program = await open_blocking(_Program, self._command, self._log, discard=_Program.close)

    async def write(self, batch: Batch) -> None:
        await self._put(self._codec.encode_many(batch))

    # HOT: once a chunk
    async def _write_many(self, batches: Batches) -> list[Failure | None] | None:
        await self._put(self._codec.encode_batches(batches))
        return None

    async def _put(self, data: bytes) -> None:
        program = self._program
        if program is None:
            raise NotConnected
        try:
            await tasks.blocking(program.write, data)
        except OSError:
            self._program = None
            await tasks.blocking(program.close)
            raise NotConnected(program.obituary()) from None
        except tasks.Cancelled:
            program.kill()
            raise

    async def close(self) -> None:
        if self._program is not None:
            program, self._program = self._program, None
            try:
                await tasks.blocking(program.close)
            except tasks.Cancelled:
                program.kill()
                raise


class _Program:
    """A process whose input is written, and whose outputs are logged."""

    def __init__(self, command: list[str], log: Log) -> None:
        try:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0
            )
        except (OSError, ValueError) as error:
            raise ComponentError(start_error(command[0], error)) from None
        self._log = log
        self._listeners = [
            threading.Thread(target=self._listen, args=(name,), name=f"headwater-{name}", daemon=True)
            for name in ("stdout", "stderr")
        ]
        for listener in self._listeners:
            listener.start()

    def _listen(self, name: str) -> None:
        with io.BufferedReader(getattr(self._process, name)) as pipe:
            while line := pipe.readline(MOST_OF_A_LINE):
                text = line.decode("utf-8", "replace").rstrip("\r\n")
                if name == "stdout":
                    self._log.info(f"subprocess stdout: {text}")
                else:
                    self._log.error(f"subprocess stderr: {text}")

    def write(self, data: bytes) -> None:
        """Write everything. Raises: OSError when nobody reads any more."""
        assert self._process.stdin is not None
        view = memoryview(data)
        while view:
            view = view[self._process.stdin.write(view) :]

    def obituary(self) -> str:
        """How the process ended."""
        status = self._process.returncode
        return exit_text(status) if status else "subprocess ended"

    def kill(self) -> None:
        """End it now."""
        self._process.kill()

    def close(self) -> None:
        """Close its input and wait for it; it is ended by force where that takes too long."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.close()
        except OSError:
            self._log.debug("subprocess closed its input before the end")
        try:
            self._process.wait(CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for listener in self._listeners:
            listener.join(CLOSE_SECONDS)
