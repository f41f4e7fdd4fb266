"""Runs workloads: each in turn with what stands beside it, several times, and tells how far it is."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from typing import TextIO

from scripts.benchmarks import report
from scripts.benchmarks.process import Failed
from scripts.benchmarks.program import Program
from scripts.benchmarks.report import Result
from scripts.benchmarks.workload import Bench, Measure, Missing, Sample, Workload


def chosen(workloads: Sequence[Workload], names: Sequence[str]) -> list[Workload]:
    """Those that are named, by name, group or pattern; all where nothing is.

    Raises:
        Failed: A name fits none.
    """
    if not names:
        return list(workloads)
    found: list[Workload] = []
    for name in names:
        fitting = [each for each in workloads if each.name.startswith(f"{name}/") or fnmatch(each.name, name)]
        if not fitting:
            raise Failed(f"no workload is called {name}; --list names them all")
        found += [each for each in fitting if each not in found]
    return found


@dataclass
class Runner:
    """Makes the runs.

    Attributes:
        runs: Of each workload and of each thing beside it.
        other: Takes the place of all yardsticks: the same workload by this program.
        left_out: What could not be run, and why.
        failed: The workloads of these that had all they need.
    """

    bench: Bench
    runs: int = 3
    other: Program | None = None
    progress: Progress = field(default_factory=lambda: Progress(sys.stderr))
    left_out: dict[str, str] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)

    def measure(self, workloads: Sequence[Workload]) -> list[Result]:
        """Run all, and return what they came to. What is missing or fails is noted and leaves the others alone."""
        made: list[Result] = []
        for place, workload in enumerate(workloads):
            self.progress.at = f"[{place + 1}/{len(workloads)}] {workload.name}"
            try:
                made += self._one(workload)
            except (Missing, Failed) as error:
                self.left_out[workload.name] = str(error)
                if isinstance(error, Failed):
                    self.failed.append(workload.name)
        self.progress.done()
        return made

    def _one(self, workload: Workload) -> list[Result]:
        sides: list[tuple[str, Bench, Measure]] = [("", self.bench, workload.measure)]
        if self.other is not None:
            sides.append((self.other.name, self.bench.of(self.other), workload.measure))
        else:
            sides += [(each.name, self.bench, each.measure) for each in workload.yardsticks]
        samples: dict[str, list[Sample]] = {name: [] for name, _, _ in sides}
        absent: dict[str, str] = {}
        for run in range(self.runs):
            # Each is first as often as the others: what warms up or slows down the machine is nobody's gain.
            shift = (run + (not workload.comparable)) % len(sides)
            for name, bench, measure in sides[shift:] + sides[:shift]:
                if name in absent:
                    continue
                self.progress.say(f"run {run + 1} of {self.runs}{' of ' + name if name else ''}")
                try:
                    samples[name].append(measure(bench))
                except Missing as error:
                    if not name or not workload.comparable:
                        raise  # without its yardstick it is another workload again
                    absent[name] = str(error)
        for name, reason in absent.items():
            self.left_out[f"{workload.name} beside {name}"] = reason
        beside = {name: found for name, found in samples.items() if name and name not in absent}
        return report.results(workload, samples[""], beside)


@dataclass
class Progress:
    """One line that says where the run is; on a terminal it is written over, elsewhere there is one a workload."""

    stream: TextIO
    at: str = ""
    _last: str = ""

    def say(self, what: str) -> None:
        """Something begins."""
        if self.stream.isatty():
            self.stream.write(f"\r\x1b[K{self.at}: {what}")
        elif self.at != self._last:
            self.stream.write(f"{self.at}\n")
        self._last = self.at
        self.stream.flush()

    def done(self) -> None:
        """Leave the line empty."""
        if self.stream.isatty():
            self.stream.write("\r\x1b[K")
            self.stream.flush()
