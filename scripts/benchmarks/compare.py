"""What results are compared with: earlier ones, or another program in turn."""

from __future__ import annotations

import os
import shutil
import statistics
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from scripts.benchmarks import report
from scripts.benchmarks.program import Program, at_revision
from scripts.benchmarks.report import Beside, Result


@dataclass(frozen=True)
class Earlier:
    """Results of a run before.

    Attributes:
        values: By workload and figure.
    """

    name: str
    head: dict[str, str]
    values: dict[str, list[float]]


def earlier(what: str | None) -> Earlier | None:
    """Results that are kept in a file; None where something else is named.

    Raises:
        Failed: The file is none of `--json`.
    """
    if not what or not Path(what).is_file() or os.access(what, os.X_OK):
        return None
    head, values = report.read(Path(what))
    return Earlier(Path(what).name, head, values)


@contextmanager
def program(what: str | None) -> Iterator[Program | None]:
    """A revision of this repository or a program of that path, ready to run for as long as the block lasts.

    Raises:
        Failed: There is neither.
    """
    if not what:
        yield None
    elif Path(what).is_file() and (found := shutil.which(os.path.abspath(what))):
        yield Program(Path(what).name, (found,))
    else:
        with at_revision(what) as checked_out:
            yield checked_out


def with_earlier(rows: Sequence[Result], before: Earlier) -> list[Result]:
    """The results beside the earlier ones, median by median: those runs are over, so nothing takes turns."""
    now = report.header()
    if differing := [name for name in ("machine", "system", "python") if now.get(name) != before.head.get(name)]:
        print(f"{before.name} is of another {' and '.join(differing)}: the ratios say little", file=sys.stderr)
    found = []
    for row in rows:
        old = before.values.get(row.title)
        if old:
            median = statistics.median(old)
            beside = [Beside(before.name, old, [value / median for value in row.values] if median else [])]
            row = replace(row, beside=beside)
        found.append(row)
    return found
