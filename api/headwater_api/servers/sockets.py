"""Websockets as components see them, over ASGI."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from typing import Any, Final

from headwater.endpoints import Request, SocketHandler
from headwater.errors import Closed
from headwater.tasks import Future
from headwater_api.servers.bridge import Receive, Send
from headwater_api.servers.handover import Handover

AHEAD: Final = 32
"""Frames that are read before a component asks for them."""

Frame = bytes | str


class AsgiSocket:
    """A websocket; its methods may be called from any thread."""

    def __init__(self, request: Request, handover: Handover) -> None:
        self.request = request
        self._handover = handover
        self._lock = threading.Lock()
        self._frames: deque[Frame] = deque()
        self._readers: deque[Future[Frame]] = deque()
        self._outgoing: deque[tuple[Frame, Future[None]]] = deque()
        self._work = asyncio.Event()
        self._room = asyncio.Event()
        self._lost = False
        self._closing: tuple[int, str] | None = None

    def send(self, data: Frame) -> Future[None]:
        """Send a frame; the future fails when the peer is gone."""
        sent: Future[None] = Future()
        with self._lock:
            refused = self._lost or self._closing is not None
            if not refused:
                self._outgoing.append((data, sent))
        if refused:
            sent.set_exception(Closed())
        else:
            self._call(self._work.set)
        return sent

    def receive(self) -> Future[Frame]:
        """The next frame; fails with `Closed` when the peer is gone."""
        received: Future[Frame] = Future()
        with self._lock:
            frame = self._frames.popleft() if self._frames else None
            if frame is None and not self._lost:
                self._readers.append(received)
                return received
        if frame is None:
            received.set_exception(Closed())
        else:
            received.set_result(frame)
            self._call(self._room.set)
        return received

    def close(self, code: int = 1000, reason: str = "") -> None:
        """End the connection, after what was sent before."""
        with self._lock:
            if self._closing is None:
                self._closing = (code, reason)
        self._call(self._work.set)

    def _call(self, call: Any) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed
            self._handover.loop.call_soon_threadsafe(call)

    # -- on the event loop

    async def run(self, handler: SocketHandler, receive: Receive, send: Send) -> None:
        """Let a component have the connection until it is done with it, or the peer is."""
        reading = asyncio.create_task(self._read(receive))
        writing = asyncio.create_task(self._write(send))
        try:
            done = handler(self)
            await self._handover.wait(done)
            self.close()
            await writing
            error = done.error()
            if error is not None and not isinstance(error, Closed):
                raise error
        finally:
            self._lose()
            for task in (reading, writing):
                task.cancel()
            await asyncio.gather(reading, writing, return_exceptions=True)

    async def _read(self, receive: Receive) -> None:
        while True:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                self._lose()
                return
            text = message.get("text")
            self._arrived(text if text is not None else message["bytes"])
            while len(self._frames) >= AHEAD:
                self._room.clear()
                await self._room.wait()

    async def _write(self, send: Send) -> None:
        while not self._lost:
            self._work.clear()
            while self._outgoing:
                data, sent = self._outgoing.popleft()
                try:
                    if isinstance(data, str):
                        await send({"type": "websocket.send", "text": data})
                    else:
                        await send({"type": "websocket.send", "bytes": data})
                except Exception:
                    sent.set_exception(Closed())
                    self._lose()
                    return
                sent.set_result(None)
            if self._closing is not None:
                code, reason = self._closing
                with contextlib.suppress(Exception):
                    await send({"type": "websocket.close", "code": code, "reason": reason})
                return
            await self._work.wait()

    def _arrived(self, frame: Frame) -> None:
        while True:
            with self._lock:
                if not self._readers:
                    self._frames.append(frame)
                    return
                reader = self._readers.popleft()
            if reader.set_result(frame):
                return

    def _lose(self) -> None:
        """The peer is gone: whoever waits for it learns that."""
        with self._lock:
            if self._lost:
                return
            self._lost = True
            waiting: list[Future[Any]] = [*self._readers, *(sent for _, sent in self._outgoing)]
            self._readers.clear()
            self._outgoing.clear()
        self._work.set()
        for future in waiting:
            future.set_exception(Closed())
