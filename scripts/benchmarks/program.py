"""The program that is measured: Headwater as it is here, at a revision, or another one that takes the same files."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts.benchmarks import process
from scripts.benchmarks.process import Failed, Run, Server

ROOT = Path(__file__).resolve().parents[2]
HEADWATER = Path(sys.executable).parent / "headwater"


@dataclass(frozen=True)
class Program:
    """How to call it.

    Attributes:
        name: What it is called in the results.
        command: Its first words.
        environment: Variables that it needs.
    """

    name: str = "here"
    command: Sequence[str | Path] = (HEADWATER,)
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def is_headwater(self) -> bool:
        """Whether it knows the flags that only Headwater has."""
        return HEADWATER in self.command

    def run(self, config: dict[str, Any], path: Path, *, cores: set[int] | None = None) -> Run:
        """Run a configuration until its input ends.

        Args:
            path: Where the configuration is written.

        Raises:
            Failed: It failed, or had an error to log.
        """
        service = {"http": {"enabled": False}, "logger": {"level": "ERROR"}}
        path.write_text(json.dumps({**service, **config}), encoding="utf-8")
        made = process.run([*self.command, "run", path], cores=cores, environment=self.environment)
        if made.output.strip():
            raise Failed(f"{self.name} complained:\n{made.output[:2000]}")
        return made

    @contextmanager
    def serve(self, config: dict[str, Any], path: Path, *, server: str = "") -> Iterator[Server]:
        """Run a configuration that serves HTTP, until the block ends."""
        port = process.free_port()
        service = {"http": {"address": f"127.0.0.1:{port}"}, "logger": {"level": "ERROR"}}
        path.write_text(json.dumps({**service, **config}), encoding="utf-8")
        with process.serve(
            [*self.command, "run", *self._server(server), path], port, environment=self.environment
        ) as up:
            yield up

    @contextmanager
    def streams(self, path: Path, *, server: str = "") -> Iterator[Server]:
        """Run without a stream, ready to get some over the API, until the block ends."""
        port = process.free_port()
        service = {"http": {"address": f"127.0.0.1:{port}"}, "logger": {"level": "ERROR"}}
        path.write_text(json.dumps(service), encoding="utf-8")
        command = [*self.command, "streams", *self._server(server), "-o", path]
        with process.serve(command, port, environment=self.environment) as up:
            yield up

    def _server(self, name: str) -> list[str]:
        return ["--server", name] if name and self.is_headwater else []


@contextmanager
def at_revision(revision: str) -> Iterator[Program]:
    """Headwater of a revision of this repository, checked out for as long as the block lasts.

    It runs with the libraries that are installed here.

    Raises:
        Failed: There is no such revision.
    """
    folder = Path(tempfile.mkdtemp(prefix="headwater-rev-")) / "tree"
    made = subprocess.run(
        ["git", "worktree", "add", "-q", "--detach", folder, revision],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        if made.returncode:
            raise Failed(f"{revision} is no file and no revision: {made.stderr.strip()}")
        subprocess.run([sys.executable, "-m", "compileall", "-q", folder / "actors", folder / "api"], check=False)
        # The folders stand before those of the installed package, for the program and for what it starts.
        path = os.pathsep.join([str(folder / "actors"), str(folder / "api")])
        yield Program(revision, environment={"PYTHONPATH": path})
    finally:
        subprocess.run(["git", "worktree", "remove", "--force", folder], cwd=ROOT, capture_output=True, check=False)
        shutil.rmtree(folder.parent, ignore_errors=True)
