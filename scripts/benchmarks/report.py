"""Results: the header, the table, the JSON, and earlier JSON read back."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts.benchmarks.process import Failed
from scripts.benchmarks.program import ROOT
from scripts.benchmarks.workload import Aim, Figure, Sample, Workload

LIBRARIES = ("pykka", "falcon", "orjson", "msgspec", "waitress", "uvicorn", "uvloop", "httptools", "aiohttp", "jq")


@dataclass(frozen=True)
class Beside:
    """Something that ran in turn with a workload: its figure in the same unit, and the ratios, one a pair of runs.

    A ratio is the workload's figure by this one; there is none to nothing.

    Attributes:
        cpu: The median CPU seconds of a run.
    """

    name: str
    values: list[float]
    ratios: list[float]
    aim: Aim | None = None
    cpu: float = 0.0


@dataclass(frozen=True)
class Result:
    """A figure of a workload over some runs.

    Attributes:
        cpu: The median CPU seconds of a run.
        peak: The largest resident size of all runs, in bytes.
    """

    name: str
    figure: Figure
    values: list[float]
    cpu: float = 0.0
    peak: int = 0
    beside: list[Beside] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def title(self) -> str:
        """Workload and figure."""
        return f"{self.name} {self.figure.name}".rstrip()


def results(workload: Workload, samples: Sequence[Sample], beside: dict[str, list[Sample]]) -> list[Result]:
    """What some runs of a workload, and as many of what stands beside it, come to."""
    aims = {yardstick.name: yardstick.aim for yardstick in workload.yardsticks}
    made = []
    for place, figure in enumerate(workload.figures):
        values = [sample.values[place] for sample in samples]
        others = []
        for name, theirs in beside.items():
            if place < len(theirs[0].values):
                other = [sample.values[place] for sample in theirs]
                pairs = [a / b for a, b in zip(values, other, strict=True) if b]
                cpu = statistics.median(sample.cpu for sample in theirs)
                others.append(Beside(name, other, pairs, aims.get(name) if place == 0 else None, cpu))
        notes = [note for note in {sample.note: None for sample in samples} if note]
        for name, theirs in beside.items():
            notes += [f"{name}: {note}" for note in {sample.note: None for sample in theirs} if note]
        cpu = statistics.median(sample.cpu for sample in samples)
        peak = max(sample.peak for sample in samples)
        made.append(Result(workload.name, figure, values, cpu, peak, others, notes if place == 0 else []))
    return made


def spread(values: Sequence[float]) -> float:
    """Half of the distance from the smallest to the largest, as a part of the median."""
    median = statistics.median(values)
    return (max(values) - min(values)) / 2 / median if median else 0.0


def header() -> dict[str, str]:
    """Where and with what this is measured."""
    return {
        "commit": _said(["git", "describe", "--always", "--dirty"]) or "unknown",
        "date": time.strftime("%Y-%m-%d %H:%M:%S %z"),
        "machine": f"{_processor()}, {len(os.sched_getaffinity(0))} cores, {_memory() / 2**30:.0f} GB",
        "load": " ".join(f"{load:.2f}" for load in os.getloadavg()),
        "system": platform.platform(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "libraries": ", ".join(f"{name} {version}" for name in LIBRARIES if (version := _version(name))),
        "tools": ", ".join(filter(None, (_said(["wrk", "--version"])[:40].split(" [")[0], _said(["jq", "--version"])))),
    }


def busy() -> str:
    """A warning where others use the machine too."""
    load = os.getloadavg()[0]
    if load > 0.25 * len(os.sched_getaffinity(0)):
        return f"the load is {load:.2f} before anything is measured: figures are too low, ratios uncertain"
    return ""


HEAD = (
    f"{'workload':<38}{'median':>13} {'unit':<12}{'spread':>7}{'CPU s':>8}{'peak MB':>9}{'ratio':>8}{'spread':>8}  aim"
)


def table(rows: Sequence[Result]) -> str:
    """The results as text; below each line what stood beside it."""
    lines = [HEAD]
    for row in rows:
        used = _seconds(row.cpu)
        peak = f"{row.peak / 1e6:>9.1f}" if row.peak else " " * 9
        aim = f"{'':16}{_verdict(row.figure.aim, statistics.median(row.values))}" if row.figure.aim else ""
        lines.append(f"{_columns(row.title, row.values, row.figure.unit)}{used}{peak}{aim}".rstrip())
        for other in row.beside:
            line = f"{_columns('  beside ' + other.name, other.values, row.figure.unit)}{_seconds(other.cpu)}{'':9}"
            if other.ratios:
                line += f"{statistics.median(other.ratios):>8.3f}{spread(other.ratios):>8.0%}"
                line += _verdict(other.aim, statistics.median(other.ratios)) if other.aim else ""
            lines.append(line.rstrip())
        lines += [f"  ({note})" for note in row.notes]
    return "\n".join(lines)


def _seconds(cpu: float) -> str:
    return f"{cpu:>8.2f}" if cpu else " " * 8


def _columns(name: str, values: Sequence[float], unit: str) -> str:
    median = statistics.median(values)
    return f"{name:<38}{median:>13,.{_digits(median)}f} {unit:<12}{spread(values):>7.0%}"


def targets(rows: Sequence[Result]) -> str:
    """What has an aim: the aim, and what was reached."""
    lines = [f"{'what':<62}{'aim':>10}{'reached':>12}  {'spread':>6}"]
    for row in rows:
        marks: list[tuple[str, Aim, list[float]]] = []
        if row.figure.aim:
            marks.append((f"{row.title}, {row.figure.unit}", row.figure.aim, row.values))
        marks += [
            (f"{row.title} : {other.name}", other.aim, other.ratios)
            for other in row.beside
            if other.aim and other.ratios
        ]
        for what, aim, values in marks:
            reached = statistics.median(values)
            mark = "yes" if aim.holds(reached) else "NO"
            lines.append(f"{what:<62}{aim!s:>10}{reached:>12,.{_digits(reached)}f}  {spread(values):>6.0%}  {mark}")
        lines += [f"  ({note})" for note in row.notes if marks]
    return "\n".join(lines)


def write(path: Path, head: dict[str, str], rows: Sequence[Result], left_out: dict[str, str]) -> None:
    """Write the results as JSON."""
    document = {"header": head, "results": [_row(row) for row in rows], "left_out": left_out}
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def read(path: Path) -> tuple[dict[str, str], dict[str, list[float]]]:
    """The header of an earlier run's JSON, and the values by workload and figure.

    Raises:
        Failed: The file is none of `--json`.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return document["header"], {
            f"{row['name']} {row['figure']}".rstrip(): row["values"] for row in document["results"]
        }
    except (ValueError, KeyError, TypeError) as error:
        raise Failed(f"{path} was not written by --json: {error!r}") from error


def _row(row: Result) -> dict[str, Any]:
    return {
        "name": row.name,
        "figure": row.figure.name,
        "unit": row.figure.unit,
        "more_is_better": row.figure.more_is_better,
        **_numbers(row.values),
        "cpu_seconds": row.cpu,
        "peak_bytes": row.peak,
        **_aim(row.figure.aim, statistics.median(row.values)),
        "beside": [_other(other) for other in row.beside],
        "notes": row.notes,
    }


def _other(other: Beside) -> dict[str, Any]:
    found = {"name": other.name, **_numbers(other.values), "cpu_seconds": other.cpu, "ratios": other.ratios}
    if other.ratios:
        ratio = statistics.median(other.ratios)
        found |= {"ratio": ratio, "ratio_spread": spread(other.ratios), **_aim(other.aim, ratio)}
    return found


def _numbers(values: list[float]) -> dict[str, Any]:
    return {"values": values, "median": statistics.median(values), "spread": spread(values)}


def _aim(aim: Aim | None, reached: float) -> dict[str, Any]:
    return {"aim": str(aim), "holds": aim.holds(reached)} if aim else {}


def _verdict(aim: Aim, reached: float) -> str:
    return f"  {aim}{'' if aim.holds(reached) else '  MISSED'}"


def _digits(value: float) -> int:
    return 0 if abs(value) >= 1000 else 1 if abs(value) >= 100 else 3


def _said(command: list[str]) -> str:
    try:
        made = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return (made.stdout or made.stderr).strip().partition("\n")[0]


def _version(library: str) -> str:
    try:
        return importlib.metadata.version(library)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            names = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.machine()


def _memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
