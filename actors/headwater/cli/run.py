"""`headwater run CONFIG`: run one configuration until its input ends, or a signal ends it."""

from __future__ import annotations

import argparse
from typing import Final

from headwater.cli.arguments import Verbs, fail

EPILOG: Final = """\
The file may hold input, buffer, pipeline, output, resources, http, logger, metrics, tracer and shutdown times.
Without a file, lines go from standard input to standard output.

  headwater run config.yaml
  headwater run -r 'resources/*.yaml' --set input.generate.count=5 --log.level DEBUG config.yaml

exit status: 0 when the stream has ended or was stopped by a signal, 1 when it could not start.
"""


def add_parser(subparsers: Verbs) -> None:
    """Describe the verb's flags."""
    parser = subparsers.add_parser("run", help="run one configuration until its input ends", epilog=EPILOG)
    parser.add_argument("path", metavar="CONFIG", nargs="?", default="", help="the configuration file, as with -c")
    parser.add_argument("--server", metavar="NAME", default="", help="who serves HTTP: waitress (default) or uvicorn")


def run(args: argparse.Namespace) -> int:
    """Run the stream; returns the exit status."""
    if args.path and args.config:
        return fail("a configuration file is named twice")
    args.config = args.path or args.config
    from headwater.cli.launch import Refusal, Service, prepare, refused
    from headwater.cli.signals import Signals
    from headwater.errors import HeadwaterError
    from headwater.runtime.events import Event

    try:
        launch = prepare(args, streams=False)
        with Signals() as signals:

            def watch(event: Event) -> None:
                if event.kind in ("finished", "stopped"):
                    signals.wake()

            service = Service(launch, signals, only_stream="")
            try:
                service.system.events.subscribe(watch)
                assert launch.service.stream is not None
                try:
                    service.system.create("", launch.service.stream)
                except HeadwaterError as error:
                    raise Refusal(f"service closing due to: {error}") from None
                service.serve()
                launch.log.info("Launching a Headwater instance, use CTRL+C to close")
                service.wait_for_end()
            finally:
                service.close()
    except Refusal as error:
        return refused(error)
    return 0
