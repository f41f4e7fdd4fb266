"""Input `socket`: what a server at an address sends."""

from __future__ import annotations

import asyncio
import ssl
from typing import Final

from headwater import tasks
from headwater.acknowledge import Delivery
from headwater.bloblang.errors import BloblangError
from headwater.components.catalogue import component
from headwater.components.contracts import Input
from headwater.components.inputs._scanner_fields import scanner_fields
from headwater.components.oserrors import dial_error
from headwater.components.resources import Resources
from headwater.components.scanning import Cutter, scanner_of
from headwater.components.tls import ClientTls
from headwater.config.fields import auto_replay_nacks, choice, mapping, spec, text, tls
from headwater.config.view import Config
from headwater.errors import ComponentError, ConfigError, EndOfInput, NotConnected
from headwater.message import Message

SPEC = spec(
    "input",
    "socket",
    choice("network", ("unix", "tcp"), "The kind of socket."),
    text("address", "Where to connect to.", examples=("/tmp/benthos.sock", "127.0.0.1:6000")),
    auto_replay_nacks(),
    mapping("open_message_mapping", "Makes what is sent once connected.", optional=True),
    tls("tls"),
    *scanner_fields(),
    categories=("Network",),
    summary="Connect to a TCP or Unix socket and read from it.",
    description="The connection is made again when it ends. A last message without a delimiter is taken.",
    examples=(("Lines of a server", "input:\n  socket:\n    network: tcp\n    address: localhost:6000\n"),),
)

BLOCK: Final = 65536
CONNECT_SECONDS: Final = 30.0


@component(SPEC)
class SocketInput(Input):
    """One connection at a time."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._network = config.text("network")
        if self._network not in ("unix", "tcp"):
            raise ConfigError(f"socket network '{self._network}' is not supported by this input")
        self._address = config.text("address")
        self._scanner = scanner_of(config, resources)
        self._greeting = config.mapping("open_message_mapping")
        self._tls = ClientTls(config.object("tls"))
        self._resources = resources
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._cutter: Cutter | None = None
        self._blocks = tasks.TaskGroup()

    async def connect(self) -> None:
        if self._cutter is not None:
            return
        greeting = self._greet()
        await self._drop()
        reader, writer = await self._resources.on_loop(self._open)

        async def block() -> bytes:
            try:
                return await reader.read(BLOCK)
            except OSError:
                # What was complete is taken as it would be at an orderly end, and the next connection tells the reason.
                return b""

        async def greet() -> None:
            writer.write(greeting)
            await writer.drain()

        if greeting:
            try:
                await self._resources.on_loop(greet)
            except OSError as error:
                await self._drop()
                raise ComponentError(dial_error(self._network, self._address, error)) from None
        spawn = self._blocks.spawn
        on_loop = self._resources.on_loop
        self._cutter = Cutter(
            self._scanner.open(self._address), lambda: spawn(on_loop(block), "socket block", watched=True)
        )

    def _greet(self) -> bytes:
        if self._greeting is None:
            return b""
        try:
            made = self._greeting.apply(Message(b""))
        except BloblangError as error:
            raise ComponentError(f"open message mapping failed: {error}", "data") from None
        return b"" if made is None else made.content()

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect; on the event loop. Raises: ComponentError."""
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                # Noted here, so that a connection that is made while its caller is given up is closed.
                if self._network == "unix":
                    self._streams = await asyncio.open_unix_connection(self._address)
                    return self._streams
                host, colon, port = self._address.rpartition(":")
                if not colon:
                    raise ComponentError(
                        f"dial {self._network}: address {self._address}: missing port in address", "configuration"
                    )
                context = self._tls.context() if self._tls.enabled else None
                self._streams = await asyncio.open_connection(host.strip("[]") or "localhost", int(port), ssl=context)
                return self._streams
        except ssl.SSLError as error:
            raise ComponentError(f"tls: {error.reason or error}") from None
        except ValueError:
            raise ComponentError(f"dial {self._network}: lookup {self._network}/{port}: unknown port") from None
        except OSError as error:
            raise ComponentError(dial_error(self._network, self._address, error)) from None

    async def read(self, limit: int) -> Delivery:
        if self._cutter is None:
            raise NotConnected
        try:
            return Delivery(await self._cutter.read(limit))
        except EndOfInput:
            await self._drop()
            raise NotConnected from None

    async def _drop(self) -> None:
        self._cutter = None
        self._blocks.cancel()
        streams, self._streams = self._streams, None
        if streams is not None:
            writer = streams[1]

            async def close() -> None:
                writer.close()

            await self._resources.on_loop(close)

    async def close(self) -> None:
        await self._drop()
