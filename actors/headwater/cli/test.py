"""`headwater test`: run the unit tests of configuration files."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from headwater.cli.arguments import Verbs
from headwater.cli.signals import Signals
from headwater.cli.stream_files import MissingFile, expand
from headwater.cli.terminal import Terminal
from headwater.cli.watcher import Changes, signatures

if TYPE_CHECKING:
    from headwater.testing.casework import CaseRunner
    from headwater.testing.results import FileResult

EPILOG: Final = """\
Tests stand under `tests` in a configuration, or beside it in NAME_headwater_test.yaml (or _benthos_test.yaml).
Folders, and DIR/..., are searched for both.

  headwater test config.yaml
  headwater test --junit results.xml ./...
  headwater test -w -r 'resources/*.yaml' ./streams

A case says what goes in and what must come out:

  tests:
    - name: greets
      input_batch:
        - json_content: {name: ada}
      output_batches:
        - - json_equals: {greeting: "Hello, ada!"}

exit status: 0 if all pass, 1 otherwise.
"""
_SUFFIXES: Final = (".yaml", ".yml")
_POLL_SECONDS: Final = 0.5
_MANY: Final = 10


def add_parser(subparsers: Verbs) -> None:
    """Describe the verb's flags."""
    parser = subparsers.add_parser("test", help="run the unit tests of configuration files", epilog=EPILOG)
    parser.add_argument("paths", metavar="PATH", nargs="*", help="files, folders, patterns, or DIR/... for a tree")
    parser.add_argument("--log", metavar="LEVEL", default="", help="log what components say, from this level on")
    parser.add_argument("--junit", metavar="FILE", default="", help="write results as JUnit XML")
    parser.add_argument("-w", "--watch", "--watcher", dest="watcher", action="store_true", help="run again on changes")


def run(args: argparse.Namespace) -> int:
    """Run the tests; returns the exit status."""
    if not args.watcher:
        return run_once(args)
    with Signals() as signals:  # so that one is heard wherever it finds the program
        while True:
            changes = Changes(signatures(_watched(args)), quiet=_POLL_SECONDS)
            run_once(args)
            print("\nwaiting for changes, CTRL+C to end", flush=True)
            while not any(changes.look(time.monotonic(), signatures(_watched(args)))):
                if signals.wait(_POLL_SECONDS) is not None:
                    return 0


def _watched(args: argparse.Namespace) -> list[str]:
    try:
        return [*map(str, files(args.paths)), *expand(args.resources)]
    except MissingFile:
        return []


def run_once(args: argparse.Namespace) -> int:
    """Run all tests one time; returns the exit status."""
    from headwater.components.catalogue import Catalogue
    from headwater.config.env import load_env_files
    from headwater.errors import ConfigError
    from headwater.testing.casework import CaseRunner

    try:
        os.environ.update(load_env_files(args.env_file, {}))
        catalogue = Catalogue()
        if args.templates:
            from headwater.config.template import add_templates

            add_templates(catalogue, args.templates)
        paths = files(args.paths)
        expand(args.resources)  # says which of them are not there
        logger = _logger(args.log)
    except (ConfigError, ValueError) as error:
        print(f"headwater test: {error}", file=sys.stderr)
        return 1
    runner = CaseRunner(catalogue, args.resources, logger)
    results = []
    progress = Progress(len(paths), sys.stderr)
    for path in paths:
        progress.step(path)
        results.append(test_file(path, runner, catalogue))
    progress.clear()
    report(results)
    if args.junit:
        from headwater.testing.junit import write_junit

        try:
            write_junit(Path(args.junit), results)
        except OSError as error:
            print(f"headwater test: cannot write {args.junit}: {error.strerror}", file=sys.stderr)
            return 1
    found = any(result.cases or result.problems for result in results)
    return 0 if found and all(result.passed for result in results) else 1


def files(paths: Sequence[str]) -> list[Path]:
    """The files that are meant, each once; definitions beside configurations come with them.

    Raises:
        MissingFile: A path leads nowhere.
    """
    from headwater.testing.definition import SUFFIXES

    found: dict[Path, None] = {}
    for path in paths or ["..."]:
        if path.endswith("..."):
            path = path.removesuffix("...").rstrip("/") or "."
        for name in expand([path]):
            place = Path(name)
            if not place.is_dir():
                found[place] = None
                continue
            inside = sorted(item for item in place.rglob("*") if item.suffix in _SUFFIXES and item.is_file())
            for item in inside:
                beside = next((item.stem.removesuffix(end) for end in SUFFIXES if item.stem.endswith(end)), "")
                if not (beside and item.with_name(beside + item.suffix) in inside):
                    found[item] = None
    return list(found)


def test_file(path: Path, runner: CaseRunner, catalogue: object) -> FileResult:
    """Run the tests that a file stands for."""
    from headwater.components.catalogue import Catalogue
    from headwater.testing.definition import BadDefinition, find_definitions, read_suite
    from headwater.testing.results import FileResult

    assert isinstance(catalogue, Catalogue)
    result = FileResult(path)
    try:
        for definition, config in find_definitions(path):
            suite = read_suite(definition, config, catalogue)
            if suite.cases:
                result.problems += suite.lints
            for case in suite.cases:
                started = time.perf_counter()
                try:
                    failures = runner.run(suite, case)
                except BadDefinition as error:
                    result.problems.append(str(error))
                    failures = []
                result.cases.append((case, failures, time.perf_counter() - started))
    except BadDefinition as error:
        result.problems.append(str(error))
    return result


test_file.__test__ = False  # type: ignore[attr-defined]  # no test, whatever its name says to pytest


class Progress:
    """A line that tells how far we are, on terminals, where there are many files."""

    def __init__(self, total: int, stream: TextIO) -> None:
        self._total = total
        self._stream = stream
        self._done = 0
        self._terminal = Terminal(stream)
        self._shown = total >= _MANY and self._terminal.shown

    def step(self, path: Path) -> None:
        """Begin with the next file."""
        self._done += 1
        if self._shown:
            self._stream.write(f"\r\x1b[K{self._terminal.fitted(f'{self._done}/{self._total} {path}')}")
            self._stream.flush()

    def clear(self) -> None:
        """Take the line away."""
        if self._shown:
            self._stream.write("\r\x1b[K")
            self._stream.flush()


def report(results: Sequence[FileResult]) -> None:
    """Print what became of all files, then what is wrong with each."""
    terminal = Terminal(sys.stdout)
    told = [result for result in results if result.cases or result.problems]
    if not told:
        print("No tests were found")
    for result in told:
        word = terminal.paint("succeeded", "good") if result.passed else terminal.paint("failed", "bad")
        print(f"Test '{result.path}' {word}")
    failed = [result for result in told if not result.passed]
    if failed:
        print("\nFailures:")
    for result in failed:
        print(f"\n--- {result.path} ---\n")
        for problem in result.problems:
            print(problem)
        for _, failures, _ in result.cases:
            for failure in failures:
                name = terminal.paint(failure.case.name, "bad")
                print(f"{name} [line {failure.case.line}]:\n{terminal.difference(failure.text)}\n")
    sys.stdout.flush()


def _logger(level: str) -> logging.Logger | None:
    if not level:
        return None
    from headwater.cli.logging import LogSettings, start

    start(LogSettings(level=level), to_stderr=True)
    return logging.getLogger("headwater")
