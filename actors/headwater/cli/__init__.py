"""The program: `headwater VERB`. Each verb is a module of its own, imported when it is asked for."""

from __future__ import annotations

import sys
from collections.abc import Sequence

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program.

    Args:
        argv: The words behind the program's name; those of this process by default.

    Returns:
        The exit status: 0 if all went well, 1 if the command line, a configuration or the start is at fault.
    """
    words = sys.argv[1:] if argv is None else [*argv]  # `list` is the name of a verb here
    if words in (["--version"], ["version"]):
        from headwater.version import VERSION

        print(f"headwater {VERSION}")
        return 0
    from headwater.cli import arguments

    try:
        module, args = arguments.parse(words)
    except arguments.Usage as error:
        return arguments.fail(str(error))
    except SystemExit as error:
        return int(error.code or 0)
    if args.version:
        return main(["--version"])
    if module is None:
        print(arguments.overview(), end="")
        return 0
    if "" not in sys.path:
        sys.path.append("")  # functions that a configuration names may stand in the working folder
    try:
        status = module.run(args)
        sys.stdout.flush()
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    except KeyboardInterrupt:
        return 130
    return int(status)
