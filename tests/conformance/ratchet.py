"""What may fail for now: a list that can only become shorter.

`pending.txt` holds lines ``<suite> <id>``, each a case that does not pass yet. A case that fails and is not listed is a
failure; so is a listed case that passes, and a listed case that is no longer there. A runner hands its outcomes to
`judge`, prints the verdict and returns its exit code::

    verdict = judge("lint", outcomes)            # outcomes: id -> True passed, False failed, None skipped
    verdict.print()
    return verdict.exit_code
"""

from __future__ import annotations

import fcntl
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

PENDING = Path(__file__).with_name("pending.txt")
ACCEPTED = Path(__file__).with_name("accepted.txt")


@dataclass(frozen=True)
class Verdict:
    """The outcome of a suite, measured by the list.

    Attributes:
        passed, failed, skipped: Counts over the cases, whatever the list says.
        regressions: Failed, and not listed.
        recovered: Listed, and passed.
        stale: Listed, and no case.
    """

    suite: str
    passed: int
    failed: int
    skipped: int
    regressions: list[str] = field(default_factory=list)
    recovered: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """0 if the outcome is what the list says, 1 otherwise."""
        return 1 if self.regressions or self.recovered or self.stale else 0

    @property
    def summary(self) -> str:
        """The closing line: ``N passed, M failed, K skipped``."""
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"

    def print(self) -> None:
        """Print what is not as listed, then the closing line."""
        for word, ids in (
            ("fails and is not listed as pending", self.regressions),
            ("passes: take it off the pending list", self.recovered),
            ("is listed as pending and does not exist", self.stale),
        ):
            for name in ids:
                print(f"{self.suite} {name}: {word}")
        sys.stdout.flush()
        print(self.summary, flush=True)


def pending(suite: str, path: Path = PENDING) -> set[str]:
    """The ids of a suite that may fail for now."""
    if not path.exists():
        return set()
    entries = (line.split(None, 1) for line in path.read_text(encoding="utf-8").splitlines() if line.strip())
    return {entry[1].strip() for entry in entries if len(entry) == 2 and entry[0] == suite}


def accepted(suite: str, path: Path = ACCEPTED) -> dict[str, str]:
    """Cases that count as skipped for ever, and why: lines ``<suite> <id>  # <reason>``.

    Raises:
        ValueError: A line gives no reason.
    """
    cases: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        entry, _, reason = line.partition("  # ")
        name = entry.split(None, 1)
        if len(name) == 2 and name[0] == suite:
            if not reason.strip():
                raise ValueError(f"{path.name}: {entry.strip()}: no reason is given")
            cases[name[1].strip()] = reason.strip()
    return cases


def judge(suite: str, outcomes: Mapping[str, bool | None], *, complete: bool = True, path: Path = PENDING) -> Verdict:
    """Measure outcomes by the list.

    Args:
        outcomes: Id to True (passed), False (failed) or None (skipped: neither confirms nor refutes its entry).
        complete: Whether these are all cases of the suite; only then listed ids without a case are stale.
    """
    listed = pending(suite, path)
    values = list(outcomes.values())
    return Verdict(
        suite,
        passed=values.count(True),
        failed=values.count(False),
        skipped=values.count(None),
        regressions=sorted(name for name, outcome in outcomes.items() if outcome is False and name not in listed),
        recovered=sorted(name for name in listed if outcomes.get(name) is True),
        stale=sorted(listed - outcomes.keys()) if complete else [],
    )


def update(suite: str, failing: Iterable[str], path: Path = PENDING) -> None:
    """Make the list say of this suite what is the case now; the lines of other suites stay."""
    with open(path, "a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        others = [line for line in file.read().splitlines() if line.strip() and line.split(None, 1)[0] != suite]
        lines = sorted({*others, *(f"{suite} {name}" for name in failing)})
        file.seek(0)
        file.truncate()
        file.write("".join(f"{line}\n" for line in lines))
