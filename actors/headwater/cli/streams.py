"""`headwater streams`: many streams in one process, from files and over the REST API."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Final

from headwater.cli.arguments import Verbs, add_workers_flag

if TYPE_CHECKING:
    from headwater.cli.signals import Signals

EPILOG: Final = """\
Each file is a stream; its id is the file's name without extension, in a directory the path under it with _ for /.
More streams come and go over the API:

  headwater streams -o service.yaml ./streams
  curl -X POST localhost:4195/streams/shout --data-binary @shout.yaml
  curl localhost:4195/streams
  curl localhost:4195/streams/shout/stats
  curl -X DELETE localhost:4195/streams/shout

  headwater streams --deny-bloblang file --deny-bloblang environment --deny-bloblang imports

exit status: 0 when a signal has ended it, 1 when it could not start.
"""


def add_parser(subparsers: Verbs) -> None:
    """Describe the verb's flags."""
    parser = subparsers.add_parser(
        "streams", help="run many streams in one process, with a REST API to manage them", epilog=EPILOG
    )
    parser.add_argument("paths", metavar="PATH", nargs="*", help="stream files, directories or patterns")
    parser.add_argument(
        "--no-api", action="store_true", help="do not offer the API for streams; files run all the same"
    )
    parser.add_argument(
        "--prefix-stream-endpoints",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="put a stream's id before the HTTP paths of its components",
    )
    parser.add_argument("--server", metavar="NAME", default="", help="who serves HTTP: waitress (default) or uvicorn")
    parser.add_argument(
        "--allow-python",
        metavar="MODULE:FUNCTION",
        action="append",
        default=[],
        help="let streams that come over the API name this Python function, or those of a pattern; repeatable",
    )
    parser.add_argument(
        "--deny-bloblang",
        metavar="WHAT",
        action="append",
        default=[],
        help="keep from mappings of streams that come over the API: a function or method by name, all that reach for "
        "a `file`, the `environment`, the `host` or `resources`, or `imports`; repeatable",
    )
    add_workers_flag(parser)
    parser.add_argument("--streams", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--streams-dir", metavar="DIR", default="", help=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    """Run streams until a signal ends the process; returns the exit status."""
    from headwater.cli.signals import serve_until_signal

    return serve_until_signal(args, _run)


def _run(args: argparse.Namespace, signals: Signals) -> None:
    from headwater.cli.launch import Service, prepare
    from headwater.cli.stream_set import StreamSet

    launch = prepare(args, streams=True)
    streams = StreamSet(launch, [*args.paths, *([args.streams_dir] if args.streams_dir else [])])
    service = Service(launch, signals)
    try:
        streams.create(service.system)
        service.serve(streams_api=not args.no_api)
        launch.log.info("Launching Headwater in streams mode, use CTRL+C to close")
        if args.watcher:
            streams.watch(service.system)
        service.wait_for_end()
    finally:
        streams.close()
        service.close()
