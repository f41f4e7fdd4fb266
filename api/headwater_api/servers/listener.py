"""Servers for components with an address of their own."""

from __future__ import annotations

import logging

from headwater.endpoints import Endpoints
from headwater.errors import ComponentError, ConfigError
from headwater.telemetry.logs import Log
from headwater_api.components import Components
from headwater_api.front import Front
from headwater_api.servers.asgi import Asgi
from headwater_api.servers.loop_server import LoopServer
from headwater_api.settings import HttpSettings


class ListenServer:
    """Serves nothing but a table of endpoints."""

    def __init__(
        self, address: str, endpoints: Endpoints, tls: tuple[str, str] | None = None, reuse_port: bool = False
    ) -> None:
        front = Front(HttpSettings(root_path=""), lambda: False)
        log = Log(logging.getLogger("headwater"), {"path": "http"})
        components = Components(endpoints, front, lambda path: False, 0, log)
        self._server = LoopServer(
            Asgi(components, front, None, log),
            address,
            tls,
            name=f"headwater-http-{address}",
            reuse_port=reuse_port,
        )
        self.address = self._server.start()

    def close(self) -> None:
        """Let go of the address. Callers who still wait get a moment for their answers."""
        self._server.stop(0.5)


def listen(
    address: str, endpoints: Endpoints, tls: tuple[str, str] | None = None, reuse_port: bool = False
) -> ListenServer:
    """Serve a table of endpoints at an address, which others may have too where they say so; a `listener` for
    `StreamSystem`.

    Raises:
        ComponentError: The address cannot be had.
    """
    try:
        return ListenServer(address, endpoints, tls, reuse_port)
    except ConfigError as error:
        raise ComponentError(str(error)) from None
