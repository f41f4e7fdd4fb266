"""`headwater template lint`: check template files, and run the tests in them."""

from __future__ import annotations

import argparse
import sys
from typing import Any, Final

EPILOG: Final = """\
A template's own tests are run too: each gives field values and the configuration that the mapping must make of them.

  headwater template lint 'templates/*.yaml'
"""


def add_parser(subparsers: Any) -> None:
    """Describe the verb's flags."""
    parser: argparse.ArgumentParser = subparsers.add_parser("template", help="check template files", epilog=EPILOG)
    parser.add_argument("action", choices=("lint",), help="what to do with them")
    parser.add_argument("files", nargs="*", metavar="FILE", help="files, patterns, or DIR/... for a whole tree")


def run(args: argparse.Namespace) -> int:
    """Check templates; returns 1 if something is wrong."""
    from headwater.cli.lint import targets
    from headwater.components.catalogue import Catalogue
    from headwater.config.env import load_env_files
    from headwater.config.template import check_template
    from headwater.errors import ConfigError

    status = 0
    try:
        environment = load_env_files(args.env_file) if args.env_file else None
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 1
    for path in targets([*args.templates, *args.files]):
        for problem in check_template(Catalogue(), path, environment=environment):
            print(f"{path}{problem}", file=sys.stderr)
            status = 1
    return status
