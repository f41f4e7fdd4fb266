"""Ask the API what recorded cases ask: `scripts/conformance http FILE... [--server NAME] [flags]`.

The cases' own runner, `tools/http_cases.py` beside their folder, starts our program and sends real requests; other
flags are handed on to it (`--isolate`, `--basis NAME`, ...). With waitress, which has neither, cases that need
websockets or TLS are left out.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import ratchet

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / ".venv" / "bin" / "headwater"
LACKS = {"waitress": ("websocket", "tls"), "uvicorn": ()}


def main() -> int:
    """Run the cases; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--server", choices=sorted(LACKS), default="uvicorn")
    parser.add_argument("--only", metavar="GLOB", action="append", default=[], help="cases whose id matches")
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, help="so many at a time (default: %(default)s)"
    )
    parser.add_argument("--update", action="store_true", help="make the pending list say what fails now")
    args, others = parser.parse_known_args()
    outcomes = run(args, args.only, ["--jobs", str(args.jobs), *others])
    if outcomes is None:
        return 2
    listed = ratchet.pending("http")
    again = [name for name, outcome in outcomes.items() if outcome is False and name not in listed]
    if again:
        # What hangs on times may fail on a busy machine, so it gets the machine to itself once more.
        outcomes.update({name: outcome for name, outcome in (run(args, again, []) or {}).items() if outcome})
    if args.update:
        ratchet.update("http", [name for name, outcome in outcomes.items() if outcome is False])
    verdict = ratchet.judge("http", outcomes, complete=not args.only)
    verdict.print()
    return verdict.exit_code


def run(args: argparse.Namespace, only: list[str], others: list[str]) -> dict[str, bool | None] | None:
    """Run cases; their outcomes, or None when the cases' runner could not run."""
    tool = args.files[0].resolve().parents[1] / "tools" / "http_cases.py"
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [
            sys.executable,
            str(tool),
            "--command",
            f"{PROGRAM} streams --server {args.server} -o {{config}}",
            "--report",
            str(report),
            *(word for feature in LACKS[args.server] for word in ("--without", feature)),
            *(word for glob in only for word in ("--only", glob)),
            *others,
            *map(str, args.files),
        ]
        subprocess.run(command, check=False)
        if not report.exists():
            return None
        rows = json.loads(report.read_text(encoding="utf-8"))
    return {row["id"]: OUTCOMES[row["outcome"]] for row in rows["cases"]}


OUTCOMES = {"passed": True, "failed": False, "skipped": None}


if __name__ == "__main__":
    sys.exit(main())
