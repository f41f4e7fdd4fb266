"""Processor `subprocess`: a program that runs on and answers each message."""

from __future__ import annotations

import contextlib
import queue
import struct
import subprocess
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Final, Protocol

from headwater import tasks
from headwater.components.catalogue import component
from headwater.components.contracts import Processor
from headwater.components.opening import open_blocking
from headwater.components.programs import exit_text, not_found, start_error
from headwater.config.fields import choice, integer, spec, text, texts
from headwater.errors import ComponentError, ConfigError

if TYPE_CHECKING:
    from headwater.components.resources import Resources
    from headwater.config.view import Config
    from headwater.message import Batch, Message

CODECS: Final = ("lines", "length_prefixed_uint32_be", "netstring")

SPEC = spec(
    "processor",
    "subprocess",
    text("name", "The program.", examples=("cat", "sed", "awk")),
    texts("args", "Its arguments.", default=[]),
    integer("max_buffer", "How long an answer may be, in bytes.", default=65536, advanced=True),
    choice(
        "codec_send",
        CODECS,
        "How messages are told apart on the way in.",
        default="lines",
        advanced=True,
        since="3.37.0",
    ),
    choice("codec_recv", CODECS, "How answers are told apart.", default="lines", advanced=True, since="3.37.0"),
    categories=("Integration",),
    summary="Send messages to a program that runs on, and go on with its answers.",
    description=(
        "The program must answer each message (with `lines`: each line of it) before it gets the next, and must not "
        "hold its output back. Where it answers on its error output the message stays as it was and is marked as "
        "failed with what it says. It is started again when it ends."
    ),
    blocking=True,
    examples=(
        (
            "Words replaced",
            "pipeline:\n  processors:\n    - subprocess:\n        name: sed\n        args: [ '-u', 's/foo/bar/' ]\n",
        ),
    ),
)

CLOSE_SECONDS: Final = 1.0
ERROR_SECONDS: Final = 1.0
"""How long a program may go on to speak on its error output."""
WAITING = 64
"""Answers that may wait for their messages; a program that says more is read no further until they are fetched."""
LOOK_SECONDS = 0.2
"""Between two looks of whoever waits for room whether the program is given up."""
ERROR_LINE = 65536
_LENGTH = struct.Struct(">I")


@component(SPEC)
class Subprocess(Processor):
    """One message at a time goes through the program; one that fails leaves its message as it was, marked."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._resources = resources
        self._name = config.text("name")
        self._command = [self._name, *config.texts("args")]
        self._limit = config.integer("max_buffer")
        self._send = _codec(config.text("codec_send"), "codec_send")
        self._receive = _codec(config.text("codec_recv"), "codec_recv")
        missing = not_found(self._name)
        if missing:
            raise ConfigError(missing)
        self._program: _Program | None = None
        self._turn = tasks.Semaphore(1)

    async def process(self, batch: Batch) -> list[Batch]:
        """Exchange each message for its answer."""
        async with self._turn:
            return [[await self._exchange(message) for message in batch]]

    async def _exchange(self, message: Message) -> Message:
        try:
            return message.with_content(await self._answer(message.content()))
        except _Refused as error:
            return self._resources.failed(message, error)
        except ComponentError as error:
            self._drop()
            return self._resources.failed(message, error)
        except tasks.Cancelled:
            self._drop()
            raise

    async def _answer(self, content: bytes) -> bytes:
        """What the program says to a content. Raises: ComponentError."""
        if self._program is None:
            self._program = await open_blocking(
                _Program, self._command, self._receive, self._limit, discard=_Program.close
            )
        return await tasks.blocking(self._program.exchange, content, self._send)

    def _drop(self) -> None:
        """Give up the program: nobody knows what it would answer next."""
        if self._program is not None:
            self._program.kill()
            self._program = None

    async def close(self) -> None:
        if self._program is not None:
            program, self._program = self._program, None
            await tasks.blocking(program.close)


class _Refused(ComponentError):
    """A program answered on its error output."""


class _Program:
    """A process with open pipes, each output with a thread that reads it. Made and used on threads that may block."""

    def __init__(self, command: list[str], codec: Codec, limit: int) -> None:
        try:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
        except (OSError, ValueError) as error:
            raise ComponentError(start_error(command[0], error)) from None
        self._answers: queue.Queue[bytes | _Refused | ComponentError | None] = queue.Queue(WAITING)
        self._kept: list[bytes | ComponentError] = []
        self._over = False
        self._last_words: deque[str] = deque(maxlen=5)
        self._listeners = [
            threading.Thread(target=self._read_answers, args=(codec, limit), name="headwater-stdout", daemon=True),
            threading.Thread(target=self._read_errors, name="headwater-stderr", daemon=True),
        ]
        for listener in self._listeners:
            listener.start()

    def _read_answers(self, codec: Codec, limit: int) -> None:
        assert self._process.stdout is not None
        try:
            while self._tell(codec.read(self._process.stdout, limit)):
                pass
        except (EOFError, OSError, ValueError):
            self._tell(None)
        except ComponentError as error:
            self._tell(error)

    def _tell(self, answer: bytes | _Refused | ComponentError | None) -> bool:
        """Hand an answer over; waits while there is no room. Returns: False once nobody wants to know."""
        while not self._over:
            with contextlib.suppress(queue.Full):
                self._answers.put(answer, timeout=LOOK_SECONDS)
                return True
        return False

    def _read_errors(self) -> None:
        assert self._process.stderr is not None
        try:
            while line := self._process.stderr.readline(ERROR_LINE):
                text = line.decode("utf-8", "surrogateescape").rstrip("\r\n")
                self._last_words.append(text)
                self._tell(_Refused(text))
        except (OSError, ValueError):
            return

    def exchange(self, content: bytes, send: Codec) -> bytes:
        """Write a message, and wait for as many answers as it has parts. Raises: ComponentError."""
        stdin = self._process.stdin
        assert stdin is not None
        answers = []
        parts = send.split(content)
        for number, part in enumerate(parts):
            if number and not part and number == len(parts) - 1:
                answers.append(b"")  # what follows the last newline is no line
                break
            try:
                stdin.write(send.encode(part))
                stdin.flush()
            except (OSError, ValueError):
                raise ComponentError(self._obituary()) from None
            answers.append(self._next())
        return b"\n".join(answers)

    def _next(self) -> bytes:
        """The next answer. Raises: ComponentError."""
        found = self._kept.pop() if self._kept else self._answers.get()
        if isinstance(found, bytes):
            return found
        if isinstance(found, _Refused):
            raise self._refusal(found)
        raise found if found is not None else ComponentError(self._obituary())

    def _refusal(self, first: _Refused) -> ComponentError:
        """All that a program says on its error output in a short while; it may be its last words."""
        said = str(first)
        until = time.monotonic() + ERROR_SECONDS
        while (left := until - time.monotonic()) > 0:
            try:
                found = self._answers.get(timeout=left)
            except queue.Empty:
                break
            if found is None:
                return ComponentError(self._obituary())
            if isinstance(found, _Refused):
                said += str(found)
            else:
                # Of two answers the one that is no refusal is somebody else's.
                self._kept.append(found)
                break
        return _Refused(said)

    def _obituary(self) -> str:
        try:
            status = self._process.wait(CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            return "stdout closed"
        self._listeners[1].join(CLOSE_SECONDS)
        ended = exit_text(status) or "subprocess closed"
        return f"{ended}: {' '.join(self._last_words)}" if self._last_words else ended

    def kill(self) -> None:
        """End it now."""
        self._over = True
        self._process.kill()
        with contextlib.suppress(queue.Full):  # then nobody waits for an answer
            self._answers.put_nowait(None)
        threading.Thread(target=self._reap, name="headwater-reaper", daemon=True).start()

    def close(self) -> None:
        """Close its input, and give it a moment to end."""
        if self._process.stdin is not None:
            # It may have ended, with something unread.
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        try:
            self._process.wait(CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._reap()

    def _reap(self) -> None:
        self._over = True
        self._process.wait()
        for listener in self._listeners:
            listener.join(CLOSE_SECONDS)
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


class Reader(Protocol):
    """The part of a file that codecs read."""

    def read(self, size: int = -1) -> bytes:
        """So many bytes."""

    def readline(self, size: int = -1) -> bytes:
        """A line."""


class Codec(Protocol):
    """How messages are told apart in a pipe."""

    def split(self, content: bytes) -> list[bytes]:
        """The parts of a message that are answered one by one."""

    def encode(self, part: bytes) -> bytes:
        """A part as it is written."""

    def read(self, pipe: Reader, limit: int) -> bytes:
        """Read a part. Raises: EOFError, ComponentError."""


class Lines:
    """A line each; a message of several lines is answered line by line."""

    def split(self, content: bytes) -> list[bytes]:
        return content.split(b"\n")

    def encode(self, part: bytes) -> bytes:
        return part + b"\n"

    def read(self, pipe: Reader, limit: int) -> bytes:
        line = pipe.readline(limit + 1)
        if not line:
            raise EOFError
        if not line.endswith(b"\n") and len(line) > limit:
            raise ComponentError("bufio.Scanner: token too long")
        return line.removesuffix(b"\n").removesuffix(b"\r")


class LengthPrefixed:
    """Four bytes that say how many follow, the highest first."""

    def split(self, content: bytes) -> list[bytes]:
        return [content]

    def encode(self, part: bytes) -> bytes:
        return _LENGTH.pack(len(part)) + part

    def read(self, pipe: Reader, limit: int) -> bytes:
        return _exactly(pipe, _LENGTH.unpack(_exactly(pipe, 4))[0], limit)


class Netstring:
    """A length in digits, a colon, so many bytes, a comma."""

    def split(self, content: bytes) -> list[bytes]:
        return [content]

    def encode(self, part: bytes) -> bytes:
        return b"%d:%b," % (len(part), part)

    def read(self, pipe: Reader, limit: int) -> bytes:
        digits = b""
        while (byte := _exactly(pipe, 1)) != b":":
            if not byte.isdigit() or len(digits) > 9:
                raise ComponentError("encountered invalid netstring length")
            digits += byte
        part = _exactly(pipe, int(digits or b"0"), limit)
        if _exactly(pipe, 1) != b",":
            raise ComponentError("encountered netstring without a comma at its end")
        return part


def _exactly(pipe: Reader, size: int, limit: int | None = None) -> bytes:
    if limit is not None and size > limit:
        raise ComponentError("bufio.Scanner: token too long")
    data = pipe.read(size) if size else b""
    if len(data) < size:
        raise EOFError
    return data


def _codec(name: str, field: str) -> Codec:
    codecs: dict[str, type[Codec]] = {
        "lines": Lines,
        "length_prefixed_uint32_be": LengthPrefixed,
        "netstring": Netstring,
    }
    if name not in codecs:
        raise ConfigError(f"invalid {field} option: {name}")
    return codecs[name]()
