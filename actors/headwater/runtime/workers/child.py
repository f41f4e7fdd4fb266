"""The worker process: makes chains of processors as it is told, and puts messages through them."""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import signal
import sys
import time
from collections.abc import Sequence
from typing import IO, Any, Final

from headwater.bloblang.registry import Environment
from headwater.clock import SystemClock
from headwater.components.catalogue import Catalogue
from headwater.components.inproc import Hub
from headwater.config.infer import infer
from headwater.endpoints import Endpoints
from headwater.message import Payloads
from headwater.runtime.assembly import Assembly
from headwater.runtime.lanes import Lanes
from headwater.runtime.loop import EventLoop
from headwater.runtime.pool import Pool
from headwater.runtime.services import Services
from headwater.runtime.workers.protocol import (
    LENGTH,
    Answer,
    Close,
    Done,
    Open,
    Ready,
    Unable,
    Work,
    frame,
    pack_results,
    pickled,
    questions,
    unpack,
    unpickled,
)
from headwater.telemetry.logs import Log
from headwater.telemetry.metrics import Counter, MetricRegistry, Timing
from headwater.tuning import tune

_PR_SET_PDEATHSIG: Final = 1


class _Lines(logging.Handler):
    """Keeps log lines until they are sent."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[tuple[int, str, dict[str, Any]]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append((record.levelno, record.getMessage(), getattr(record, "fields", {})))

    def taken(self) -> bytes:
        """The lines so far, pickled."""
        if not self.lines:
            return b""
        lines, self.lines = self.lines, []
        return pickled(lines)


class _Chain:
    """Processors of one stream, and what was told of their series."""

    def __init__(self, question: Open, services: Services) -> None:
        if question.revision != Environment.default().revision:
            raise RuntimeError("functions were added to Bloblang")
        self.registry = MetricRegistry()
        self.level = question.level
        configs = [infer(node, "processor", path, services.catalogue) for path, node in unpickled(question.processors)]
        self.chain = Assembly(services, question.stream, self.registry).chain(configs)
        self._told: dict[int, tuple[int, int]] = {}

    def counted(self) -> list[tuple[str, str, list[tuple[str, str]], int, int]]:
        """What was counted since the last time."""
        found = []
        for name, labels, series in self.registry.items():
            if isinstance(series, Timing):
                now = (series.count, series.total)
            elif isinstance(series, Counter):
                now = (series.value, 0)
            else:
                continue
            before = self._told.get(id(series), (0, 0))
            if now != before:
                self._told[id(series)] = now
                found.append((series.kind, name, list(labels), now[0] - before[0], now[1] - before[1]))
        return found


class _Server:
    """Answers questions, one after the other."""

    def __init__(self) -> None:
        self._lines = _Lines()
        self._logger = logging.Logger("headwater")
        self._logger.addHandler(self._lines)
        clock = SystemClock()
        self._services = Services(
            pool=Pool(1, clock=clock),
            clock=clock,
            lanes=Lanes(clock),
            loop=EventLoop(),
            catalogue=Catalogue(entry_points=False),
            metrics=MetricRegistry(),
            log=Log(self._logger),
            endpoints=Endpoints(),
            hub=Hub(),
        )
        self._chains: dict[int, _Chain | str] = {}

    def answer(self, question: Open | Work | Close) -> Answer | None:
        """Do what is asked."""
        if isinstance(question, Work):
            return self._work(question)
        if isinstance(question, Close):
            self._chains.pop(question.key, None)
            return None
        try:
            self._chains[question.key] = _Chain(question, self._services)
        except Exception as error:
            self._chains[question.key] = f"{type(error).__name__}: {error}"
        return None

    # HOT: once a chunk
    def _work(self, work: Work) -> Answer:
        chain = self._chains[work.key]
        if isinstance(chain, str):
            return Unable(work.key, work.number, chain)
        self._logger.setLevel(chain.level)
        started = time.perf_counter_ns()
        given = unpack(work.payloads, work.extras)
        payloads: Sequence[bytes | bool | None]
        if isinstance(given, Payloads):
            made = chain.chain.process_payloads(given)
        else:
            made = chain.chain.process_singles(given)
        if isinstance(made, Payloads):
            payloads, extras = made.contents, b""
        else:
            payloads, extras = pack_results(given.messages() if isinstance(given, Payloads) else given, made)
        return Done(
            work.key,
            work.number,
            payloads,
            extras,
            isinstance(made, Payloads),
            time.perf_counter_ns() - started,
            chain.counted(),
            self._lines.taken(),
        )


def _own_pipes() -> tuple[IO[bytes], IO[bytes]]:
    """The pipes of the parent, out of the way of whatever else reads standard input or prints."""
    source = os.fdopen(os.dup(0), "rb", buffering=1 << 16)
    target = os.fdopen(os.dup(1), "wb", buffering=0)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(2, 1)
    os.close(null)
    return source, target


def _die_with(parent: int) -> None:
    """Have the kernel end this process with its parent, where it can: the end of the pipe tells it as well."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)


def serve(parent: int) -> None:
    """Answer until the pipe ends; does not return."""
    _die_with(parent)
    source, target = _own_pipes()
    server = _Server()
    tune()
    with contextlib.suppress(OSError):
        _send(target, Ready())
        while len(head := source.read(LENGTH.size)) == LENGTH.size:
            (size,) = LENGTH.unpack(head)
            body = source.read(size)
            if len(body) < size:
                break
            answer = server.answer(questions.decode(body))
            if answer is not None:
                _send(target, answer)
    os._exit(0)  # nothing here is worth the time that an orderly end takes


def _send(target: IO[bytes], answer: Answer) -> None:
    data = memoryview(b"".join(frame(answer)))
    while data:
        data = data[target.write(data) :]
