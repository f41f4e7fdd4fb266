"""What became of the config unit tests of a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from headwater.testing.casework import Failure
from headwater.testing.definition import Case


@dataclass
class FileResult:
    """The cases of a file, and what is wrong with the file itself.

    Attributes:
        cases: Each with its failures, and how many seconds it took.
    """

    path: Path
    cases: list[tuple[Case, list[Failure], float]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong with it."""
        return not self.problems and not any(failures for _, failures, _ in self.cases)
