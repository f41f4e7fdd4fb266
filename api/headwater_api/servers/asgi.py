"""Component endpoints answered on the event loop: callers wait as coroutines, thousands of them without a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl

from headwater.endpoints import Request, Response
from headwater.telemetry.logs import Log
from headwater_api.answers import CLOSING, NO_PAGE, TOO_LARGE, Answer, one_line, text
from headwater_api.components import MESSAGE_LIMIT, Components, Found
from headwater_api.compress import Gzip, gzip
from headwater_api.front import Front
from headwater_api.servers.bridge import Receive, Scope, Send
from headwater_api.servers.handover import Handover
from headwater_api.servers.sockets import AsgiSocket

Fallback = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[str, str]]


class Asgi:
    """The ASGI application.

    Args:
        components: Finds who answers for a path.
        front: What every request passes first.
        fallback: Answers for all other paths; without it they are not there.
        log: Where crashes of handlers are written.
    """

    def __init__(self, components: Components, front: Front, fallback: Fallback | None, log: Log) -> None:
        self._components = components
        self._front = front
        self._fallback = fallback
        self._log = log
        self._handover: Handover | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request or run a websocket."""
        found = self._components.find(scope["path"])
        if scope["type"] == "websocket":
            await self._socket(found, scope, receive, send)
        elif found is not None:
            await self._component(found, scope, receive, send)
        elif self._fallback is not None:
            await self._fallback(scope, receive, send)
        else:
            await self._nothing(scope, send)

    @property
    def handover(self) -> Handover:
        """Where results come back to the loop. To be asked for on the loop."""
        if self._handover is None:
            self._handover = Handover(asyncio.get_running_loop())
        return self._handover

    # -- the short way; see `direct`

    def direct(self, path: str) -> Found | None:
        """Who answers for a path, if a plain request needs nothing else."""
        front = self._front
        if front.cors is not None or front.auth is not None or front.closing():
            return None
        found = self._components.find(path)
        return found if found is not None and found[1].handler is not None else None

    query = staticmethod(lambda query: parse_qsl(query.decode("latin-1"), keep_blank_values=True))

    def log_crash(self, method: str, path: str, error: BaseException) -> None:
        """Note that a component's handler raised."""
        self._log.error(f"Failed to answer {method} {path}: {type(error).__name__}: {error}")

    async def pieces(self, response: Response, compress: bool, receive: Receive, send: Send) -> None:
        """Send an answer that comes piece by piece."""
        await self._pieces(response, (), compress, receive, send)

    # HOT: once a request
    async def _component(self, found: Found, scope: Scope, receive: Receive, send: Send) -> None:
        path, endpoint, parameters = found
        method: str = scope["method"]
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        compress = False
        for name, value in headers:
            if name == "accept-encoding":
                compress = "gzip" in value
        refusal, extra = self._pass(method, scope, headers)
        if refusal is None and endpoint.handler is None:
            refusal = CLOSING if endpoint.disabled else text(400, "Bad Request")
        if refusal is not None:
            await _send(send, refusal.status, refusal.body, [*refusal.headers, *extra], compress)
            return
        message = await receive()
        body = message.get("body", b"")
        if message.get("more_body"):
            body = await _rest(body, receive)
            if body is None:
                await _send(send, TOO_LARGE.status, TOO_LARGE.body, [*TOO_LARGE.headers, *extra], compress)
                return
        request = _request(scope, method, path, parameters, headers, bytes(body))
        scope["headwater.request"] = request
        handler = endpoint.handler
        if handler is None:
            await _send(send, CLOSING.status, CLOSING.body, [*CLOSING.headers, *extra], compress)
            return
        response = await self._ask(handler, request)
        if response.chunks is not None:
            await self._pieces(response, extra, compress, receive, send)
        else:
            await _send(send, response.status, response.body, [*response.headers, *extra], compress)

    def _pass(self, method: str, scope: Scope, headers: Headers) -> tuple[Answer | None, tuple[tuple[str, str], ...]]:
        """What the front says: a refusal, perhaps, and what is added to any answer."""
        front = self._front
        if front.cors is None and front.auth is None:
            return (CLOSING if front.closing() else None), ()

        def header(name: str) -> str | None:
            return next((value for key, value in headers if key == name), None)

        refusal = front.arrive(method, scope["path"], scope["query_string"].decode("latin-1"), header)
        return refusal or front.admit(header), front.extra_headers(method, header)

    async def _ask(self, handler: Any, request: Request) -> Response:
        """What a component answers."""
        try:
            future = handler(request)
            if not future.done():
                await self.handover.wait(future)
            response: Response = future.result()
        except Exception as error:
            self.log_crash(request.method, request.path, error)
            failure = text(500, "Internal Server Error")
            return Response(failure.status, failure.body, failure.headers)
        return response

    async def _pieces(
        self, response: Response, extra: tuple[tuple[str, str], ...], compress: bool, receive: Receive, send: Send
    ) -> None:
        """An answer that comes piece by piece, for as long as there are any and the caller is there."""
        assert response.chunks is not None
        headers = _encoded([*response.headers, *extra])
        compressor = Gzip() if compress else None
        if compressor is not None:
            headers.append((b"content-encoding", b"gzip"))
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        gone = asyncio.ensure_future(_disconnected(receive))
        handover = self.handover
        try:
            while True:
                future = response.chunks()
                if not future.done():
                    settled = asyncio.ensure_future(handover.wait(future))
                    await asyncio.wait((settled, gone), return_when=asyncio.FIRST_COMPLETED)
                    settled.cancel()
                if gone.done():
                    return
                piece = future.result()
                if piece is None:
                    break
                if piece:
                    shown = compressor.piece(piece) if compressor else piece
                    await send({"type": "http.response.body", "body": shown, "more_body": True})
            await send({"type": "http.response.body", "body": compressor.end() if compressor else b""})
        finally:
            gone.cancel()
            if response.closed is not None:
                response.closed()

    async def _nothing(self, scope: Scope, send: Send) -> None:
        """There is nobody else."""
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        refusal, extra = self._pass(scope["method"], scope, headers)
        if refusal is None:
            refusal = self._front.arrive(scope["method"], scope["path"], "", lambda name: None) or NO_PAGE
        await _send(send, refusal.status, refusal.body, [*refusal.headers, *extra], False)

    async def _socket(self, found: Found | None, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        if found is None:
            await _deny(NO_PAGE, scope, send)
            return
        path, endpoint, parameters = found
        handler = endpoint.socket_handler
        refusal, _ = self._pass("GET", scope, headers)
        if refusal is not None or handler is None:
            await _deny(refusal or (CLOSING if endpoint.disabled else NO_PAGE), scope, send)
            return
        await send({"type": "websocket.accept"})
        request = _request(scope, "GET", path, parameters, headers, b"")
        try:
            await AsgiSocket(request, self.handover).run(handler, receive, send)
        except Exception as error:
            self._log.error(f"Failed to run websocket {path}: {type(error).__name__}: {error}")


def _request(scope: Scope, method: str, path: str, parameters: Any, headers: Headers, body: bytes) -> Request:
    query = scope["query_string"]
    client = scope.get("client")
    return Request(
        method,
        path,
        parameters,
        Asgi.query(query) if query else (),
        headers,
        body,
        client[0] if client else "",
        scope.get("state", {}).get("tls") or {},
    )


async def _rest(body: bytes, receive: Receive) -> bytes | None:
    """A body that comes in pieces; None when it is too large."""
    parts = bytearray(body)
    while True:
        message = await receive()
        parts += message.get("body", b"")
        if len(parts) > MESSAGE_LIMIT:
            return None
        if not message.get("more_body"):
            return bytes(parts)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _encoded(headers: list[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode("latin-1"), one_line(value).encode("latin-1", "replace")) for name, value in headers]


# HOT: once a request
async def _send(send: Send, status: int, body: bytes, headers: Headers, compress: bool) -> None:
    encoded = _encoded(headers)
    if compress:
        body = gzip(body)
        encoded.append((b"content-encoding", b"gzip"))
    encoded.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": status, "headers": encoded})
    await send({"type": "http.response.body", "body": body})


async def _deny(answer: Answer, scope: Scope, send: Send) -> None:
    """Refuse a websocket with an answer."""
    if "websocket.http.response" not in (scope.get("extensions") or {}):
        await send({"type": "websocket.close", "code": 1008})
        return
    headers = [*_encoded(list(answer.headers)), (b"content-length", b"%d" % len(answer.body))]
    await send({"type": "websocket.http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": answer.body})
