"""Run recorded config unit tests with the program: `scripts/conformance unit-tests FILE... [flags]`.

A row is laid out in a folder as its source had it, and `headwater test` or `headwater template lint` run on it. Rows
that need a component that there is not are skipped, by component; the outcome is measured by `pending.txt`.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import ratchet
from headwater.cli import main as program

Row = dict[str, Any]


def layout(row: Row, folder: Path) -> None:
    """Write the files of a row."""
    place = folder / row["run_path"]
    texts = {row["run_path"]: row["test_yaml"]}
    if row["layout"] == "companion":
        name = place.stem + "_benthos_test" + place.suffix
        texts = {row["run_path"]: row["config_yaml"], str(Path(row["run_path"]).with_name(name)): row["test_yaml"]}
    base = Path(row["run_path"]).parent
    texts |= {str(base / name): text for name, text in row["files"].items()}
    texts |= row.get("resources", {})
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def run(row: Row) -> tuple[int, str]:
    """The exit status of the program and what it printed."""
    command = [*row["run_as"].split(), row["run_path"]]
    for name in row.get("resources", {}):
        command += ["-r", name]
    output = io.StringIO()
    here = os.getcwd()
    with tempfile.TemporaryDirectory() as name, contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        layout(row, Path(name))
        os.chdir(name)
        try:
            return program(command), output.getvalue()
        finally:
            os.chdir(here)


def main() -> int:
    """Run and judge; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", metavar="FILE.jsonl", nargs="+", type=Path)
    parser.add_argument("--failures", action="store_true", help="show what the program says of rows that fail")
    parser.add_argument("--only", metavar="ID", action="append", default=[])
    parser.add_argument("--update", action="store_true", help="make the pending list say what fails now")
    args = parser.parse_args()
    outcomes: dict[str, bool | None] = {}
    listed = ratchet.pending("unit-tests")
    for file in args.files:
        for line in file.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            name = row["id"]
            if args.only and name not in args.only:
                continue
            status, output = run(row)
            absent = [word for word in output.splitlines() if "unable to infer" in word]
            outcomes[name] = None if absent and status else status == 0
            if absent and status:
                print(f"skipped {name}: {absent[0]}")
            elif status and (args.failures or name not in listed):
                print(f"--- {name} {row['run_as']} {row['run_path']}\n{output}")
    if args.update:
        ratchet.update("unit-tests", [name for name, outcome in outcomes.items() if outcome is False])
    verdict = ratchet.judge("unit-tests", outcomes, complete=not args.only)
    verdict.print()
    return verdict.exit_code


if __name__ == "__main__":
    sys.exit(main())
