"""Run tortures and print one table: sent, acked, delivered, lost, duplicated, reordered."""

from __future__ import annotations

import argparse
import importlib
import os
import pkgutil
import platform
import random
import subprocess
import sys
import time
from pathlib import Path

from scripts.tortures.bench import ROOT, Bench, Outcome

SHORT_SECONDS = 14.0
"""What one test may take in the short mode, about."""


def names() -> list[str]:
    """All tests, by the files that hold them."""
    found = [module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)])]
    return [name for name in found if not name.startswith("_") and name != "bench"]


def one(name: str, seed: int, seconds: float, rounds: int | None = None) -> Outcome:
    """Run one test and print its line."""
    started = time.monotonic()
    with Bench(random.Random(f"{seed} {name}"), seconds, rounds) as bench:
        try:
            outcome: Outcome = importlib.import_module(f"scripts.tortures.{name}").run(bench)
        except Exception as error:
            outcome = Outcome(failures=[f"{type(error).__name__}: {error}"])
    print(outcome.row(name, time.monotonic() - started), flush=True)
    for failure in outcome.failures:
        print(f"    {failure}", flush=True)
    return outcome


def main() -> int:
    """Run what the command line names."""
    parser = argparse.ArgumentParser(prog="scripts/torture", description=__doc__)
    parser.add_argument("tests", metavar="TEST", nargs="*", help="which ones (default: all); see --list")
    parser.add_argument("--seed", type=int, default=None, help="of everything that is left to chance")
    parser.add_argument("--minutes", type=float, default=None, help="for each test (default: 10)")
    parser.add_argument(
        "--rounds", type=int, default=None, help="kills, faults, cycles after which a test ends, in any time it takes"
    )
    parser.add_argument("--short", action="store_true", help=f"about {SHORT_SECONDS:.0f} seconds for each test")
    parser.add_argument(
        "--again", action="store_true", help="try what fails once more, unless a message was lost: for busy machines"
    )
    parser.add_argument(
        "--soak", action="store_true", help="the test soak for two hours, unless --minutes says otherwise"
    )
    parser.add_argument("--list", action="store_true", help="say which tests there are")
    args = parser.parse_args()
    if args.list:
        for name in names():
            doc = importlib.import_module(f"scripts.tortures.{name}").__doc__ or ""
            print(f"{name:16} {doc.splitlines()[0]}")
        return 0
    if args.soak:
        args.tests = ["soak"]
        args.minutes = args.minutes or 120.0
    unknown = sorted(set(args.tests) - set(names()))
    if unknown:
        parser.error(f"no such test: {', '.join(unknown)}; there are {', '.join(names())}")
    seed = args.seed if args.seed is not None else random.SystemRandom().randrange(1 << 31)
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    print(
        f"seed {seed}, commit {commit or 'unknown'}, {platform.machine()} with {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, {time.strftime('%Y-%m-%d %H:%M:%S')}",
        flush=True,
    )
    print(Outcome.HEAD, flush=True)
    minutes = args.minutes or (10.0 if args.rounds is None else 24 * 60.0)
    seconds = SHORT_SECONDS if args.short else minutes * 60
    failed = 0
    for name in args.tests or names():
        outcome = one(name, seed, seconds, args.rounds)
        if outcome.failures and args.again and not outcome.lost:
            outcome = one(name, seed + 1, seconds, args.rounds)
        failed += bool(outcome.failures)
    print(f"{len(args.tests or names()) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
