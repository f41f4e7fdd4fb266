"""Lint recorded configurations and compare the lines: `scripts/conformance lint FILE... [flags]`.

By default the verb is run in this process, which takes seconds; the answers of the API that refuse a configuration
(status 400) are compared with what reading it raises. With --program the cases' own runner, `tools/lint_cases.py`
beside their folder, runs the installed program, and posts to a real server.

Cases recorded from Bento are linted with its dialect.
"""

from __future__ import annotations

import argparse
import contextlib
import fnmatch
import io
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from unittest import mock

import ratchet

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / ".venv" / "bin" / "headwater"
UNSET = ("FOO", "BAR", "A", "N", "NAME", "CONF", "MISSING", "foo.bar", "HEADWATER_NOT_SET")

Row = dict[str, Any]

_UNCLEAR = re.compile(r"unable to infer (\w+) type(?: from candidates)?: \[?([^\]\n']*)")


def components() -> set[str]:
    """What there is, as "KIND NAME"."""
    from headwater.components.catalogue import Catalogue
    from headwater.config.spec import KINDS

    catalogue = Catalogue(entry_points=False)
    return {f"{kind} {name}" for kind in KINDS for name in catalogue.names(kind)}


def check(row: Row) -> list[str]:
    """Run a case in this process; returns what is wrong."""
    from headwater.cli import main

    with tempfile.TemporaryDirectory(prefix="lint-case-") as name:
        folder = Path(os.path.realpath(name))
        for path, text in row["files"].items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8", newline="")
        environment = {key: value for key, value in os.environ.items() if key not in UNSET} | row.get("env", {})
        output = io.StringIO()
        dialect = ["--dialect", "bento"] if row["oracle"] == "bento" else []
        with (
            contextlib.chdir(folder),
            mock.patch.dict(os.environ, environment, clear=True),
            contextlib.redirect_stdout(output),
            contextlib.redirect_stderr(output),
        ):
            status = main(["lint", *dialect, *row["args"]])
            problems = refusal(row) if "post" in row else []
        text = output.getvalue().replace(str(folder), "${TMPDIR}")
        lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    if status != row["exit"]:
        problems.append(f"exit status {status}, expected {row['exit']}")
    if sorted(lines) != sorted(row["lints"]):
        problems.append("printed\n" + "\n".join(lines) + "\nexpected\n" + "\n".join(row["lints"]))
    return problems


def refusal(row: Row) -> list[str]:
    """Compare what reading a stream raises with the answer of the API that refuses it."""
    from headwater.components.catalogue import Catalogue
    from headwater.config.stream import read_stream
    from headwater.errors import ConfigError, LintRejection

    wanted = row["post"]
    found: Any = None
    try:
        read_stream(row["files"]["c.yaml"], Catalogue())
    except LintRejection as error:
        found = sorted(lint.replace(os.getcwd(), "${TMPDIR}") for lint in error.lints)
    except ConfigError as error:
        found = f"Error: {error}"
    expected: Any = None
    if wanted["status"] == 400:
        expected = sorted(wanted["lint_errors"]) if "lint_errors" in wanted else wanted["body"].strip()
    return [] if found == expected else [f"reading gave {found!r}, expected {expected!r}"]


def missing(row: Row, problems: list[str], absent: dict[str, list[str]]) -> list[str]:
    """The component that a failed case is about and that there is not here."""
    from headwater.config.spec import KINDS

    for kind, names in _UNCLEAR.findall("\n".join(problems)):
        for name in names.split():
            kinds = KINDS if kind == "component" else (kind,)
            meant = any(name in lint for lint in row["lints"] if "unable to infer" in lint)
            if not meant and any(name in absent[each] for each in kinds):
                return [f"{kind} {name}"]
    return []


def absent_components(files: list[Path]) -> dict[str, list[str]]:
    """Components that Benthos or Bento has and that there are not here, by kind."""
    reference = files[0].resolve().parent.parent / "reference" / "components.json"
    have = components()
    if not reference.exists():
        return {name.split()[0]: [] for name in have}
    known = json.loads(reference.read_text(encoding="utf-8"))
    return {kind: [name for name in names if f"{kind} {name}" not in have] for kind, names in known.items()}


def in_process(rows: list[Row], lacking: dict[str, list[str]]) -> list[Row]:
    """Run the cases here; a record a case."""
    records = []
    for row in rows:
        problems = check(row)
        absent = missing(row, problems, lacking)
        records.append(
            {
                "id": row["id"],
                "topic": row["topic"],
                "outcome": "skipped" if absent else "failed" if problems else "passed",
                "why": f"needs {absent[0]}" if absent else "",
                "problems": [] if absent else problems,
            }
        )
    return records


def by_program(files: list[Path], jobs: int) -> list[Row]:
    """Run the cases with the installed program and a real server; a record a case."""
    tool = files[0].resolve().parent.parent / "tools" / "lint_cases.py"
    records: dict[str, Row] = {}
    with tempfile.TemporaryDirectory(prefix="headwater-lint-") as folder:
        have = Path(folder) / "have.txt"
        have.write_text("\n".join(sorted(components())) + "\n", encoding="utf-8")
        for oracle, flags in (("benthos", ""), ("bento", "--dialect bento ")):
            report = Path(folder) / f"{oracle}.json"
            command = [sys.executable, str(tool), *map(str, files), "--quiet", "--jobs", str(jobs), "--oracle", oracle]
            command += ["--command", f"{PROGRAM} lint {flags}{{config}}", "--have", str(have), "--report", str(report)]
            command += ["--streams-command", f"{PROGRAM} streams -c {{config}}"]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if not report.exists():
                print(done.stdout + done.stderr, file=sys.stderr)
                sys.exit(2)
            for case in json.loads(report.read_text(encoding="utf-8"))["cases"]:
                if case["id"] not in records or records[case["id"]]["outcome"] == "skipped":
                    records[case["id"]] = case
    return list(records.values())


def main() -> int:
    """Run and judge; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", metavar="CASES.jsonl", nargs="+", type=Path)
    parser.add_argument("--only", metavar="GLOB", action="append", default=[], help="cases whose id or topic matches")
    parser.add_argument("--program", action="store_true", help="run the installed program, and a server")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="with --program: so many at a time")
    parser.add_argument("--failures", action="store_true", help="show what differs, also of listed cases")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write a record a case")
    parser.add_argument("--update", action="store_true", help="make the pending list say what fails now")
    args = parser.parse_args()
    rows = [json.loads(line) for file in args.files for line in file.read_text(encoding="utf-8").splitlines() if line]
    chosen = {
        row["id"]
        for row in rows
        if not args.only or any(fnmatch.fnmatchcase(row[key], glob) for glob in args.only for key in ("id", "topic"))
    }
    records = (
        by_program(args.files, args.jobs)
        if args.program
        else in_process([row for row in rows if row["id"] in chosen], absent_components(args.files))
    )
    records = [record for record in records if record["id"] in chosen]
    accepted = ratchet.accepted("lint")
    outcomes = {
        record["id"]: None
        if record["outcome"] == "skipped" or record["id"] in accepted
        else record["outcome"] == "passed"
        for record in records
    }
    if args.json:
        args.json.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    if args.update:
        ratchet.update("lint", [name for name, outcome in outcomes.items() if outcome is False])
    listed = ratchet.pending("lint")
    for record in records:
        if outcomes[record["id"]] is False and (args.failures or record["id"] not in listed):
            print(f"--- {record['id']} ({record['topic']})")
            print("\n".join(record["problems"]))
    for why in sorted({record["why"] for record in records if record.get("why")}):
        print(f"skipped {sum(record.get('why') == why for record in records)}: {why}")
    verdict = ratchet.judge("lint", outcomes, complete=not args.only)
    verdict.print()
    return verdict.exit_code


if __name__ == "__main__":
    sys.exit(main())
