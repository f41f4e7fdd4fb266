"""What a workload is: how one run of it is measured, what stands beside it, and what it should reach."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from scripts.benchmarks.process import Run
from scripts.benchmarks.program import Program

SHARE = 10
"""A rate is measured between a run of all messages and one of this part of them."""


class Missing(Exception):
    """Something that a workload needs is not on this machine; the message says how to get it."""


@dataclass(frozen=True)
class Aim:
    """What a figure, or its ratio to a yardstick, should reach."""

    value: float
    at_least: bool = True

    def holds(self, reached: float) -> bool:
        """Whether it does."""
        return reached >= self.value if self.at_least else reached < self.value

    def __str__(self) -> str:
        return f"{'>=' if self.at_least else '<'} {self.value:g}"


@dataclass(frozen=True)
class Figure:
    """Something that each run gives.

    Attributes:
        unit: Of milliseconds and the like less is better, of what comes a second more.
        name: Empty where a workload has one only.
    """

    unit: str
    name: str = ""
    aim: Aim | None = None

    @property
    def more_is_better(self) -> bool:
        """Whether a ratio above 1 is good."""
        return self.unit.endswith("/s")


@dataclass(frozen=True)
class Sample:
    """One run.

    Attributes:
        values: One for each figure of the workload.
        cpu: CPU seconds of the whole process.
        peak: Its largest resident size in bytes.
        note: What a reader of the figure has to know.
    """

    values: tuple[float, ...]
    cpu: float = 0.0
    peak: int = 0
    note: str = ""


@dataclass(frozen=True)
class Bench:
    """Where and with what a run is made.

    Attributes:
        folder: For all files, gone at the end.
        program: The Headwater, or other program, to measure.
        scale: 1 for the usual sizes, less for a quick look.
        seconds: For which a server or a stream that does not end is looked at.
    """

    folder: Path
    program: Program = field(default_factory=Program)
    scale: float = 1.0
    seconds: float = 5.0

    def size(self, count: int) -> int:
        """A number of messages, made smaller for a quick look; always a multiple of a thousand."""
        return max(1, round(count * self.scale / 1000)) * 1000

    def path(self, name: str) -> Path:
        """A file of this bench."""
        return self.folder / name

    def of(self, program: Program) -> Bench:
        """The same with another program."""
        return replace(self, program=program)


Measure = Callable[[Bench], Sample]
"""Makes one run. Raises `process.Failed` when what it did was not the work, `Missing` when it cannot be done here."""


@dataclass(frozen=True)
class Yardstick:
    """What a workload is compared with, run in turn with it.

    Attributes:
        aim: What the ratio of the workload's first figure to this one should reach.
    """

    name: str
    measure: Measure
    aim: Aim | None = None


@dataclass(frozen=True)
class Workload:
    """Work that is measured.

    Attributes:
        name: Group and variant, as in `file/200`.
        about: One line.
        comparable: Whether it makes sense without its yardsticks, beside another program.
    """

    name: str
    about: str
    measure: Measure
    figures: tuple[Figure, ...] = (Figure("messages/s"),)
    yardsticks: tuple[Yardstick, ...] = ()
    comparable: bool = True

    @property
    def is_target(self) -> bool:
        """Whether something of it has an aim."""
        return any(figure.aim for figure in self.figures) or any(each.aim for each in self.yardsticks)


def rate(count: int, run: Callable[[int], Run]) -> Sample:
    """Messages a second without the start-up of the process.

    Two runs, of a tenth of the messages and of all: what the others took is the difference. Where the whole run is not
    twice as long as the short one there is little but start-up; then it is counted, and the note says so.
    """
    few = max(1, count // SHARE)
    small, whole = run(few), run(count)
    if whole.seconds < 2 * small.seconds:
        return Sample((count / whole.seconds,), whole.cpu, whole.peak, "too short: start-up is counted")
    return Sample(((count - few) / (whole.seconds - small.seconds),), whole.cpu, whole.peak)


def needed(program: str, how: str = "") -> str:
    """The path of a program.

    Args:
        how: How to get it.

    Raises:
        Missing: It is not there.
    """
    found = shutil.which(program)
    if found is None:
        raise Missing(f"{program} is not on the PATH{f'; {how}' if how else ''}")
    return found
