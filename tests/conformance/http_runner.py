"""Ask the API what recorded cases ask: `scripts/conformance http FILE... [--server NAME] [flags]`.

The cases' own runner, `tools/http_cases.py` beside their folder, starts our program and sends real requests; other
flags are handed on to it (`--jobs N`, `--isolate`, ...). With waitress, which has neither, cases that need websockets
or TLS are left out.
"""

from __future__ import annotations

import argparse
import json
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
    parser.add_argument("--update", action="store_true", help="make the pending list say what fails now")
    args, others = parser.parse_known_args()
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
            *(word for glob in args.only for word in ("--only", glob)),
            *others,
            *map(str, args.files),
        ]
        status = subprocess.run(command, check=False).returncode
        if not report.exists():
            return status or 2
        rows = json.loads(report.read_text(encoding="utf-8"))
    outcomes = {row["id"]: OUTCOMES[row["outcome"]] for row in rows["cases"]}
    if args.update:
        ratchet.update("http", [name for name, outcome in outcomes.items() if outcome is False])
    verdict = ratchet.judge("http", outcomes, complete=not args.only)
    verdict.print()
    return verdict.exit_code


OUTCOMES = {"passed": True, "failed": False, "skipped": None}


if __name__ == "__main__":
    sys.exit(main())
