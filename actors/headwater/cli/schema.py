"""`headwater schema`: the JSON schema of configurations."""

from __future__ import annotations

import argparse
import json
from typing import Any, Final

EPILOG: Final = """\
Editors complete and check configurations with it, for example with a first line in the file

  # yaml-language-server: $schema=headwater.schema.json
"""


def add_parser(subparsers: Any) -> None:
    """Describe the verb's flags."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "schema", help="print the JSON schema of configurations", epilog=EPILOG
    )
    parser.add_argument("--stream", action="store_true", help="of a stream alone, as the API takes it")


def run(args: argparse.Namespace) -> int:
    """Print the schema."""
    from headwater.components.catalogue import Catalogue
    from headwater.config.schema import json_schema
    from headwater.config.sections import STREAM, WHOLE

    print(json.dumps(json_schema(Catalogue(), STREAM if args.stream else WHOLE), indent=2, ensure_ascii=False))
    return 0
