"""Input `socket_server`: what peers send to a socket that is listened at."""

from __future__ import annotations

import ssl
from collections import deque
from typing import Any, Final

from headwater import tasks
from headwater.acknowledge import Delivery
from headwater.components.catalogue import component
from headwater.components.contracts import Input, Scan
from headwater.components.inputs._listeners import Connection, DatagramListener, StreamListener
from headwater.components.inputs._scanner_fields import scanner_fields
from headwater.components.inputs._self_signed import self_signed_context
from headwater.components.resources import Resources
from headwater.components.scanning import scanner_of
from headwater.components.tls import server_context
from headwater.config.fields import auto_replay_nacks, boolean, choice, obj, spec, tcp_listener, text
from headwater.config.view import Config
from headwater.errors import ComponentError, ConfigError, EndOfInput
from headwater.message import Batch

NETWORKS: Final = ("unix", "tcp", "udp", "tls", "unixgram")

SPEC = spec(
    "input",
    "socket_server",
    choice("network", NETWORKS, "The kind of socket."),
    text("address", "Where to listen.", examples=("/tmp/benthos.sock", "0.0.0.0:6000")),
    text(
        "address_cache",
        "A cache resource that is told the address bound, as `LABEL_address` or `socket_server_address`.",
        optional=True,
    ),
    tcp_listener("Options of TCP sockets."),
    obj(
        "tls",
        text("cert_file", "The certificate.", optional=True),
        text("key_file", "Its key.", optional=True),
        boolean("self_signed", "Make a certificate at the start.", default=False),
        choice(
            "client_auth",
            ("no", "request", "require_any", "require_valid", "verify_if_given"),
            "What is asked of clients.",
            default="no",
        ),
        description="TLS, for the network `tls`.",
        optional=True,
    ),
    auto_replay_nacks(),
    *scanner_fields(),
    categories=("Network",),
    summary="Listen at a TCP, TLS, UDP or Unix socket and read from all who connect.",
    description="Each connection is cut into messages by itself, and so is each datagram.",
    examples=(("Lines over TCP", "input:\n  socket_server:\n    network: tcp\n    address: 127.0.0.1:6000\n"),),
)

HELD: Final = 1024
"""Datagrams that wait to be read; more are lost, as they are wherever a reader of datagrams is slow."""


@component(SPEC)
class SocketServer(Input):
    """Reads all connections fairly: the next block of one is asked for when the block before was handed out."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._network = config.text("network")
        if self._network not in NETWORKS:
            raise ConfigError(f"socket network '{self._network}' is not supported by this input")
        self._address = config.text("address")
        self._cache = config.optional_text("address_cache") or ""
        if self._cache and not resources.has_resource("cache", self._cache):
            raise ConfigError(f"cache resource '{self._cache}' was not found")
        self._reuse_port = config.boolean("tcp.reuse_port")
        tls = config.object("tls")
        self._certificate = tls.optional_text("cert_file") or "", tls.optional_text("key_file") or ""
        self._self_signed = tls.boolean("self_signed")
        self._client_auth = tls.text("client_auth")
        if self._network == "tls" and not self._self_signed and not all(self._certificate):
            raise ConfigError("must specify either a certificate file or enable self signed")
        self._scanner = scanner_of(config, resources)
        self._resources = resources
        self._queue: tasks.Queue[tuple[Connection | None, bytes]] = tasks.Queue()
        self._ready: deque[Batch] = deque()
        self._taken: Connection | None = None
        self._listener: StreamListener | DatagramListener | None = None
        self._bound = False

    async def connect(self) -> None:
        if self._bound:
            return
        await self._shut()
        context = await tasks.blocking(self._context) if self._network == "tls" else None
        if self._network in ("udp", "unixgram"):
            # Known before it listens, so that it is closed however this ends.
            datagrams = self._listener = DatagramListener(self._datagram)
            unix = self._network == "unixgram"
            bound = await self._resources.on_loop(
                lambda: datagrams.open_unix(self._address) if unix else datagrams.open_udp(self._address)
            )
        else:
            streams = self._listener = StreamListener(self._received)
            bound = await self._resources.on_loop(
                lambda: (
                    streams.open_unix(self._address)
                    if self._network == "unix"
                    else streams.open_tcp(self._network, self._address, context, self._reuse_port)
                )
            )
        self._bound = True
        self._resources.log.info(f"Receiving {self._network} socket messages from address: {bound}")
        if self._cache:
            key = f"{self._resources.label or 'socket_server'}_address"
            await self._resources.cache(self._cache).set(key, bound.encode())

    def _context(self) -> ssl.SSLContext:
        context = self_signed_context() if self._self_signed else server_context(*self._certificate)
        if self._client_auth in ("require_any", "require_valid"):
            context.verify_mode = ssl.CERT_REQUIRED
        elif self._client_auth in ("request", "verify_if_given"):
            context.verify_mode = ssl.CERT_OPTIONAL
        if context.verify_mode is not ssl.CERT_NONE:
            context.load_default_certs(ssl.Purpose.CLIENT_AUTH)
        return context

    # -- on the event loop

    def _received(self, connection: Connection, data: bytes) -> None:
        try:
            self._queue.put_now((connection, data))
        except EndOfInput:
            connection.drop()

    def _datagram(self, data: bytes) -> None:
        if len(self._queue) >= HELD:
            return
        try:
            self._queue.put_now((None, data))
        except EndOfInput:
            return

    # -- in turns of the host

    async def read(self, limit: int) -> Delivery:
        while not self._ready:
            if self._taken is not None:
                self._taken.taken()
                self._taken = None
            connection, data = await self._queue.get()
            if connection is None:
                self._ready.extend(self._whole(data))
            else:
                self._cut(connection, data)
        return Delivery([self._ready.popleft() for _ in range(min(limit, len(self._ready)))])

    def _cut(self, connection: Connection, data: bytes) -> None:
        """The messages of a block; a connection that cannot be cut is ended."""
        scan: Scan | None = connection.scan
        if scan is None:
            scan = connection.scan = self._scanner.open("")
        self._ready.extend(self._batches(scan, data, connection.drop))
        # The next block waits until this one was handed out, so that memory stays bounded.
        self._taken = connection

    def _whole(self, data: bytes) -> list[Batch]:
        scan = self._scanner.open("")
        return [*self._batches(scan, data, None), *self._batches(scan, b"", None)]

    def _batches(self, scan: Scan, data: bytes, drop: Any) -> list[Batch]:
        made: list[Batch] = []
        try:
            if data:
                made.extend(scan.feed(data))
            while not data and (last := scan.finish()):
                made.extend(last)
        except ComponentError as error:
            self._resources.log.error(f"Connection dropped due to: {error}")
            if drop is not None:
                drop()
        return made

    def drain(self) -> None:
        """Take no more; what was not read is dropped with its connection."""
        for connection, _ in self._queue.close(EndOfInput()):
            if connection is not None:
                connection.drop()

    async def close(self) -> None:
        self.drain()
        await self._shut()

    async def _shut(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            await self._resources.on_loop(listener.close)
