"""Scanner `switch`: another scanner by the name of what is read."""

from __future__ import annotations

from typing import Any

from headwater.components.catalogue import component
from headwater.components.contracts import Scan, Scanner
from headwater.components.resources import Resources
from headwater.components.scanners.re_match import compile_pattern
from headwater.config.fields import objects, scanner, spec, text
from headwater.config.view import Config
from headwater.errors import ComponentError

SPEC = spec(
    "scanner",
    "switch",
    root=objects(
        "",
        text("re_match_name", "The regular expression for the name; without one the case takes all.", optional=True),
        scanner("scanner", "The scanner of this case."),
    ),
    summary="Choose a scanner by the name of the file.",
    description="The first case whose expression matches the name is taken.",
    examples=(
        (
            "CSV files by row, all else by line",
            "input:\n  file:\n    paths: [ 'data/*' ]\n    scanner:\n      switch:\n"
            "        - re_match_name: '\\.csv$'\n          scanner: { csv: {} }\n        - scanner: { lines: {} }\n",
        ),
    ),
)


@component(SPEC)
class SwitchScanner(Scanner):
    """Opens the scan of the first case that fits."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._cases: list[tuple[Any, Scanner]] = []
        for case in config.objects():
            pattern = case.optional_text("re_match_name")
            built = resources.build_scanner(case.child("scanner"))
            self._cases.append((compile_pattern(pattern) if pattern else None, built))

    def open(self, name: str) -> Scan:
        for pattern, found in self._cases:
            if pattern is None or pattern.search(name.encode(errors="surrogateescape")):
                return found.open(name)
        raise ComponentError(f"no scanner cases matched the name '{name}'", "data")
