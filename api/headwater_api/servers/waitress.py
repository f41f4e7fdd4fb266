"""The default server: waitress, a thread a request that is being answered.

Callers of components hold a thread while their messages are delivered. So some threads are kept for the API, whatever
happens: when all others wait, the next caller of a component gets 503 with a text that says what to do about it.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Mapping
from typing import Any, Final

from waitress import wasyncore  # type: ignore[import-untyped]
from waitress.adjustments import Adjustments  # type: ignore[import-untyped]
from waitress.task import ThreadedTaskDispatcher  # type: ignore[import-untyped]

from headwater.errors import ConfigError
from headwater.system import StreamSystem
from headwater.telemetry.exporter import Exporter
from headwater_api.app import create_app
from headwater_api.components import MESSAGE_LIMIT
from headwater_api.servers.address import bind, shown
from headwater_api.servers.waitress_channel import Server
from headwater_api.settings import HttpSettings

WAITING: Final = 64
"""Callers of components that may hold a thread."""

RESERVED: Final = 64
"""Threads for everything else; a deletion holds one while its stream stops."""


_quiet = logging.Logger("headwater.http", logging.CRITICAL)


class _Threads(ThreadedTaskDispatcher):  # type: ignore[misc]
    """waitress's threads, without a word for every request that has to wait a moment or whose caller hangs up."""

    queue_logger = _quiet
    logger = _quiet


class Waitress:
    """Serves a system over HTTP.

    Args:
        system: What is served.
        section: The `http` section of a configuration.
        waiting: Callers of components that may hold a thread.
        others: See `headwater_api.create_app`.

    Raises:
        ConfigError: The section makes no sense, or asks for TLS.
    """

    def __init__(
        self,
        system: StreamSystem,
        section: Mapping[str, Any],
        *,
        exporter: Exporter | None = None,
        streams_api: bool = True,
        only_stream: str | None = None,
        config: Mapping[str, Any] | None = None,
        waiting: int = WAITING,
    ) -> None:
        self.settings = HttpSettings.of(section)
        if self.settings.tls is not None:
            raise ConfigError("waitress does not serve TLS: use --server uvicorn, or take cert_file and key_file away")
        self.app = create_app(
            system,
            settings=self.settings,
            exporter=exporter,
            streams_api=streams_api,
            only_stream=only_stream,
            config=config,
            max_waiting=waiting,
        )
        self._threads = waiting + RESERVED
        self._map: dict[int, Any] = {}
        self._server: Any = None
        self._dispatcher: _Threads | None = None
        self._thread: threading.Thread | None = None
        self._deadline: float | None = None

    def start(self) -> str:
        """Listen. Returns: the address as host:port.

        Raises:
            ConfigError: The address cannot be had.
        """
        listening: socket.socket = bind(self.settings.address)
        address = shown(listening)
        self._dispatcher = _Threads()
        self._dispatcher.set_thread_count(self._threads)
        adjustments = Adjustments(
            sockets=[listening],
            ident="Headwater",
            backlog=1024,
            connection_limit=10_000,
            channel_request_lookahead=1,
            max_request_body_size=MESSAGE_LIMIT,
            inbuf_overflow=16 * 1024 * 1024,
            clear_untrusted_proxy_headers=False,
            log_socket_errors=False,
        )
        self._server = Server(
            self.app,
            self._map,
            _sock=listening,
            dispatcher=self._dispatcher,
            adj=adjustments,
            sockinfo=(listening.family, listening.type, listening.proto, listening.getsockname()),
            bind_socket=False,
        )
        self._thread = threading.Thread(target=self._run, name="headwater-http", daemon=True)
        self._thread.start()
        return address

    def stop(self, timeout: float = 5.0) -> None:
        """Listen no more, finish what is being answered for that many seconds, and cut off the rest."""
        if self._thread is None or self._dispatcher is None:
            return
        self._deadline = time.monotonic() + timeout
        with contextlib.suppress(OSError):  # the loop has seen it by itself
            self._server.pull_trigger()
        self._thread.join(timeout + 1)
        self._dispatcher.shutdown(timeout=0.2)
        self._thread = None

    def _run(self) -> None:
        while self._deadline is None:
            wasyncore.loop(timeout=1.0, use_poll=True, map=self._map, count=1)
        self._server.accepting = False
        self._server.del_channel()
        self._server.socket.close()
        while time.monotonic() < self._deadline and any(
            channel.requests or channel.total_outbufs_len for channel in self._server.active_channels.values()
        ):
            wasyncore.loop(timeout=0.02, use_poll=True, map=self._map, count=1)
        wasyncore.close_all(self._map, ignore_all=True)
