"""Output `socket`: messages for whoever listens at an address."""

from __future__ import annotations

import contextlib
import socket
import ssl
from typing import TYPE_CHECKING, Final

from headwater import tasks
from headwater.components.catalogue import component
from headwater.components.codecs import CODECS, OutputCodec
from headwater.components.contracts import Output
from headwater.components.opening import open_blocking
from headwater.components.oserrors import dial_error, reason
from headwater.components.tls import ClientTls
from headwater.config.fields import choice, spec, text, tls
from headwater.errors import ComponentError, ConfigError, NotConnected

if TYPE_CHECKING:
    from headwater.acknowledge import Failure
    from headwater.components.resources import Resources
    from headwater.config.view import Config
    from headwater.message import Batch, Batches

NETWORKS: Final = ("unix", "tcp", "udp")

SPEC = spec(
    "output",
    "socket",
    choice("network", NETWORKS, "The kind of socket."),
    text("address", "Where to connect to.", examples=("/tmp/benthos.sock", "127.0.0.1:6000")),
    choice("codec", CODECS, "How messages are told apart.", default="lines", advisory=True),
    tls("tls"),
    categories=("Network",),
    summary="Write messages to a TCP, UDP or Unix socket.",
    description="With `udp` each message is a datagram; with the codec `all-bytes` it has a connection to itself.",
    blocking=True,
    examples=(("A log collector", "output:\n  socket:\n    network: tcp\n    address: localhost:5170\n"),),
)

CONNECT_SECONDS: Final = 30.0


@component(SPEC)
class SocketOutput(Output):
    """One connection, made anew when it breaks."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._network = config.text("network")
        if self._network not in NETWORKS:
            raise ConfigError(f"socket network '{self._network}' is not supported by this output")
        self._address = config.text("address")
        self._codec = OutputCodec(config.text("codec"))
        self._tls = ClientTls(config.object("tls"))
        self._socket: socket.socket | None = None
        self.write_many = self._write_many

    async def connect(self) -> None:
        if self._socket is None:
            tls = self._tls if self._tls.enabled and self._network == "tcp" else None
            self._socket = await open_blocking(dial, self._network, self._address, tls, discard=shut)

    async def write(self, batch: Batch) -> None:
        await self._put([batch])

    # HOT: once a chunk
    async def _write_many(self, batches: Batches) -> list[Failure | None] | None:
        await self._put(batches)
        return None

    async def _put(self, batches: Batches) -> None:
        if self._codec.overwrites:
            # Each message has a connection to itself.
            for message in [message for batch in batches for message in batch]:
                await self.connect()
                await self._send([[message]])
                self._drop()
        else:
            await self._send(batches)

    async def _send(self, batches: Batches) -> None:
        connection = self._socket
        if connection is None:
            raise NotConnected
        messages = [message for batch in batches for message in batch]
        if self._network == "udp":
            pieces = [self._codec.encode(message) for message in messages]
        else:
            pieces = [self._codec.encode_many(messages)]
        try:
            await tasks.blocking(_send_all, connection, pieces)
        except OSError as error:
            self._drop()
            raise NotConnected(f"write {self._network} {self._address}: {reason(error)}") from None
        except tasks.Cancelled:
            self._drop()
            raise

    def _drop(self) -> None:
        """Let go of the connection; whoever writes to it right now fails at once."""
        connection, self._socket = self._socket, None
        if connection is not None:
            shut(connection)

    async def close(self) -> None:
        self._drop()


def dial(network: str, address: str, tls: ClientTls | None) -> socket.socket:
    """A connected socket. Raises: ComponentError."""
    try:
        if network == "unix":
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                connection.settimeout(CONNECT_SECONDS)
                connection.connect(address)
            except BaseException:
                connection.close()
                raise
        else:
            host, port = split_address(network, address)
            connection = _connect(network, host, port)
        connection.settimeout(None)
        if tls is not None:
            host = split_address(network, address)[0]
            connection = tls.context().wrap_socket(connection, server_hostname=host)
    except ssl.SSLError as error:
        raise ComponentError(f"tls: {error.reason or error}") from None
    except OSError as error:
        raise ComponentError(dial_error(network, address, error)) from None
    return connection


def _connect(network: str, host: str, port: int) -> socket.socket:
    """A socket connected to the first address of a host that takes it. Raises: OSError."""
    kind = socket.SOCK_DGRAM if network == "udp" else socket.SOCK_STREAM
    if network == "tcp":
        return socket.create_connection((host or "localhost", port), CONNECT_SECONDS)
    family, _, protocol, _, target = socket.getaddrinfo(host or "localhost", port, type=kind)[0]
    connection = socket.socket(family, kind, protocol)
    connection.connect(target)
    return connection


def split_address(network: str, address: str) -> tuple[str, int]:
    """Host and port. Raises: ComponentError."""
    host, colon, port = address.rpartition(":")
    if not colon:
        raise ComponentError(f"dial {network}: address {address}: missing port in address", "configuration")
    if not port.isdigit() or int(port) > 65535:
        raise ComponentError(f"dial {network}: lookup {network}/{port}: unknown port", "configuration")
    return host.strip("[]"), int(port)


def shut(connection: socket.socket) -> None:
    """Close a socket, and wake whoever waits at it on another thread."""
    # The other side may have been faster.
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()


def _send_all(connection: socket.socket, pieces: list[bytes]) -> None:
    for piece in pieces:
        connection.sendall(piece)
