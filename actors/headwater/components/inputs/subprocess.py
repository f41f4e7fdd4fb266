"""Input `subprocess`: what a program writes to its standard output."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading

from headwater import tasks
from headwater.acknowledge import Delivery
from headwater.components.catalogue import component
from headwater.components.contracts import Input
from headwater.components.inputs._descriptors import DescriptorReader
from headwater.components.opening import open_blocking
from headwater.components.programs import exit_text, start_error
from headwater.components.resources import Resources
from headwater.components.scanners.lines import LinesScan
from headwater.components.scanning import Cutter
from headwater.config.fields import boolean, choice, integer, spec, text, texts
from headwater.config.view import Config
from headwater.errors import ComponentError, ConfigError, EndOfInput, NotConnected
from headwater.telemetry.logs import Log

SPEC = spec(
    "input",
    "subprocess",
    text("name", "The program."),
    texts("args", "Its arguments.", default=[]),
    choice("codec", ("lines",), "How its output is cut into messages.", default="lines"),
    boolean("restart_on_exit", "Start it again when it ends.", default=False),
    integer("max_buffer", "The longest message in bytes.", default=65536, advanced=True),
    status="beta",
    categories=("Utility",),
    summary="Run a program and read what it writes to standard output, line by line.",
    description="What it writes to standard error is logged. The input ends with the program unless it is restarted.",
    examples=(("Follow a log", "input:\n  subprocess:\n    name: tail\n    args: [ -f, /var/log/syslog ]\n"),),
)

CLOSE_SECONDS = 1.0


@component(SPEC)
class Subprocess(Input):
    """One process at a time; it does not outlive the input."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._command = [config.text("name"), *config.texts("args")]
        if config.text("codec") != "lines":
            raise ConfigError(f"codec not recognised: {config.text('codec')}")
        self._restart = config.boolean("restart_on_exit")
        self._limit = config.integer("max_buffer")
        self._log = resources.log
        self._program: _Program | None = None
        self._cutter: Cutter | None = None

    async def connect(self) -> None:
        if self._program is None:
            program = self._program = await open_blocking(_Program, self._command, self._log, discard=_Program.kill)
            self._cutter = Cutter(LinesScan(b"", self._limit), program.reader.read)

    async def read(self, limit: int) -> Delivery:
        if self._cutter is None:
            raise NotConnected
        try:
            return Delivery(await self._cutter.read(limit))
        except EndOfInput:
            await self._end()
            if self._restart:
                raise NotConnected from None
            raise

    async def _end(self) -> None:
        """Take leave of a program that has closed its output."""
        self._cutter = None
        program, self._program = self._program, None
        if program is not None:
            ended = await tasks.blocking(program.wait)
            if ended:
                self._log.error(f"Subprocess exited with error: {ended}")

    async def close(self) -> None:
        self._cutter = None
        program, self._program = self._program, None
        if program is not None:
            await tasks.blocking(program.kill)


class _Program:
    """A process whose standard output is read, and whose standard error is logged. Raises: ComponentError."""

    def __init__(self, command: list[str], log: Log) -> None:
        try:
            # In a session of its own, so that its own children end with it.
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise ComponentError(start_error(command[0], error)) from None
        assert self._process.stdout is not None
        self._log = log
        self.reader = DescriptorReader(self._process.stdout.fileno(), "subprocess")
        self._listener = threading.Thread(target=self._listen, name="headwater-stderr", daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        pipe = self._process.stderr
        assert pipe is not None
        with pipe:
            while line := pipe.readline(65536):
                self._log.error(f"subprocess stderr: {line.decode('utf-8', 'replace').rstrip()}")

    def wait(self) -> str:
        """Wait for its end, a moment long. Returns: how it ended, where it did not end well."""
        try:
            status = self._process.wait(CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            self._signal()
            self._process.wait()
            status = 0
        self._clean()
        return exit_text(status)

    def kill(self) -> None:
        """End it now."""
        self._signal()
        self._process.wait()
        self._clean()

    def _signal(self) -> None:
        with contextlib.suppress(OSError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def _clean(self) -> None:
        self.reader.close()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._listener.join(CLOSE_SECONDS)
