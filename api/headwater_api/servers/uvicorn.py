"""The server for heavy ingest, websockets and TLS: uvicorn's protocols on an event loop of our own.

Callers of components wait as coroutines; everything else goes to the same WSGI application that waitress serves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headwater.system import StreamSystem
from headwater.telemetry.exporter import Exporter
from headwater_api.app import create_app
from headwater_api.servers.asgi import Asgi
from headwater_api.servers.bridge import Bridge
from headwater_api.servers.loop_server import LoopServer
from headwater_api.settings import HttpSettings


class Uvicorn:
    """Serves a system over HTTP.

    Args:
        system: What is served.
        section: The `http` section of a configuration.
        others: See `headwater_api.create_app`.

    Raises:
        ConfigError: The section makes no sense.
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
    ) -> None:
        self.settings = HttpSettings.of(section)
        self.app = create_app(
            system,
            settings=self.settings,
            exporter=exporter,
            streams_api=streams_api,
            only_stream=only_stream,
            config=config,
        )
        self._bridge = Bridge(self.app)
        asgi = Asgi(self.app.components, self.app.front, self._bridge, system.log.having(path="http"))
        self._server = LoopServer(asgi, self.settings.address, self.settings.tls)

    def start(self) -> str:
        """Listen. Returns: the address as host:port.

        Raises:
            ConfigError: The address cannot be had, or the certificate cannot be used.
        """
        return self._server.start()

    def stop(self, timeout: float = 5.0) -> None:
        """Listen no more, finish what is being answered for that many seconds, and cut off the rest."""
        self._server.stop(timeout)
        self._bridge.close()
