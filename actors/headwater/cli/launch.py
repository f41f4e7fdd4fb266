"""What `run` and `streams` have in common: reading the configuration, the log, the system, its server, and the end."""

from __future__ import annotations

import argparse
import contextlib
import faulthandler
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, NoReturn, cast

from headwater import durations
from headwater.cli.logging import LogSettings, level_number, start
from headwater.cli.signals import WORDS, Signals
from headwater.components.catalogue import Catalogue
from headwater.components.resources import Resources
from headwater.config.env import load_env_files
from headwater.config.service import ServiceConfig, read_service
from headwater.errors import ConfigError
from headwater.runtime.error_handling import ErrorHandling
from headwater.system import StreamSystem
from headwater.telemetry.exporter import Exporter, open_exporter
from headwater.telemetry.logs import Log
from headwater.telemetry.metrics import MetricRegistry, Metrics
from headwater.telemetry.tracing import open_tracer
from headwater.tuning import tune

SEARCHED: Final = tuple(
    place.format(name)
    for name in ("headwater", "benthos")
    for place in ("/{0}.yaml", "/etc/{0}/config.yaml", "/etc/{0}.yaml")
)
"""Where a configuration is looked for when none is named."""


class Refusal(Exception):
    """The program cannot start; the text is for standard error and may be empty where the log has said it."""


@dataclass
class Launch:
    """What is known before anything runs.

    Attributes:
        path: The configuration file, or an empty text.
        streams: Whether this is streams mode.
    """

    args: argparse.Namespace
    path: str
    streams: bool
    catalogue: Catalogue
    service: ServiceConfig
    log: Log

    def check(self, lints: list[str], what: str) -> None:
        """Log lints, and refuse to go on because of them unless chilled.

        Raises:
            Refusal: There are some.
        """
        for lint in lints:
            self.log.error("Config lint error", lint=lint)
        if not lints or self.args.chilled:
            return
        text = f"shutting down due to {what}, to prevent shutdown run Headwater with --chilled"
        self.log.error(text)
        raise Refusal("" if self.log.enabled(logging.ERROR) else "\n".join([*lints, text]))

    def rejects(self, lints: list[str], what: str, path: str) -> bool:
        """Log the lints of a file that has changed.

        Returns:
            Whether the change is not to be applied because of them.
        """
        if not lints or self.args.chilled:
            return False
        for lint in lints:
            self.log.info(f"{path}{lint}")
        self.log.error(
            f"Rejecting updated {what} due to linter errors, to allow linting errors run Headwater with --chilled."
        )
        return True


def prepare(args: argparse.Namespace, *, streams: bool) -> Launch:
    """Read the environment, the templates and the configuration, and start the log.

    Raises:
        Refusal: One of them is wrong.
    """
    try:
        os.environ.update(load_env_files(args.env_file, {}))
        catalogue = Catalogue()
        if args.templates:
            from headwater.config.template import add_templates

            add_templates(catalogue, args.templates, chilled=args.chilled)
        path = args.observability or args.config or next(filter(os.path.isfile, SEARCHED), "")
        service = read_service(path, catalogue, streams=streams, resource_patterns=args.resources, overrides=args.set)
    except ConfigError as error:
        raise Refusal(f"configuration file read error: {error}") from None
    launch = Launch(args, path, streams, catalogue, service, _start_log(args, service))
    if path:
        launch.log.info("Running main config from specified file", path=path)
    launch.check(service.lints, "linter errors")
    return launch


def _start_log(args: argparse.Namespace, service: ServiceConfig) -> Log:
    try:
        settings = LogSettings.of(service.logger.value() or {})
        if args.log_level:
            level_number(args.log_level)
            settings = LogSettings.of({**vars(settings), "level": args.log_level})
        to_stderr = service.stream is not None and service.stream.output.name == "stdout"
        return start(settings, to_stderr=to_stderr)
    except (ValueError, TypeError, OSError) as error:
        raise Refusal(f"failed to create logger: {error}") from None


class Service:
    """A system with its metrics and its server. Enter it to have them; leaving lets go of all.

    Args:
        launch: What was read.
        signals: Woken when the service has to end.
        only_stream: The stream's id in run mode, None in streams mode.
    """

    def __init__(self, launch: Launch, signals: Signals, *, only_stream: str | None = None) -> None:
        self.launch = launch
        self.log = launch.log
        self.signals = signals
        self._only_stream = only_stream
        self._server: Any = None
        tune()
        try:
            self.exporter = _exporter(launch)
            self.tracer = open_tracer(launch.service.tracer, _bare_resources(launch, "tracer"))
            self.system = StreamSystem(
                catalogue=launch.catalogue.without_bloblang(getattr(launch.args, "deny_bloblang", ())),
                logger=logging.getLogger("headwater"),
                metrics=self.exporter.registry,
                prefix_endpoints=getattr(launch.args, "prefix_stream_endpoints", True),
                listener=_listener(self.log),
                crash=self._crash,
                error_handling=ErrorHandling.of(launch.service.error_handling),
                tracer=self.tracer,
                functions=getattr(launch.args, "allow_python", ()),
                workers=getattr(launch.args, "workers", 0),
            )
            self.system.define_resources(launch.service.resources)
            self.exporter.start()
        except ConfigError as error:
            raise Refusal(_closing(error)) from None

    def serve(self, *, streams_api: bool = True) -> None:
        """Listen for HTTP requests, where the configuration does not say otherwise.

        Raises:
            Refusal: The section is wrong, or the address cannot be had.
        """
        http = self.launch.service.http
        if not http.boolean("enabled"):
            return
        section = dict(http.value() or {})
        if not http.given("address") and not http.object("basic_auth").boolean("enabled"):
            section["address"] = "127.0.0.1:4195"
        kind = getattr(self.launch.args, "server", "") or http.optional_text("server") or ""
        if http.text("cert_file") and kind != "uvicorn":
            self.log.info("Serving with uvicorn, since the configuration asks for TLS")
            kind = "uvicorn"
        try:
            server = _server_class(kind or "waitress")(
                self.system,
                section,
                exporter=self.exporter,
                streams_api=streams_api,
                only_stream=self._only_stream,
                config=self._shown_config(),
            )
            address = server.start()
        except (ConfigError, OSError) as error:
            raise Refusal(_closing(error)) from None
        self._server = server
        scheme = "https" if http.text("cert_file") else "http"
        self.log.info(f"Listening for HTTP requests at: {scheme}://{address}")

    def _shown_config(self) -> Any:
        from headwater.config.normal import normal
        from headwater.config.sections import SERVICE_FIELDS
        from headwater.config.spec import Field

        return normal(
            self.launch.service.node,
            Field("", "object", fields=SERVICE_FIELDS),
            self.launch.catalogue,
        )

    def _crash(self, _: str) -> NoReturn:
        _exit(1)

    def close(self) -> None:
        """Stop what runs within `shutdown_timeout`, then let go of the server and of the metrics."""
        timeout = self.launch.service.shutdown_timeout
        with _watchdog(timeout + 1):
            hanging = self.system.close(timeout)
            if any(hanging.values()):
                self.log.info(
                    "Some components prevented forced termination as they were either blocked from delivering data or "
                    "from acknowledging delivered data within the shutdown timeout. This could potentially cause "
                    "duplicate messages to be delivered on the next run.",
                    components=", ".join(
                        f"{stream} {stage}".strip() for stream, stages in hanging.items() for stage in stages
                    ),
                )
            if self._server is not None:
                self._server.stop(1.0)
            self.exporter.close()
        if self.tracer is not None:
            self.tracer.close()

    def wait_for_end(self) -> bool:
        """Wait for a signal, and for the shutdown delay after it.

        Returns:
            Whether it was a signal; otherwise somebody woke `signals`.
        """
        number = self.signals.wait()
        if number is None:
            return False
        self.log.info(f"Received {number.name}, the service is closing")
        delay = self.launch.service.shutdown_delay
        if delay > 0:
            self.log.info(f"Shutdown delay is in effect for {durations.format_seconds(delay)}")
            second = self.signals.wait(delay)
            if second is not None:
                self.log.error(
                    f"Shutdown delay failed: shutdown delay interrupted by signal: {WORDS[signal.Signals(second)]}"
                )
        return True


def _exporter(launch: Launch) -> Exporter:
    return open_exporter(launch.service.metrics, _bare_resources(launch, "metrics"))


def _bare_resources(launch: Launch, section: str) -> Resources:
    """What a component gets that belongs to the service and to no stream."""
    return Resources(
        cast("Any", None),
        stream="",
        name=section,
        label="",
        path=f"root.{section}",
        log=launch.log.having(label="", path=f"root.{section}"),
        metrics=Metrics((MetricRegistry(),), {}),
    )


def _closing(error: Exception) -> str:
    return f"service closing due to: {error}"


def _server_class(name: str) -> Callable[..., Any]:
    """The server of that name, as installed.

    Raises:
        ConfigError: There is none.
    """
    from importlib.metadata import entry_points

    found = {point.name: point for point in entry_points(group="headwater.servers")}
    if name not in found:
        raise ConfigError(f"no HTTP server '{name}' is installed, there are: {', '.join(sorted(found))}")
    loaded: Callable[..., Any] = found[name].load()
    return loaded


def _listener(log: Log) -> Any:
    """What serves components with an address of their own; loaded when the first one asks."""

    def listen(*args: Any) -> Any:
        from importlib.metadata import entry_points

        points = list(entry_points(group="headwater.listeners"))
        if not points:
            raise ConfigError("no HTTP server is installed that could listen on an address of its own")
        return points[0].load()(*args)

    return listen


@contextlib.contextmanager
def _watchdog(seconds: float) -> Iterator[None]:
    """End the process, with a dump of its stacks, if the block takes longer."""

    def bite() -> None:
        faulthandler.dump_traceback(all_threads=True)
        _exit(1)

    timer = threading.Timer(seconds, bite)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _exit(status: int) -> NoReturn:
    """End at once, whatever threads are at."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)


def refused(error: Refusal) -> int:
    """Say why the program does not start; returns the exit status."""
    if str(error):
        print(error, file=sys.stderr)
    return 1
