"""The program as a child process, and in this one."""

from __future__ import annotations

import gc
import logging
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from headwater.cli.logging import Console


@pytest.fixture(autouse=True)
def own_loggers() -> Iterator[None]:
    """The program sets up loggers and the interpreter's switching; give them back."""
    interval, threshold = sys.getswitchinterval(), gc.get_threshold()
    yield
    sys.setswitchinterval(interval)
    gc.set_threshold(*threshold)
    gc.unfreeze()
    for logger in (logging.getLogger(), logging.getLogger("headwater")):
        for handler in [handler for handler in logger.handlers if isinstance(handler, Console)]:
            logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET if logger.name == "headwater" else logging.WARNING)
        logger.propagate = True


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Program:
    """A running `headwater`; its standard output and error are in one file."""

    def __init__(self, folder: Path, words: list[str], port: int) -> None:
        self.port = port
        self._log = folder / "program.log"
        with open(self._log, "wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "headwater", *words],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=os.environ | {"PYTHONUNBUFFERED": "1"},
            )

    @property
    def log(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def until(self, met: Callable[[], object], seconds: float = 10.0) -> None:
        """Wait until something is the case."""
        end = time.monotonic() + seconds
        while not met():
            assert time.monotonic() < end, self.log
            assert self.process.poll() is None or met(), self.log
            time.sleep(0.02)

    def ask(self, method: str, path: str, body: str | None = None) -> tuple[int, str]:
        """A request to its API."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", data=None if body is None else body.encode(), method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError as error:
            return 0, str(error)

    def end(self, seconds: float = 10.0) -> int:
        """Ask it to end; its exit status."""
        self.process.terminate()
        return self.process.wait(seconds)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Program]]:
    """Start the program in a folder of its own; `{port}` in the words is a free port."""
    running: list[Program] = []

    def begin(*words: str) -> Program:
        port = free_port()
        program = Program(tmp_path, [word.replace("{port}", str(port)) for word in words], port)
        running.append(program)
        return program

    yield begin
    for program in running:
        if program.process.poll() is None:
            program.process.kill()
        program.process.wait()
