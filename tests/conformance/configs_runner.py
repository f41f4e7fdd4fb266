"""Lint complete configurations that are known to be right: `scripts/conformance configs FILE... [flags]`.

A configuration that Benthos accepts must be clean by its rules, one that only Bento accepts by Bento's. Where the
recorded program has something to say, ours must say the same. Configurations with components that do not exist here
are skipped, each with the name of the component.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any

import ratchet

Row = dict[str, Any]

_UNCLEAR = re.compile(
    r"unable to infer (?P<kind>\w+) type(?: from candidates)?: \[?(?P<names>[^\]]*)\]?"
    r"|(?P<explicit>\w+) type '(?P<name>[^']*)' was not recognised"
    r"|failed to obtain docs for (?P<sort>\w+) type (?P<word>\S+)"
)


def missing_component(lints: list[str], catalogue: Any) -> str:
    """The component that a lint misses and that there is not; an empty text where there is none."""
    from headwater.config.spec import KINDS

    for lint in lints:
        match = _UNCLEAR.search(lint)
        if match is None:
            continue
        names = (match["names"] or match["name"] or match["word"] or "").split()
        kind = match["kind"] or match["explicit"] or match["sort"]
        kinds = KINDS if kind == "component" else (kind,)
        if names and not any(catalogue.knows(kind, name) for kind in kinds for name in names):
            return names[0]
    return ""


def expected(row: Row) -> tuple[str, list[str]]:
    """The dialect to lint with, and the lints that it must give."""
    for program in ("benthos", "bento"):
        if program in row.get("lints", {}):
            return program, row["lints"][program]["lints"]
    return ("benthos" if "benthos" in row["confirmed_by"] else "bento" if row["confirmed_by"] else "any"), []


def check(row: Row, catalogue: Any) -> tuple[str, str, list[str]]:
    """Outcome, reason of a skip, and what is wrong."""
    from headwater.config.lint import LintOptions
    from headwater.config.service import lint_text

    dialect, wanted = expected(row)
    options = LintOptions(dialect=dialect)  # type: ignore[arg-type]
    found = lint_text(row["yaml"].encode(), catalogue, skip_variables=True, options=options)
    lints = [str(lint) for lint in found if wanted or lint.code != "deprecated"]
    if sorted(lints) == sorted(wanted):
        return "passed", "", []
    # Bento's words do not name what they miss.
    named = lint_text(row["yaml"].encode(), catalogue, skip_variables=True, options=LintOptions(dialect="any"))
    missing = missing_component([str(lint) for lint in named], catalogue)
    if missing:
        return "skipped", f"needs {missing}", []
    if row.get("not_checked") and not row["upstream_linted"]:
        return "skipped", "nobody says that it is right", []
    return "failed", "", [*lints, "expected:", *wanted]


def main() -> int:
    """Run and judge; returns the exit code."""
    from headwater.components.catalogue import Catalogue

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", metavar="CONFIGS.jsonl", nargs="+", type=Path)
    parser.add_argument("--failures", action="store_true", help="show what differs, also of listed configurations")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write a record a configuration")
    parser.add_argument("--update", action="store_true", help="make the pending list say what fails now")
    args = parser.parse_args()
    rows = [json.loads(line) for file in args.files for line in file.read_text(encoding="utf-8").splitlines() if line]
    catalogue = Catalogue(entry_points=False)
    accepted = ratchet.accepted("configs")
    listed = ratchet.pending("configs")
    outcomes: dict[str, bool | None] = {}
    reasons: dict[str, int] = {}
    records = []
    for row in rows:
        outcome, why, problems = check(row, catalogue)
        if row["id"] in accepted:
            outcome, why = "skipped", accepted[row["id"]]
        outcomes[row["id"]] = {"passed": True, "failed": False, "skipped": None}[outcome]
        records.append({"id": row["id"], "outcome": outcome, "why": why, "problems": problems})
        if why:
            reasons[why] = reasons.get(why, 0) + 1
        if outcome == "failed" and (args.failures or row["id"] not in listed):
            print(f"--- {row['id']} ({row['source']})")
            print("\n".join(problems))
    for why, count in sorted(reasons.items()):
        print(f"skipped {count}: {why}")
    if args.json:
        args.json.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    if args.update:
        ratchet.update("configs", [name for name, outcome in outcomes.items() if outcome is False])
    verdict = ratchet.judge("configs", outcomes)
    verdict.print()
    return verdict.exit_code


if __name__ == "__main__":
    sys.exit(main())
