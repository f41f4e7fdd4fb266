"""Run configurations as whole processes and compare what came out: `scripts/conformance streams FILE... [flags]`.

The cases bring their own runner, `tools/stream_cases.py` beside their folder; this hands it our program and the list of
components that there are, and measures the outcome by `pending.txt` and `accepted.txt`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import ratchet

Case = dict[str, Any]

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / ".venv" / "bin" / "headwater"


def components() -> list[str]:
    """What there is, as lines "KIND NAME"."""
    from headwater.components.catalogue import Catalogue
    from headwater.config.spec import KINDS

    catalogue = Catalogue(entry_points=False)
    return [f"{kind} {name}" for kind in KINDS for name in catalogue.names(kind)]


def main() -> int:
    """Run and judge; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", metavar="CASES.jsonl", nargs="+", type=Path)
    parser.add_argument("--only", metavar="GLOB", action="append", default=[], help="cases whose id or topic matches")
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, help="so many at a time (default: %(default)s)"
    )
    parser.add_argument("--failures", action="store_true", help="show what differs, also of listed cases")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write a record a case")
    parser.add_argument("--update", action="store_true", help="make the pending list say what fails now")
    args = parser.parse_args()
    tool = args.files[0].resolve().parent.parent / "tools" / "stream_cases.py"
    with tempfile.TemporaryDirectory(prefix="headwater-streams-") as folder:
        have = Path(folder) / "have.txt"
        have.write_text("\n".join(components()) + "\n", encoding="utf-8")

        def run(globs: list[str], jobs: int) -> list[Case]:
            report = Path(folder) / "report.json"
            command = [sys.executable, str(tool), *map(str, args.files), "--quiet", "--jobs", str(jobs)]
            command += ["--command", f"{PROGRAM} run {{config}}", "--have", str(have), "--report", str(report)]
            command += [word for glob in globs for word in ("--only", glob)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if not report.exists():
                raise SystemExit(done.stdout + done.stderr)
            cases: list[Case] = json.loads(report.read_text(encoding="utf-8"))["cases"]
            report.unlink()
            return cases

        cases = run(args.only, args.jobs)
        failed = [case["id"] for case in cases if case["outcome"] == "failed"]
        if failed and args.jobs > 1:
            # Many cases give the program half a second to start: what failed beside others gets the machine to itself.
            again = {case["id"]: case for case in run(failed, 1) if case["id"] in failed}
            cases = [again.get(case["id"], case) for case in cases]
    accepted = ratchet.accepted("streams")
    outcomes = {
        case["id"]: None if case["outcome"] == "skipped" or case["id"] in accepted else case["outcome"] == "passed"
        for case in cases
    }
    if args.json:
        args.json.write_text("".join(json.dumps(case) + "\n" for case in cases), encoding="utf-8")
    if args.update:
        ratchet.update("streams", [name for name, outcome in outcomes.items() if outcome is False])
    listed = ratchet.pending("streams")
    for case in cases:
        if outcomes[case["id"]] is False and (args.failures or case["id"] not in listed):
            print(f"--- {case['id']} ({case['topic']})")
            print("\n".join(case["problems"]))
            if case["log"]:
                print("the log ends:\n" + "\n".join(case["log"].splitlines()[-8:]))
    if not args.only:
        for why in sorted({case["why"] for case in cases if case["why"]}):
            print(f"skipped {sum(case['why'] == why for case in cases)}: {why}")
    verdict = ratchet.judge("streams", outcomes, complete=not args.only)
    verdict.print()
    return verdict.exit_code


if __name__ == "__main__":
    sys.exit(main())
