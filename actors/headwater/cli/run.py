"""`headwater run CONFIG`: run one configuration until its input ends, or a signal ends it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Final

from headwater.cli.arguments import Verbs, add_workers_flag, fail

if TYPE_CHECKING:
    from headwater.cli.signals import Signals

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
    add_workers_flag(parser)


def run(args: argparse.Namespace) -> int:
    """Run the stream; returns the exit status."""
    if args.path and args.config:
        return fail("a configuration file is named twice")
    args.config = args.path or args.config
    from headwater.cli.signals import serve_until_signal

    return serve_until_signal(args, _run)


def _run(args: argparse.Namespace, signals: Signals) -> None:
    from headwater.cli.launch import Refusal, Service, prepare
    from headwater.cli.main_stream import MainStream

    launch = prepare(args, streams=False)
    service = Service(launch, signals, only_stream=MainStream.id)
    stream = MainStream(launch, service.system, signals)
    try:
        stream.create()
        service.serve()
        launch.log.info("Launching a Headwater instance, use CTRL+C to close")
        if args.watcher:
            stream.watch()
        while not service.wait_for_end():
            if stream.failure:
                raise Refusal(f"service closing due to: {stream.failure}")
            if not stream.active:
                launch.log.info("Pipeline has terminated. Shutting down the service")
                break
    finally:
        stream.close()
        service.close()
