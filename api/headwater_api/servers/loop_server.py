"""An ASGI application on an event loop on a thread of its own: uvicorn without its signals and its logging."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import uvicorn

from headwater.errors import ConfigError
from headwater.tasks import Future
from headwater_api.components import MESSAGE_LIMIT
from headwater_api.servers.address import bind, shown
from headwater_api.servers.protocol import Protocol, SocketProtocol


class LoopServer:
    """Listens at an address.

    Args:
        app: The ASGI application.
        address: Host and port.
        tls: Files of a certificate and its key.
        name: What its thread is called.
        reuse_port: Whether others may listen there too, who also say so.
    """

    SENDER_SECONDS = 120.0
    """How long a sender may be silent in the middle of a request."""

    TICK_SECONDS = 1.0
    """Between two looks at the date, and at silent senders."""

    def __init__(
        self,
        app: Any,
        address: str,
        tls: tuple[str, str] | None = None,
        name: str = "headwater-http",
        *,
        reuse_port: bool = False,
    ) -> None:
        self._app = app
        self._address = address
        self._tls = tls
        self._name = name
        self._reuse_port = reuse_port
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._timeout = 0.0

    def start(self) -> str:
        """Listen. Returns: the address as host:port.

        Raises:
            ConfigError: The address cannot be had, or the certificate cannot be used.
        """
        listening = bind(self._address, reuse_port=self._reuse_port)
        address = shown(listening)
        ready: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, args=(listening, ready), name=self._name, daemon=True)
        self._thread.start()
        try:
            ready.wait()
        except (OSError, ValueError) as error:
            raise ConfigError(f"listen tcp {address}: {error}") from None
        return address

    def stop(self, timeout: float = 5.0) -> None:
        """Listen no more, finish what is being answered for that many seconds, and cut off the rest."""
        thread, loop, stopping = self._thread, self._loop, self._stopping
        if thread is None or loop is None or stopping is None:
            return
        self._timeout = timeout
        with contextlib.suppress(RuntimeError):  # it has ended already
            loop.call_soon_threadsafe(stopping.set)
        thread.join(timeout + 2)
        self._thread = None

    def _run(self, listening: socket.socket, ready: Future[None]) -> None:
        try:
            with asyncio.Runner(loop_factory=_loop_factory()) as runner:
                runner.run(self._serve(listening, ready))
        except BaseException as error:
            if not ready.set_exception(error):
                raise
        finally:
            listening.close()

    async def _serve(self, listening: socket.socket, ready: Future[None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        certificate, key = self._tls or (None, None)
        config = uvicorn.Config(
            self._app,
            http=Protocol,
            ws=SocketProtocol,
            ws_max_size=MESSAGE_LIMIT,
            interface="asgi3",
            lifespan="off",
            log_config=None,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=75,
            ssl_certfile=certificate,
            ssl_keyfile=key,
        )
        config.load()
        server = uvicorn.Server(config)
        server.lifespan = config.lifespan_class(config)
        await server.startup(sockets=[listening])
        ready.set_result(None)
        while not self._stopping.is_set():
            await server.on_tick(0)
            silent_since = self._loop.time() - self.SENDER_SECONDS
            for connection in tuple(server.server_state.connections):
                if isinstance(connection, Protocol):
                    connection.give_up(silent_since)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), self.TICK_SECONDS)
        await self._finish(server)

    async def _finish(self, server: uvicorn.Server) -> None:
        for listener in server.servers:
            listener.close()
        state = server.server_state
        for connection in list(state.connections):
            connection.shutdown()
        deadline = time.monotonic() + self._timeout
        while (state.connections or state.tasks) and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        for task in list(state.tasks):
            task.cancel()
        for connection in list(state.connections):
            if connection.transport is not None:
                connection.transport.abort()
        if state.tasks:
            await asyncio.wait(list(state.tasks), timeout=0.5)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop where it is installed."""
    try:
        import uvloop
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory
