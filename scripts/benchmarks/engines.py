"""Other stream processors for Python, each in an environment of its own under the cache folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from scripts.benchmarks import process
from scripts.benchmarks.documents import FUNCTION
from scripts.benchmarks.process import Run, one_core
from scripts.benchmarks.workload import Bench, Missing

INSTALL_SECONDS = 900


@dataclass(frozen=True)
class Engine:
    """One of them.

    Attributes:
        packages: What to install.
        code: The job from file to file in its natural way; the files are the environment's GIVEN and MADE.
        words: How to run a file of that code, after the path of the Python.
        field: Of what it writes: holds the line; empty where it writes lines.
    """

    name: str
    packages: tuple[str, ...]
    code: str
    words: tuple[str, ...] = ()
    field: str = ""

    @property
    def folder(self) -> Path:
        """Its environment."""
        return cache() / self.name

    def ready(self) -> bool:
        """Whether it is installed."""
        return (self.folder / ".complete").exists()

    @property
    def python(self) -> Path:
        """The Python of its environment."""
        return self.folder / "bin" / "python"

    def install(self) -> None:
        """Install it, unless that was done before.

        Raises:
            Missing: It cannot be.
        """
        if self.ready():
            return
        shutil.rmtree(self.folder, ignore_errors=True)
        try:
            for command in (
                [sys.executable, "-m", "venv", str(self.folder)],
                [str(self.python), "-m", "pip", "install", "-q", "--disable-pip-version-check", *self.packages],
            ):
                subprocess.run(command, capture_output=True, text=True, check=True, timeout=INSTALL_SECONDS)
        except subprocess.CalledProcessError as error:
            lines = [line for line in (error.stderr or error.stdout).splitlines() if line.strip()]
            raise Missing(f"{self.name} cannot be installed: {lines[-1] if lines else error}") from error
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Missing(f"{self.name} cannot be installed: {error}") from error
        (self.folder / ".complete").touch()

    def run(self, bench: Bench, given: Path, made: Path) -> Run:
        """Do the job on one core.

        Raises:
            Missing: It is not installed.
        """
        if not self.ready():
            raise Missing(f"{self.name} is not installed: --yardsticks installs it below {cache()}")
        program = bench.path(f"{self.name}_job.py")
        program.write_text(FUNCTION + self.code, encoding="utf-8")
        environment = {"GIVEN": str(given), "MADE": str(made), **QUIET}
        command: list[str | Path] = [self.python, *self.words, program]
        return process.run(command, cores=one_core(), environment=environment)


def cache() -> Path:
    """The folder of the environments."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "headwater-bench"


def versions() -> str:
    """What is installed."""
    found = []
    for engine in ENGINES:
        for path in engine.folder.glob(f"lib/python*/site-packages/{engine.name}-*.dist-info"):
            found.append(path.name.removesuffix(".dist-info").replace("-", " "))
    return ", ".join(found)


QUIET = {"PATHWAY_THREADS": "1", "PATHWAY_TELEMETRY_SERVER": "", "PATHWAY_MONITORING_SERVER": ""}

BYTEWAX = Engine(
    "bytewax",
    ("bytewax", "orjson"),
    """
import os
from pathlib import Path
import bytewax.operators as op
from bytewax.connectors.files import FileSink, FileSource
from bytewax.dataflow import Dataflow

flow = Dataflow("job")
lines = op.input("in", flow, FileSource(os.environ["GIVEN"], batch_size=1000))
made = op.map("change", lines, lambda line: ("all", change(line).decode()))
op.output("out", made, FileSink(Path(os.environ["MADE"])))
""",
    ("-m", "bytewax.run"),
)

PATHWAY = Engine(
    "pathway",
    ("pathway", "orjson"),
    """
import os
import pathway as pw

lines = pw.io.plaintext.read(os.environ["GIVEN"], mode="static")
made = lines.select(line=pw.apply_with_type(lambda line: change(line).decode(), str, pw.this.data))
pw.io.jsonlines.write(made, os.environ["MADE"])
pw.run(monitoring_level=pw.MonitoringLevel.NONE)
""",
    field="line",
)

ENGINES = (BYTEWAX, PATHWAY)
