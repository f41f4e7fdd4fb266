"""Processor `command`: runs a program for each message."""

from __future__ import annotations

import contextlib
import os
import select
import selectors
import subprocess
from typing import TYPE_CHECKING, Any, Final

from headwater import tasks
from headwater.bloblang.errors import BloblangError, TypeMismatch
from headwater.bloblang.values import to_text
from headwater.components.catalogue import component
from headwater.components.contracts import Processor
from headwater.components.programs import exit_text, start_error
from headwater.compression import MAX_EXPANDED
from headwater.config.fields import interpolated, mapping, spec
from headwater.errors import ComponentError, HeadwaterError

if TYPE_CHECKING:
    from headwater.components.resources import Resources
    from headwater.config.view import Config
    from headwater.message import Batch, Message

SPEC = spec(
    "processor",
    "command",
    interpolated("name", "The program.", examples=("bash", "go", "${! @command }")),
    mapping(
        "args_mapping",
        "A mapping whose result, a list, becomes the program's arguments.",
        optional=True,
        examples=('[ "-c", this.script_path ]',),
    ),
    categories=("Integration",),
    summary="Run a program for each message, and go on with what it writes.",
    description=(
        "The message is the program's input. Its exit status is kept in the metadata `exit_code`; where it is not 0, "
        "the message stays as it was and is marked as failed."
    ),
    since="4.21.0",
    blocking=True,
    examples=(
        (
            "Through jq",
            "pipeline:\n  processors:\n    - command:\n        name: jq\n"
            '        args_mapping: \'[ "-c", ".items" ]\'\n',
        ),
    ),
)

BLOCK: Final = 65536
MOST: Final = MAX_EXPANDED
"""Bytes that a program may write for one message."""


@component(SPEC)
class Command(Processor):
    """One process a message, one after the other; a stream that is ended by force takes them along."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._resources = resources
        self._name = config.interpolated("name")
        self._arguments = config.mapping("args_mapping")

    async def process(self, batch: Batch) -> list[Batch]:
        """Run the program for each message."""
        return [[await self._run(batch, index) for index in range(len(batch))]]

    async def _run(self, batch: Batch, index: int) -> Message:
        message = batch[index]
        try:
            command = self._command(batch, index)
        except HeadwaterError as error:
            return self._resources.failed(message, error)
        running = _Running(command, message.content())
        try:
            await tasks.blocking(running.run)
        except tasks.Cancelled:
            running.kill()
            raise
        metadata: dict[str, Any] = {**message.metadata, "exit_code": running.status}
        errors = running.errors.decode("utf-8", "surrogateescape")
        if running.failure:
            return self._resources.failed(
                message.with_metadata(metadata), f"execution error: {running.failure}: {errors}"
            )
        if errors:
            metadata["command_stderr"] = errors
        return message.with_metadata(metadata).with_content(running.output)

    def _command(self, batch: Batch, index: int) -> list[str]:
        """Program and arguments. Raises: HeadwaterError."""
        try:
            name = self._name.text(batch, index)
        except BloblangError as error:
            raise ComponentError(f"name interpolation error: {error}", "data") from None
        if self._arguments is None:
            return [name]
        try:
            made = self._arguments.apply(batch[index], batch, index)
            arguments = [] if made is None else made.document()
        except HeadwaterError as error:
            raise ComponentError(f"args mapping error: {error}", "data") from None
        if not isinstance(arguments, list):
            raise ComponentError(f"args mapping result error: {TypeMismatch(arguments, 'array')}", "data")
        return [name, *(to_text(argument) for argument in arguments)]


class _Running:
    """A process from its start to its end."""

    def __init__(self, command: list[str], data: bytes) -> None:
        self._command = command
        self._data = data
        self._process: subprocess.Popen[bytes] | None = None
        self._killed = False
        self.output = b""
        self.errors = b""
        self.status = -1
        self.failure = ""

    def run(self) -> None:
        """Start it, give it its input, and wait. On a thread of its own."""
        try:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
        except (OSError, ValueError) as error:
            self.failure = start_error(self._command[0], error)
            return
        if self._killed:
            self._process.kill()
        with self._process:
            try:
                self._exchange(self._process)
            except OSError as error:
                self._process.kill()
                self.failure = str(error)
                return
        status = self._process.returncode
        self.status = status if status >= 0 else -1
        self.failure = self.failure or exit_text(status)

    def _exchange(self, process: subprocess.Popen[bytes]) -> None:
        """Write its input and read its outputs, side by side, until it has closed them.

        One that writes without end is ended, or its output would fill the memory.
        """
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        found: dict[Any, bytearray] = {process.stdout: bytearray(), process.stderr: bytearray()}
        left = memoryview(self._data)
        with selectors.DefaultSelector() as selector:
            for pipe in found:
                selector.register(pipe, selectors.EVENT_READ)
            if left:
                selector.register(process.stdin, selectors.EVENT_WRITE)
            else:
                process.stdin.close()
            while selector.get_map():
                for key, _ in selector.select():
                    pipe = key.fileobj
                    if pipe is process.stdin:
                        try:
                            left = left[os.write(key.fd, left[: select.PIPE_BUF]) :]
                        except BrokenPipeError:
                            left = left[:0]
                        if not left:
                            selector.unregister(pipe)
                            with contextlib.suppress(BrokenPipeError):
                                process.stdin.close()
                        continue
                    data = os.read(key.fd, BLOCK)
                    if not data:
                        selector.unregister(pipe)
                        continue
                    found[pipe] += data
                    if len(found[pipe]) > MOST:
                        process.kill()
                        self.failure = f"output exceeds the limit of {MOST} bytes"
                        return
        process.wait()
        self.output, self.errors = (bytes(data) for data in found.values())

    def kill(self) -> None:
        """End it now."""
        self._killed = True
        if self._process is not None:
            self._process.kill()
