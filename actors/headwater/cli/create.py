"""`headwater create`: a new configuration to begin with."""

from __future__ import annotations

import argparse
import sys
from typing import Any, Final

EPILOG: Final = """\
Components are named as INPUTS/PROCESSORS/OUTPUTS, several of a sort with commas between:

  headwater create stdin/mapping/stdout
  headwater create --small http_server,generate/mapping,log/file
  headwater create //drop
"""


def add_parser(subparsers: Any) -> None:
    """Describe the verb's flags."""
    parser: argparse.ArgumentParser = subparsers.add_parser("create", help="print a new configuration", epilog=EPILOG)
    parser.add_argument("components", nargs="?", default="", metavar="INPUTS/PROCESSORS/OUTPUTS", help="what is in it")
    parser.add_argument("--small", action="store_true", help="only the stream, and no advanced fields")


def run(args: argparse.Namespace) -> int:
    """Print a configuration; returns 1 where a component does not exist."""
    from headwater.components.catalogue import Catalogue
    from headwater.errors import ConfigError

    inputs, processors, outputs = (*(part.split(",") for part in args.components.split("/")), [], [], [])[:3]
    try:
        lines = configuration(
            Catalogue(),
            [word.strip() for word in inputs if word.strip()] or ["stdin"],
            [word.strip() for word in processors if word.strip()],
            [word.strip() for word in outputs if word.strip()] or ["stdout"],
            small=args.small,
        )
    except ConfigError as error:
        print(f"headwater create: {error}", file=sys.stderr)
        return 1
    print("\n".join(lines))
    return 0


def configuration(
    catalogue: Any, inputs: list[str], processors: list[str], outputs: list[str], *, small: bool
) -> list[str]:
    """Lines of a configuration with these components.

    Raises:
        ConfigError: One does not exist.
    """
    from headwater.config.docs import component_example, example
    from headwater.config.sections import SERVICE_FIELDS
    from headwater.config.spec import Field

    advanced = not small
    lines: list[str] = []
    if advanced:
        sections = [field for field in SERVICE_FIELDS if field.name not in ("tests", "metrics", "tracer")]
        lines += example(Field("", "object", fields=tuple(sections)), advanced=True)
    lines += ["input:", *_group(catalogue, "input", inputs, advanced)]
    if advanced:
        lines += ["buffer:", *component_example(catalogue.spec("buffer", "none"), advanced=True, indent="  ")]
    lines += ["pipeline:", *(["  threads: -1"] if advanced else [])]
    if processors:
        lines.append("  processors:")
        for name in processors:
            lines += _item(component_example(catalogue.spec("processor", name), advanced=advanced, indent="      "))
    else:
        lines.append("  processors: []")
    return [*lines, "output:", *_group(catalogue, "output", outputs, advanced)]


def _group(catalogue: Any, kind: Any, names: list[str], advanced: bool) -> list[str]:
    """One component, or a broker of several."""
    from headwater.config.docs import component_example

    if len(names) == 1:
        return component_example(catalogue.spec(kind, names[0]), advanced=advanced, indent="  ")
    lines = ["  broker:", f"    {kind}s:"]
    for name in names:
        lines += _item(component_example(catalogue.spec(kind, name), advanced=advanced, indent="        "))
    return lines


def _item(lines: list[str]) -> list[str]:
    """Lines of an object as an item of a list."""
    first = lines[0]
    width = len(first) - len(first.lstrip())
    return [f"{' ' * (width - 2)}- {first.lstrip()}", *lines[1:]]
