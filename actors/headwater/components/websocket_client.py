"""A websocket to a server, for inputs and outputs: frames out, frames in, authentication as HTTP clients have it."""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING, Any

from headwater.bloblang.errors import BloblangError
from headwater.components.http_auth import Authentication
from headwater.components.http_client import USER_AGENT
from headwater.components.http_words import network_words
from headwater.components.tls import ClientTls
from headwater.errors import ComponentError, EndOfInput, NotConnected
from headwater.message import Message

if TYPE_CHECKING:
    import aiohttp

    from headwater.components.resources import Resources
    from headwater.config.view import Config


class WebsocketClient:
    """One connection at a time.

    Args:
        config: A body with `url`, `proxy_url`, `tls`, `headers` and the fields of authentication.
        resources: Those of the component.
        discard: Whether to read and drop what the server sends, for those who never `receive`: only who reads answers
            pings, and notices a server that goes away.
    """

    def __init__(self, config: Config, resources: Resources, *, discard: bool = False) -> None:
        self._resources = resources
        self._discard = discard
        self._reading: asyncio.Task[None] | None = None
        self._url = config.text("url")
        self._proxy = config.optional_text("proxy_url") or None
        self._tls = ClientTls(config.object("tls"))
        self._authentication = Authentication(config)
        self._headers = config.interpolations("headers") if "headers" in config.field.index else {}
        self._session: aiohttp.ClientSession | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None

    async def connect(self) -> None:
        """Open the websocket, unless it is open. Raises: ComponentError."""
        if self._socket is None:
            self._socket = await self._resources.on_loop(self._open)

    async def _open(self) -> aiohttp.ClientWebSocketResponse:
        import aiohttp

        if self._session is None:
            self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), read_bufsize=2**18)
        try:
            headers = {"User-Agent": USER_AGENT, **self._evaluated_headers()}
            authorization = await self._authentication.header(self._session, "GET", self._url)
            if authorization:
                headers["Authorization"] = authorization
            opened = await self._session.ws_connect(
                self._url,
                headers=headers,
                proxy=self._proxy,
                ssl=self._tls.context() if self._tls.enabled else True,
                max_msg_size=0,
                autoping=True,
            )
            if self._discard:
                self._reading = asyncio.create_task(_read_on(opened))
            return opened
        except aiohttp.WSServerHandshakeError as error:
            raise ComponentError(f"websocket: bad handshake ({error.status} {error.message})") from None
        except (aiohttp.ClientError, OSError, ValueError, ssl.SSLError) as error:
            raise ComponentError(network_words(error)) from None

    def _evaluated_headers(self) -> dict[str, str]:
        empty = [Message(b"")]
        try:
            return {name: value.text(empty, 0) for name, value in self._headers.items()}
        except BloblangError as error:
            raise ComponentError(f"failed to interpolate headers: {error}", "configuration") from None

    async def send(self, data: bytes, *, text: bool = False) -> None:
        """Send a frame. Raises: NotConnected."""
        socket = self._socket
        if socket is None or socket.closed:
            await self._drop()
            raise NotConnected

        async def send() -> None:
            if text:
                await socket.send_str(data.decode("utf-8", "surrogateescape"))
            else:
                await socket.send_bytes(data)

        try:
            await self._resources.on_loop(send)
        except (OSError, RuntimeError, ValueError) as error:
            await self._drop()
            raise NotConnected(str(error) or "the websocket is closed") from None

    async def receive(self) -> bytes:
        """Wait for a frame.

        Raises:
            EndOfInput: The server closed the websocket as it should.
            NotConnected: The connection broke.
        """
        import aiohttp

        socket = self._socket
        if socket is None:
            raise NotConnected

        async def receive() -> aiohttp.WSMessage:
            return await socket.receive()

        frame: Any = await self._resources.on_loop(receive)
        if frame.type is aiohttp.WSMsgType.BINARY:
            return bytes(frame.data)
        if frame.type is aiohttp.WSMsgType.TEXT:
            return str(frame.data).encode("utf-8", "surrogateescape")
        code = socket.close_code
        await self._drop()
        if code == 1000:
            raise EndOfInput
        raise NotConnected(f"websocket: close {code or 1006}")

    async def _drop(self) -> None:
        """Let go of the websocket."""
        socket, self._socket = self._socket, None
        if socket is not None:
            await self._resources.on_loop(socket.close)

    async def close(self) -> None:
        """Close the websocket, and whatever belongs to it."""
        await self._drop()
        session, self._session = self._session, None
        if session is not None:
            await self._resources.on_loop(session.close)


async def _read_on(socket: aiohttp.ClientWebSocketResponse) -> None:
    """Drop what a server sends, until it closes the websocket."""
    while not socket.closed:
        await socket.receive()
