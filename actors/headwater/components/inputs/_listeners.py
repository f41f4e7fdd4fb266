"""Listening sockets whose connections are read block by block, each when the block before was taken."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import ssl
from collections.abc import Callable
from typing import Any, Final

from headwater.components.oserrors import reason
from headwater.errors import ComponentError

BLOCK: Final = 65536
BACKLOG: Final = 256

Received = Callable[["Connection", bytes], None]
"""Takes a block of a connection, empty at its end; called on the event loop. `Connection.taken` asks for the next."""


class Connection:
    """One peer. `taken` and `drop` may be called from any thread."""

    __slots__ = ("_go_on", "_loop", "_writer", "scan")

    def __init__(self, loop: asyncio.AbstractEventLoop, writer: asyncio.StreamWriter | None) -> None:
        self._loop = loop
        self._writer = writer
        self._go_on = asyncio.Event()
        self.scan: Any = None

    def taken(self) -> None:
        """The last block was taken; the next may come."""
        self._call(self._go_on.set)

    def drop(self) -> None:
        """End the connection."""
        if self._writer is not None:
            self._call(self._writer.close)
        self.taken()

    def _call(self, call: Callable[[], None]) -> None:
        # The loop may be closed already when a stream is given up.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(call)

    async def pump(self, reader: asyncio.StreamReader, received: Received) -> None:
        """Hand over block after block."""
        while True:
            try:
                data = await reader.read(BLOCK)
            except OSError:
                data = b""
            self._go_on.clear()
            received(self, data)
            if not data:
                return
            await self._go_on.wait()


class StreamListener:
    """Listens for connections. All methods run on the event loop.

    Args:
        received: Takes what comes.
    """

    def __init__(self, received: Received) -> None:
        self._received = received
        self._server: asyncio.Server | None = None
        self._connections: set[tuple[asyncio.Task[None], asyncio.StreamWriter]] = set()
        self._path = ""

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        entry = (task, writer)
        self._connections.add(entry)
        try:
            await Connection(asyncio.get_running_loop(), writer).pump(reader, self._received)
        except asyncio.CancelledError:
            pass
        finally:
            self._connections.discard(entry)
            writer.close()

    async def open_tcp(self, network: str, address: str, context: ssl.SSLContext | None, reuse_port: bool) -> str:
        """Listen at a host and port. Returns: the address bound. Raises: ComponentError."""
        host, port = split_address(network, address)
        try:
            self._server = await asyncio.start_server(
                self._serve, host or None, port, ssl=context, backlog=BACKLOG, reuse_port=reuse_port or None
            )
        except OSError as error:
            raise ComponentError(f"listen tcp {address}: bind: {_bind_reason(error)}") from None
        return _shown(self._server.sockets[0])

    async def open_unix(self, path: str) -> str:
        """Listen at a path. Returns: the path. Raises: ComponentError."""
        try:
            self._server = await asyncio.start_unix_server(self._serve, path, backlog=BACKLOG)
        except OSError as error:
            raise ComponentError(f"listen unix {path}: bind: {_bind_reason(error)}") from None
        self._path = path
        return path

    async def close(self) -> None:
        """Listen no more, and end all connections."""
        if self._server is not None:
            self._server.close()
        for task, writer in tuple(self._connections):
            writer.close()
            task.cancel()
        if self._path:
            with contextlib.suppress(OSError):
                os.unlink(self._path)


class DatagramListener(asyncio.DatagramProtocol):
    """Listens for datagrams. All methods run on the event loop.

    Args:
        received: Takes a datagram.
    """

    def __init__(self, received: Callable[[bytes], None]) -> None:
        self._received = received
        self._transport: asyncio.DatagramTransport | None = None
        self._path = ""

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self._received(data)

    async def open_udp(self, address: str) -> str:
        """Listen at a host and port. Returns: the address bound. Raises: ComponentError."""
        host, port = split_address("udp", address)
        loop = asyncio.get_running_loop()
        try:
            self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(host or "0.0.0.0", port))
        except OSError as error:
            raise ComponentError(f"listen udp {address}: bind: {_bind_reason(error)}") from None
        return _shown(self._transport.get_extra_info("socket"))

    async def open_unix(self, path: str) -> str:
        """Listen at a path. Returns: the path. Raises: ComponentError."""
        bound = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            bound.setblocking(False)
            bound.bind(path)
            self._transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, sock=bound)
        except OSError as error:
            bound.close()
            raise ComponentError(f"listen unixgram {path}: bind: {_bind_reason(error)}") from None
        self._path = path
        return path

    async def close(self) -> None:
        """Listen no more."""
        if self._transport is not None:
            self._transport.close()
        if self._path:
            with contextlib.suppress(OSError):
                os.unlink(self._path)


def split_address(network: str, address: str) -> tuple[str, int]:
    """Host and port. Raises: ComponentError."""
    host, colon, port = address.rpartition(":")
    if not colon:
        raise ComponentError(f"listen {network}: address {address}: missing port in address", "configuration")
    if not port.isdigit() or int(port) > 65535:
        raise ComponentError(f"listen {network}: lookup {network}/{port}: unknown port", "configuration")
    return host.strip("[]"), int(port)


def _bind_reason(error: OSError) -> str:
    return reason(error).split(": ")[-1] if error.errno else str(error)


def _shown(bound: socket.socket) -> str:
    host, port = bound.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
