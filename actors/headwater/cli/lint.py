"""`headwater lint`: check configuration files."""

from __future__ import annotations

import argparse
import glob
import os
import stat
import sys
from collections.abc import Iterator
from typing import Any, Final

from headwater.cli.terminal import Terminal

EPILOG: Final = """\
Files may be patterns (quoted ones too), Markdown files, whose yaml blocks are checked, and folders, written with a
slash at the end or as DIR/..., which stand for all .yaml and .yml files under them. What is wrong is printed to
standard error, one problem a line.

  headwater lint stream.yaml
  headwater lint ./...
  headwater lint --deprecated --labels -r 'resources/*.yaml' config.yaml
  headwater lint --format json docs/guide.md

exit status: 0 if nothing is wrong, 1 otherwise.
"""

_FOLDER: Final = (os.sep, ".")
"""How a path ends that can be nothing but a folder; Benthos refuses those that could be files."""

_EXTENSIONS: Final = (".yaml", ".yml")
_FENCE: Final = b"```"
_OPENING: Final = b"```yaml"


def add_parser(subparsers: Any) -> None:
    """Describe the verb's flags."""
    parser: argparse.ArgumentParser = subparsers.add_parser("lint", help="check configuration files", epilog=EPILOG)
    parser.add_argument("files", nargs="*", metavar="FILE", help="files, patterns, or DIR/ for a whole tree")
    parser.add_argument("--deprecated", action="store_true", help="report deprecated fields and components")
    parser.add_argument("--labels", action="store_true", help="report components without a label")
    parser.add_argument(
        "--skip-env-var-check", action="store_true", help="do not report environment variables without a value"
    )
    parser.add_argument("--verbose", action="store_true", help="also print of each file whether something is wrong")
    parser.add_argument("--format", choices=("text", "json", "github"), default="text", help="how problems are printed")
    parser.add_argument(
        "--dialect",
        choices=("benthos", "bento", "any"),
        default="benthos",
        help="whose fields are known: those of Benthos (the default), of Bento, or of both",
    )


def run(args: argparse.Namespace) -> int:
    """Lint files; returns 1 if something is wrong."""
    from headwater.components.catalogue import Catalogue
    from headwater.config.env import load_env_files
    from headwater.config.lint import Code, LintOptions
    from headwater.errors import ConfigError

    catalogue = Catalogue()
    try:
        environment = load_env_files(args.env_file) if args.env_file else None
        if args.templates:
            from headwater.config.template import add_templates

            add_templates(catalogue, args.templates, chilled=args.chilled)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 1
    options = LintOptions(deprecated=args.deprecated, labels=args.labels, dialect=args.dialect)
    printer = _PRINTERS[args.format]()
    status = 0
    try:
        paths = targets([*args.resources, *([args.config] if args.config else []), *args.files])
    except ConfigError as error:
        print(f"lint paths error: {error}", file=sys.stderr)
        return 1
    for path in paths:
        problems = list(lint_path(path, catalogue, environment, args.skip_env_var_check, options))
        if os.path.isdir(path) and sys.stderr.isatty():
            print(f"{path} is a folder: `headwater lint {path}/` checks all files in it", file=sys.stderr)
        for problem in problems:
            printer.add(path, problem)
            if problem.code is not Code.DEPRECATED or args.deprecated:
                status = 1
        if args.verbose:
            printer.sum_up(path, not problems)
    printer.finish()
    return status


def targets(patterns: list[str]) -> list[str]:
    """The files that are meant, each once, in order.

    Raises:
        ConfigError: A folder is not there.
    """
    found: dict[str, None] = {}
    for pattern in patterns:
        if pattern.endswith("..."):
            found.update(dict.fromkeys(_walk(os.path.dirname(pattern) or ".")))
        elif glob.has_magic(pattern) and not os.path.exists(pattern):
            found.update(dict.fromkeys(sorted(glob.glob(pattern, recursive=True, include_hidden="**" not in pattern))))
        elif pattern.endswith(_FOLDER) and os.path.isdir(pattern):
            found.update(dict.fromkeys(_walk(pattern)))
        else:
            found[pattern] = None
    return list(found)


def _walk(folder: str) -> Iterator[str]:
    """All configuration files under a folder, or the file that it is."""
    from headwater.config.env import go_error
    from headwater.errors import ConfigError

    try:
        if not stat.S_ISDIR(os.stat(folder).st_mode):
            yield folder
            return
    except OSError as error:
        raise ConfigError(go_error("stat", folder, error)) from None
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            if name.endswith(_EXTENSIONS):
                yield os.path.normpath(os.path.join(parent, name))


def lint_path(path: str, catalogue: Any, environment: Any, skip_variables: bool, options: Any) -> Iterator[Any]:
    """What is wrong with a file, or with the blocks of a Markdown file."""
    from headwater.config.lint import Code, Lint
    from headwater.config.service import lint_text, read_file
    from headwater.errors import ConfigError

    try:
        data = read_file(path)
        blocks = [(0, data)]
        if path.endswith(".md"):
            blocks, skip_variables = list(markdown_blocks(data)), True
    except ConfigError as error:
        yield Lint(1, 1, str(error), Code.FAILED_READ)
        return
    for offset, block in blocks:
        for lint in lint_text(
            block, catalogue, environment=environment, skip_variables=skip_variables, options=options
        ):
            yield Lint(lint.line + offset, lint.column, lint.text, lint.code)


def markdown_blocks(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The yaml blocks of a Markdown text, each with the number of lines before its fence, whose rest is part of it.

    Raises:
        ConfigError: A block has no end.
    """
    from headwater.errors import ConfigError

    start = data.find(_OPENING)
    while start >= 0:
        start += len(_OPENING)
        end = data.find(_FENCE, start)
        if end < 0:
            raise ConfigError("markdown snippet not terminated")
        yield data.count(b"\n", 0, start), data[start:end]
        start = data.find(_OPENING, end + len(_FENCE))


class _Text:
    """One line a problem: ``FILE(LINE,COLUMN) text``."""

    def __init__(self) -> None:
        self._terminal = Terminal(sys.stderr)

    def add(self, path: str, lint: Any) -> None:
        place = self._terminal.paint(f"{path}({lint.line},{lint.column})", "bold")
        print(f"{place} {lint.text}", file=sys.stderr)

    def sum_up(self, path: str, good: bool) -> None:
        print(f"{path}: {'OK' if good else 'FAILED'}")

    def finish(self) -> None:
        """Nothing is kept back."""


class _GitHub(_Text):
    """Annotations for GitHub's continuous integration."""

    def add(self, path: str, lint: Any) -> None:
        file = _escaped(path).replace(",", "%2C").replace(":", "%3A")
        print(f"::error file={file},line={lint.line},col={lint.column},title={lint.code}::{_escaped(lint.text)}")


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


class _Json(_Text):
    """One array of objects, on standard output."""

    def __init__(self) -> None:
        super().__init__()
        self._problems: list[dict[str, Any]] = []

    def add(self, path: str, lint: Any) -> None:
        self._problems.append(
            {"file": path, "line": lint.line, "column": lint.column, "code": str(lint.code), "text": lint.text}
        )

    def sum_up(self, path: str, good: bool) -> None:
        """Problems are all that is listed."""

    def finish(self) -> None:
        import json

        print(json.dumps(self._problems, indent=2, ensure_ascii=False))


_PRINTERS: Final[dict[str, Any]] = {"text": _Text, "github": _GitHub, "json": _Json}
