"""What all suites share: the header, runs of whole processes, and results as a table and as JSON."""

from __future__ import annotations

import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / ".venv" / "bin" / "headwater"


@dataclass
class Result:
    """A figure: the median of some runs, and what it is measured by.

    Attributes:
        yardstick: The figure of the work that this is compared with, in the same unit; 0 where there is none.
        aim: What it should reach, in words.
    """

    name: str
    unit: str
    values: list[float]
    yardstick: float = 0.0
    aim: str = ""
    more: dict[str, float] = field(default_factory=dict)

    @property
    def median(self) -> float:
        """The median of the runs."""
        return statistics.median(self.values)

    @property
    def spread(self) -> float:
        """Half of the distance from the smallest to the largest, as a part of the median."""
        return (max(self.values) - min(self.values)) / 2 / self.median if self.median else 0.0


def header() -> dict[str, str]:
    """Where and with what this is measured."""
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "system": platform.platform(),
        "python": platform.python_version(),
        "commit": commit.stdout.strip(),
        "date": time.strftime("%Y-%m-%d %H:%M:%S"),
    }


@dataclass(frozen=True)
class Run:
    """One process: how long it took, its CPU seconds and its largest resident size in bytes."""

    seconds: float
    cpu: float
    peak: int


def run(command: Sequence[str | Path], *, cpus: set[int] | None = None) -> Run:
    """Run a process to its end, on some cores only if asked for.

    Raises:
        RuntimeError: It failed.
    """
    pin = (lambda: os.sched_setaffinity(0, cpus)) if cpus else None
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    process = subprocess.Popen(
        list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, preexec_fn=pin
    )
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command}: exit status {process.returncode}\n{output.decode(errors='replace')}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Run(seconds, cpu, usage.ru_maxrss * 1024)


def show(results: Sequence[Result], path: Path | None = None) -> None:
    """Print the table; write the JSON if a file is named."""
    about = header()
    print("; ".join(about.values()))
    print(f"{'what':<44}{'median':>14} {'unit':<12}{'spread':>8}{'ratio':>8}  aim")
    for item in results:
        ratio = f"{item.median / item.yardstick:.2f}" if item.yardstick else ""
        print(f"{item.name:<44}{item.median:>14,.3f} {item.unit:<12}{item.spread:>7.0%}{ratio:>8}  {item.aim}")
    sys.stdout.flush()
    if path is not None:
        rows = [{**asdict(item), "median": item.median, "spread": item.spread} for item in results]
        path.write_text(json.dumps({"header": about, "results": rows}, indent=1) + "\n", encoding="utf-8")
