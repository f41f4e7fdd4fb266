"""Input `websocket`: the frames that a server sends."""

from __future__ import annotations

from headwater import tasks
from headwater.acknowledge import Delivery
from headwater.components.catalogue import component
from headwater.components.contracts import Input
from headwater.components.resources import Resources
from headwater.components.websocket_client import WebsocketClient
from headwater.config.fields import (
    auto_replay_nacks,
    choice,
    integer,
    interpolated_map,
    obj,
    spec,
    text,
    texts,
    tls,
    url,
)
from headwater.config.http_fields import basic_auth, jwt, oauth
from headwater.config.view import Config
from headwater.errors import ComponentError, ConfigError, EndOfInput
from headwater.message import Message

SPEC = spec(
    "input",
    "websocket",
    url("url", "The server.", examples=("ws://localhost:4195/get/ws",)),
    url("proxy_url", "A proxy to go through.", optional=True, advanced=True),
    text("open_message", "Sent once connected.", optional=True, advanced=True, deprecated_in="bento"),
    choice(
        "open_message_type", ("binary", "text"), "The kind of frame it is sent as.", default="binary", advanced=True
    ),
    auto_replay_nacks(),
    tls("tls"),
    obj(
        "connection",
        integer(
            "max_retries",
            "How many attempts to connect may fail one after the other before the input ends.",
            optional=True,
            advanced=True,
        ),
        description="How it is connected.",
        optional=True,
        advanced=True,
    ),
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
    texts("open_messages", "Sent one after the other once connected.", optional=True, advanced=True, dialect="bento"),
    categories=("Network",),
    summary="Connect to a websocket and read its frames, each a message.",
    examples=(("A feed", "input:\n  websocket:\n    url: ws://localhost:4195/get/ws\n"),),
)


@component(SPEC)
class WebsocketInput(Input):
    """One connection, made again when it ends."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._client = WebsocketClient(config, resources)
        single = config.optional_text("open_message")
        several = config.texts("open_messages")
        if single is not None and several:
            raise ConfigError("both open_message and open_messages cannot be set")
        self._greetings = [text.encode() for text in ([single] if single is not None else several)]
        self._as_text = config.text("open_message_type") == "text"
        self._retries = config.optional_integer("connection.max_retries")
        self._failures = 0
        self._connected = False
        self._receiving: tasks.Task[bytes] | None = None

    async def connect(self) -> None:
        if self._connected:
            return
        try:
            await self._client.connect()
            for greeting in self._greetings:
                await self._client.send(greeting, text=self._as_text)
        except ComponentError:
            self._failures += 1
            if self._retries is not None and self._failures > self._retries:
                raise EndOfInput from None
            raise
        self._failures = 0
        self._connected = True

    async def read(self, limit: int) -> Delivery:
        # Kept, so that a frame is not lost when this read is given up.
        receiving = self._receiving = self._receiving or tasks.spawn(
            self._client.receive(), "websocket frame", watched=True
        )
        try:
            frame = await receiving
        except ComponentError:
            self._connected = False
            raise
        finally:
            if receiving.done():
                self._receiving = None
        return Delivery([[Message(frame)]])

    async def close(self) -> None:
        if self._receiving is not None:
            self._receiving.cancel()
        await self._client.close()
