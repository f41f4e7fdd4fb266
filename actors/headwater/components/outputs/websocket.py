"""Output `websocket`: messages over a websocket to a server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headwater.components.catalogue import component
from headwater.components.contracts import Output
from headwater.components.single_writes import write_each
from headwater.components.websocket_client import WebsocketClient
from headwater.config.fields import interpolated_map, spec, tls, url
from headwater.config.http_fields import basic_auth, jwt, oauth

if TYPE_CHECKING:
    from headwater.components.resources import Resources
    from headwater.config.view import Config
    from headwater.message import Batch

SPEC = spec(
    "output",
    "websocket",
    url("url", "The server."),
    url("proxy_url", "A proxy to go through.", optional=True, advanced=True),
    tls("tls"),
    oauth(),
    basic_auth(),
    jwt(),
    interpolated_map(
        "headers",
        "Headers of the request that opens the websocket.",
        default={},
        optional=True,
        advanced=True,
        dialect="bento",
    ),
    categories=("Network",),
    summary="Send messages over a websocket, a frame each.",
    examples=(("A feed", "output:\n  websocket:\n    url: ws://localhost:4195/post/ws\n"),),
)


@component(SPEC)
class WebsocketOutput(Output):
    """One connection, made anew when it breaks."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._client = WebsocketClient(config, resources, discard=True)

    async def connect(self) -> None:
        await self._client.connect()

    async def write(self, batch: Batch) -> None:
        await write_each(batch, self._write_one)

    async def _write_one(self, batch: Batch, index: int) -> None:
        await self._client.send(batch[index].content())

    async def close(self) -> None:
        await self._client.close()
