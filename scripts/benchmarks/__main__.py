"""Measure Headwater: each workload as a whole process, several times, in turn with what stands beside it.

Rates are without the start-up of the process: two runs, of a tenth of the messages and of all, and what the others took
is the difference. What is held to one core says so. A ratio is the workload's figure by the one of what it stands
beside, of each pair of runs; the median of them is shown.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from scripts.benchmarks import compare, engines, report
from scripts.benchmarks.process import Failed
from scripts.benchmarks.runner import Runner, chosen
from scripts.benchmarks.workload import Bench, Missing, Workload
from scripts.benchmarks.workloads import ALL

EXAMPLES = """\
  scripts/bench                                 all workloads
  scripts/bench file generate/1 'http/*/16'     some, by group, name or pattern
  scripts/bench targets                         what has an aim: the aim, and what was reached
  scripts/bench targets http                    of one group
  scripts/bench file generate --compare HEAD~5  the same by a revision, in turn
  scripts/bench --json before.json              keep the results; later: scripts/bench --compare before.json
  scripts/bench beside --yardsticks             install Bytewax and Pathway, and run beside them too
  scripts/bench bloblang                        mappings beside hand-written Python, in one process
"""
QUICK = 0.02


def main(words: list[str]) -> int:
    """Measure what the command line asks for; returns the exit status."""
    if words[:1] == ["bloblang"]:
        from scripts.benchmarks import bloblang  # which loads what the other workloads have no use for

        return bloblang.main(words[1:])
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", metavar="NAME", nargs="*", help="workloads; `targets` first shows aims (default: all)")
    parser.add_argument("--list", action="store_true", help="say which workloads there are, and measure nothing")
    parser.add_argument("--runs", type=int, metavar="N", help="of each; the median counts (default: 5, quick: 1)")
    parser.add_argument("--quick", action="store_true", help="small sizes and one run: shows that all works, no more")
    parser.add_argument(
        "--scale", type=float, default=None, metavar="X", help="sizes as a multiple of the usual ones (default: 1)"
    )
    parser.add_argument(
        "--seconds",
        type=float,
        default=None,
        metavar="S",
        help="for servers and endless streams (default: 5, quick: 1)",
    )
    parser.add_argument(
        "--compare",
        metavar="FILE|REV",
        help="ratios to results of --json, or in turn to a revision of this repository, or to another program that "
        "takes the same configurations",
    )
    parser.add_argument("--yardsticks", action="store_true", help=f"install Bytewax and Pathway in {engines.cache()}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results")
    parser.add_argument(
        "--folder", type=Path, metavar="DIR", help="where files are made and read (default: a temporary one)"
    )
    args = parser.parse_args(words)
    try:
        return _measure(args)
    except Failed as error:
        print(f"scripts/bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nscripts/bench: stopped", file=sys.stderr)
        return 130


def _measure(args: argparse.Namespace) -> int:
    targets = args.names[:1] == ["targets"]
    names = args.names[1:] if targets else args.names
    workloads = chosen(ALL, names)
    if targets:
        workloads = [each for each in workloads if each.is_target]
    if args.compare:
        workloads = [each for each in workloads if each.comparable]
    if args.list:
        _list(workloads)
        return 0
    left_out: dict[str, str] = {}
    if args.yardsticks:
        for engine in engines.ENGINES:
            print(f"making ready {engine.name}", file=sys.stderr)
            try:
                engine.install()
            except Missing as error:
                left_out[engine.name] = str(error)
    with contextlib.ExitStack() as stack:
        earlier = compare.earlier(args.compare)
        other = None if earlier is not None else stack.enter_context(compare.program(args.compare))
        head = report.header()
        if versions := engines.versions():
            head["engines"] = versions
        for name, value in head.items():
            print(f"{name:<10} {value}")
        if warning := report.busy():
            print(f"WARNING    {warning}")
        if args.quick:
            print("WARNING    sizes are small: this shows that all works, its figures say nothing")
        print(flush=True)
        folder = Path(tempfile.mkdtemp(prefix="headwater-bench-", dir=args.folder))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        bench = Bench(
            folder,
            scale=args.scale if args.scale is not None else QUICK if args.quick else 1.0,
            seconds=args.seconds if args.seconds is not None else 1.0 if args.quick else 5.0,
        )
        runner = Runner(bench, args.runs or (1 if args.quick else 5), other, left_out=left_out)
        rows = runner.measure(workloads)
    if earlier is not None:
        rows = compare.with_earlier(rows, earlier)
    print(report.targets(rows) if targets else report.table(rows))
    for name, reason in left_out.items():
        print(f"left out: {name}: {_short(reason)}")
    if args.json is not None:
        report.write(args.json, head, rows, left_out)
    asked_for = {each.name for each in workloads} if names else set()
    return 1 if runner.failed or left_out.keys() & asked_for else 0


def _short(reason: str) -> str:
    """Its beginning and its end; the JSON has all of it."""
    lines = [line for line in reason.splitlines() if line.strip()]
    return "\n    ".join(lines if len(lines) < 5 else [lines[0], "...", *lines[-3:]])


def _list(workloads: list[Workload]) -> None:
    for each in workloads:
        print(f"{each.name:<24} {each.about}")
        for yardstick in each.yardsticks:
            aim = f", aim {yardstick.aim}" if yardstick.aim else ""
            print(f"{'':<24}   beside {yardstick.name}{aim}")
        for figure in each.figures:
            if figure.aim:
                print(f"{'':<24}   {figure.name} {figure.aim} {figure.unit}".replace("    ", "   "))


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that nothing is left running or lying about
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # programs start with compiled modules, as where they are installed
    sys.exit(main(sys.argv[1:]))
