"""The command line: verbs, the flags that all of them share, and the parser that loads only the verb asked for.

Flags may stand before or after the verb and between file names. A verb is a module of this package with `add_parser`,
which describes its own flags, and `run`, which returns the exit status.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any, Final, NoReturn

VERBS: Final = {
    "streams": "run many streams in one process, with a REST API to manage them",
    "run": "run one configuration until its input ends",
    "lint": "check configuration files",
    "test": "run the unit tests of configuration files",
    "blobl": "run a mapping over documents, line by line",
    "list": "list components, functions and methods, with their fields",
    "create": "print a new configuration",
    "schema": "print the JSON schema of configurations",
    "echo": "print a configuration as it is understood, defaults filled in",
    "template": "check template files",
    "completion": "print a completion script for your shell",
}

OVERVIEW: Final = """\
usage: headwater VERB [flags] [files]
       headwater -c CONFIG

Headwater runs data streams: an input, processors, an output, described in YAML as for Benthos.

verbs:
{verbs}

the first steps:
  headwater create stdin/mapping/stdout > first.yaml     a configuration to begin with
  headwater lint first.yaml                              is it right?
  headwater run first.yaml                               run it
  headwater streams                                      serve the REST API on port 4195, then
  curl -X POST localhost:4195/streams/first --data-binary @first.yaml

`headwater VERB --help` tells about a verb; `headwater list inputs` shows what can be read from.
"""

_VALUED: Final = {
    *("-c", "--config", "-o", "--observability", "-r", "--resources", "-t", "--templates"),
    *("-s", "--set", "-e", "--env-file", "--log.level", "--streams-dir"),
}

_SWITCH: Final = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}


class Usage(Exception):
    """The command line cannot be used; ends with exit status 1."""


class Parser(argparse.ArgumentParser):
    """An argument parser whose mistakes have exit status 1, with a line that says where to look."""

    def error(self, message: str) -> NoReturn:
        raise Usage(f"{message}\n`{self.prog} --help` tells which flags there are.")


class Verbs:
    """Takes the place of argparse's sub-parsers: a verb's parser has the shared flags from the start."""

    def __init__(self) -> None:
        self.parser: Parser | None = None

    def add_parser(self, name: str, **options: Any) -> Parser:
        """Make the parser of a verb.

        Args:
            name: The verb.
            options: As for `argparse.ArgumentParser`; `help` is taken as the description where there is none.
        """
        summary = options.pop("help", None)
        options.setdefault("description", summary)
        options.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        parser = Parser(prog=f"headwater {name}", conflict_handler="resolve", allow_abbrev=False, **options)
        add_shared_flags(parser)
        self.parser = parser
        return parser


def add_shared_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags that every verb takes; a verb's own flags of the same name win."""
    group = parser.add_argument_group("flags of all verbs")
    group.add_argument("-c", "--config", metavar="FILE", default="", help="the configuration file")
    group.add_argument(
        "-o",
        "--observability",
        metavar="FILE",
        default="",
        help="service configuration of streams mode: http, logger, metrics, tracer, shutdown times, resources",
    )
    group.add_argument(
        "-r",
        "--resources",
        metavar="GLOB",
        action="append",
        default=[],
        help="add the resources of these files; repeatable",
    )
    group.add_argument(
        "-t", "--templates", metavar="GLOB", action="append", default=[], help="add templates; repeatable"
    )
    group.add_argument(
        "-s",
        "--set",
        metavar="PATH=VALUE",
        action="append",
        default=[],
        help="override a configuration field; repeatable",
    )
    group.add_argument(
        "-e", "--env-file", metavar="FILE", action="append", default=[], help="read environment variables; repeatable"
    )
    group.add_argument(
        "--log.level", metavar="LEVEL", dest="log_level", default="", help="override the level of the logger"
    )
    group.add_argument("--chilled", action="store_true", help="go on in spite of lint errors")
    group.add_argument("-w", "--watcher", action="store_true", help="watch files, and apply what changes")
    group.add_argument("--version", action="store_true", help="print the version")


def add_workers_flag(parser: argparse.ArgumentParser) -> None:
    """Add the flag of the verbs that run streams."""
    parser.add_argument(
        "--workers",
        metavar="N",
        type=int,
        help="the most worker processes for pipelines that are busy; 0 for none; by default up to one a core, for "
        "streams that set pipeline.threads",
    )


def overview() -> str:
    """The help of the program as a whole."""
    return OVERVIEW.format(verbs="\n".join(f"  {name:<12}{text}" for name, text in VERBS.items()))


def split(argv: Sequence[str]) -> tuple[str, list[str]]:
    """Find the verb: the first word that is neither a flag nor a flag's value.

    Returns:
        The verb, empty where there is none, and all the rest in its order.

    Raises:
        Usage: The first word is no verb.
    """
    index = 0
    while index < len(argv):
        word = argv[index]
        if word == "--":
            break
        if not word.startswith("-") or word == "-":
            if word not in VERBS:
                raise Usage(_unknown(word))
            return word, [*argv[:index], *argv[index + 1 :]]
        index += 2 if word in _VALUED else 1
    return "", list(argv)


def _unknown(word: str) -> str:
    if "." in word or "/" in word:
        return f"there is no verb {word!r}; to run a configuration: headwater run {word}"
    import difflib

    near = difflib.get_close_matches(word, VERBS, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"the verbs are {', '.join(VERBS)}"
    return f"there is no verb {word!r}; {hint}"


def parse(argv: Sequence[str]) -> tuple[ModuleType | None, argparse.Namespace]:
    """Read a command line.

    Returns:
        The module of the verb, or None where only the version or the overview is asked for, and the arguments.

    Raises:
        Usage: It cannot be read.
        SystemExit: Help was asked for and is printed.
    """
    verb, rest = split(argv)
    if not verb and "--streams" in rest:
        verb = "streams"
    if not verb:
        if "--version" in rest:
            return None, argparse.Namespace(version=True)
        if "-h" in rest or "--help" in rest or not rest:
            return None, argparse.Namespace(version=False)
        verb = "run"
    module = importlib.import_module(f"headwater.cli.{verb}")
    verbs = Verbs()
    module.add_parser(verbs)
    parser = verbs.parser
    assert parser is not None
    return module, _parse(parser, rest)


def _plain_switches(parser: argparse.ArgumentParser, words: Sequence[str]) -> list[str]:
    """Turn ``--switch=true`` and ``--switch=false``, as scripts for Benthos have them, into what argparse knows."""
    plain: list[str] = []
    for word in words:
        name, equals, value = word.partition("=")
        action = parser._option_string_actions.get(name)
        if equals and action is not None and action.nargs == 0 and value.lower() in _SWITCH:
            opposite = f"--no-{name.lstrip('-')}"
            if _SWITCH[value.lower()]:
                plain.append(name)
            elif opposite in parser._option_string_actions:
                plain.append(opposite)
        else:
            plain.append(word)
    return plain


def _parse(parser: argparse.ArgumentParser, words: Sequence[str]) -> argparse.Namespace:
    """Parse with file names and flags in any order, where the verb's own arguments allow that."""
    rest = _plain_switches(parser, words)
    positional = [action for action in parser._actions if not action.option_strings]
    if any(action.nargs in (argparse.PARSER, argparse.REMAINDER) for action in positional):
        return parser.parse_args(rest)
    return parser.parse_intermixed_args(rest)


def fail(text: str) -> int:
    """Say what is wrong; returns the exit status for it."""
    print(f"headwater: {text}", file=sys.stderr)
    return 1
