"""`headwater echo`: a configuration as it is understood."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any, Final

EPILOG: Final = """\
Environment variables are replaced, overrides applied, defaults filled in; secrets are not shown.

  headwater echo config.yaml
  headwater -c config.yaml --set 'http.address=localhost:4195' echo
  headwater echo --bare config.yaml            without the defaults
"""


def add_parser(subparsers: Any) -> None:
    """Describe the verb's flags."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "echo", help="print a configuration as it is understood, defaults filled in", epilog=EPILOG
    )
    parser.add_argument("file", nargs="?", default="", metavar="FILE", help="the configuration")
    parser.add_argument("--bare", action="store_true", help="do not fill in defaults")
    parser.add_argument("--format", choices=("yaml", "json"), default="yaml", help="how it is printed")


def run(args: argparse.Namespace) -> int:
    """Print a configuration; returns 1 where it cannot be read."""
    import yaml

    from headwater.components.catalogue import Catalogue
    from headwater.config.env import load_env_files
    from headwater.config.normal import normal
    from headwater.config.sections import WHOLE
    from headwater.config.service import find_parse_error, read_file, read_source
    from headwater.errors import ConfigError

    catalogue = Catalogue()
    path = args.file or args.config
    try:
        environment = load_env_files(args.env_file) if args.env_file else None
        if args.templates:
            from headwater.config.template import add_templates

            add_templates(catalogue, args.templates, chilled=args.chilled)
        data = read_file(path) if path else b"{}"
        source = read_source(data, path, WHOLE, catalogue, environment=environment, overrides=args.set)
        find_parse_error(source.node, catalogue, WHOLE)
        shown = normal(source.node, WHOLE, catalogue, defaults=not args.bare)
    except ConfigError as error:
        print(f"headwater echo: {path}: {error}" if path else f"headwater echo: {error}", file=sys.stderr)
        return 1
    if args.format == "json":
        print(json.dumps(shown, indent=2, ensure_ascii=False))
    else:
        print(yaml.dump(shown, Dumper=_dumper(), sort_keys=False, allow_unicode=True), end="")
    return 0


def _dumper() -> Any:
    """A YAML writer that shows texts of several lines as blocks."""
    import yaml

    class Dumper(yaml.SafeDumper):
        pass

    def text(dumper: Any, value: str) -> Any:
        style = "|" if "\n" in value.strip("\n") or value.endswith("\n") else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)

    Dumper.add_representer(str, text)
    return Dumper
