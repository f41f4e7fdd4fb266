"""The WSGI application behind an ASGI server: for the API proper, whose answers are short and whose work may block."""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from headwater_api.resources.base import BODY_LIMIT

Scope = dict[str, Any]
Receive = Callable[[], Any]
Send = Callable[[dict[str, Any]], Any]
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

THREADS: Final = 64
"""Requests of the API that are worked on at once, at the most; deletions may wait for streams to stop."""


class Bridge:
    """An ASGI application that asks a WSGI application, on threads of its own."""

    def __init__(self, app: Wsgi) -> None:
        self._app = app
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="headwater-http")
        self._busy = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        body = await _body(receive)
        if body is None:
            return
        env = _environ(scope, body)
        loop = asyncio.get_running_loop()
        self._busy += 1
        try:
            status, headers, answer = await loop.run_in_executor(self._threads, self._call, env)
        finally:
            self._busy -= 1
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    def _call(self, env: dict[str, Any]) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        started: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], error: Any = None) -> Callable[[bytes], None]:
            started[:] = [
                int(status[:3]),
                [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers],
            ]
            return lambda data: None

        pieces = self._app(env, start_response)
        try:
            answer = b"".join(pieces)
        finally:
            close = getattr(pieces, "close", None)
            if close is not None:
                close()
        return started[0], started[1], answer

    def close(self) -> None:
        """Let go of the threads; one that is still at work ends by itself."""
        self._threads.shutdown(wait=not self._busy, cancel_futures=True)


async def _body(receive: Receive) -> bytes | None:
    """The body, or as much of it as shows that it is too large; None when the caller is gone."""
    parts = bytearray()
    while len(parts) <= BODY_LIMIT:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts += message.get("body", b"")
        if not message.get("more_body"):
            break
    return bytes(parts)


def _environ(scope: Scope, body: bytes) -> dict[str, Any]:
    """What WSGI wants to know of a request."""
    query = scope["query_string"].decode("latin-1")
    target = scope["raw_path"].decode("latin-1")
    server = scope.get("server") or ("", 0)
    client = scope.get("client") or ("", 0)
    env: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].encode("utf-8", "surrogateescape").decode("latin-1"),
        "QUERY_STRING": query,
        "REQUEST_URI": f"{target}?{query}" if query else target,
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": client[0],
        "REMOTE_PORT": str(client[1]),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in scope["headers"]:
        key = name.decode("latin-1").upper().replace("-", "_")
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = f"HTTP_{key}"
        text = value.decode("latin-1")
        env[key] = f"{env[key]},{text}" if key in env else text
    return env
