"""The paths that components of streams answer for, over WSGI: a caller holds a thread until its message is settled."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl

from headwater.endpoints import Endpoint, Endpoints, Request, Response
from headwater.tasks import Future
from headwater.telemetry.logs import Log
from headwater_api.answers import BUSY, CLOSING, NO_WEBSOCKETS, TOO_LARGE, Answer, one_line, text
from headwater_api.compress import Gzip, accepts_gzip, gzip
from headwater_api.front import Front
from headwater_api.paths import cleaned, without_root

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Found = tuple[str, Endpoint, Mapping[str, str]]
"""The path as asked for, who answers, and the path's parameters."""

MESSAGE_LIMIT: Final = 256 * 1024 * 1024
"""Bytes of a message that comes over HTTP."""

LOOK: Final = 0.5
"""Seconds between two looks whether a caller who waits is still there."""

REASONS: Final = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


Lend = Callable[[Callable[[], Future[Response]]], Future[Response]]


def _no_loan(call: Callable[[], Future[Response]]) -> Future[Response]:
    return call()


class Components:
    """Finds and asks components.

    Args:
        endpoints: The system's table.
        front: What every request passes first.
        claims: Whether a path is one of the API's own, which no component can take.
        max_waiting: How many callers may hold a thread.
        log: Where crashes of handlers are written.
        lend: Makes a call, and gives what it causes the calling thread, which would only wait.
    """

    def __init__(
        self,
        endpoints: Endpoints,
        front: Front,
        claims: Callable[[str], bool],
        max_waiting: int,
        log: Log,
        lend: Lend = _no_loan,
    ) -> None:
        self._endpoints = endpoints
        self._front = front
        self._claims = claims
        self._waiting = threading.Semaphore(max_waiting)
        self._log = log
        self._lend = lend
        self._claimed: dict[str, bool] = {}

    def find(self, path: str) -> Found | None:
        """Who answers for a decoded path, with or without the root path."""
        found = self._endpoints.find(path)
        if found is None:
            local = without_root(path, self._front.settings.root_path)
            if local is path:
                return None
            found = self._endpoints.find(local)
            if found is None:
                return None
        endpoint, parameters = found
        claimed = self._claimed.get(endpoint.path)
        if claimed is None:
            if len(self._claimed) > 10_000:
                self._claimed.clear()
            claimed = self._claimed[endpoint.path] = self._claims(endpoint.path)
        if claimed or cleaned(path) is not None:
            return None
        return path, endpoint, parameters

    def answer(
        self, env: Environ, start_response: StartResponse, path: str, endpoint: Endpoint, parameters: Mapping[str, str]
    ) -> Iterable[bytes]:
        """Ask a component, and wait for what it says."""
        method = env["REQUEST_METHOD"]
        compress = accepts_gzip(env.get("HTTP_ACCEPT_ENCODING"))

        def header(name: str) -> str | None:
            value: str | None = env.get("HTTP_" + name.upper().replace("-", "_"))
            return value

        extra = self._front.extra_headers(method, header)
        refusal = self._front.arrive(method, path, env.get("QUERY_STRING", ""), header)
        if refusal is not None:
            return _send(start_response, refusal, method, extra, False)
        refusal = self._front.admit(header) or _unsuited(endpoint, env)
        if refusal is not None:
            return _send(start_response, refusal, method, extra, compress)
        body = _body(env)
        if body is None:
            return _send(start_response, TOO_LARGE, method, extra, compress)
        if not self._waiting.acquire(blocking=False):
            return _send(start_response, BUSY, method, extra, compress)
        held = True
        try:
            request = _request(env, method, path, parameters, body)
            gone = env.get("waitress.client_disconnected")
            response = self._ask(endpoint, request, gone)
            if response is None:
                return _send(start_response, CLOSING, method, extra, False)
            if response.chunks is None:
                answer = Answer(response.status, response.body, tuple(response.headers))
                return _send(start_response, answer, method, extra, compress)
            held = False
            return self._pieces(response, start_response, request, gone, extra, compress)
        finally:
            if held:
                self._waiting.release()

    def _ask(self, endpoint: Endpoint, request: Request, gone: Callable[[], bool] | None) -> Response | None:
        """What a component answers; None when the caller, or the component, went away before."""
        handler = endpoint.handler
        if handler is None:
            return None
        try:
            future = self._lend(lambda: handler(request))
            if not _wait(future, request, gone):
                return None
            return future.result()
        except Exception as error:
            self._log.error(f"Failed to answer {request.method} {request.path}: {type(error).__name__}: {error}")
            failure = text(500, "Internal Server Error")
            return Response(failure.status, failure.body, failure.headers)

    def _pieces(
        self,
        response: Response,
        start_response: StartResponse,
        request: Request,
        gone: Callable[[], bool] | None,
        extra: tuple[tuple[str, str], ...],
        compress: bool,
    ) -> Iterator[bytes]:
        """An answer that comes piece by piece, for as long as there are any and the caller is there."""
        encoding = (("Content-Encoding", "gzip"),) if compress else ()
        headers = [(name, _latin(one_line(value))) for name, value in response.headers]
        start_response(_reason(response.status), [*headers, *extra, *encoding])
        compressor = Gzip() if compress else None
        assert response.chunks is not None
        try:
            while True:
                future = response.chunks()
                if not _wait(future, request, gone):
                    return
                piece = future.result()
                if piece is None:
                    break
                if piece:
                    yield compressor.piece(piece) if compressor else piece
            if compressor:
                yield compressor.end()
        finally:
            self._waiting.release()
            if response.closed is not None:
                response.closed()


def _unsuited(endpoint: Endpoint, env: Environ) -> Answer | None:
    """What is said where the request cannot be put to the endpoint at all."""
    if "websocket" in env.get("HTTP_UPGRADE", "").lower() and endpoint.socket_handler is not None:
        return NO_WEBSOCKETS
    if endpoint.handler is None:
        return CLOSING if endpoint.disabled else text(400, "Bad Request")
    return None


def _body(env: Environ) -> bytes | None:
    """The whole body; None when it is too large."""
    length = env.get("CONTENT_LENGTH")
    stream = env["wsgi.input"]
    if length:
        if not length.isdecimal() or int(length) > MESSAGE_LIMIT:
            return None
        data: bytes = stream.read(int(length))
        return data
    if not env.get("wsgi.input_terminated"):
        return b""
    data = stream.read(MESSAGE_LIMIT + 1)
    return data if len(data) <= MESSAGE_LIMIT else None


def _request(env: Environ, method: str, path: str, parameters: Mapping[str, str], body: bytes) -> Request:
    headers: Sequence[tuple[str, str]] = env.get("headwater.headers") or _headers(env)
    query = env.get("QUERY_STRING")
    pairs = parse_qsl(query, keep_blank_values=True) if query else []
    return Request(method, path, parameters, pairs, headers, body, env.get("REMOTE_ADDR", ""))


def _headers(env: Environ) -> list[tuple[str, str]]:
    headers = [(name[5:].lower().replace("_", "-"), value) for name, value in env.items() if name.startswith("HTTP_")]
    for key, name in (("CONTENT_TYPE", "content-type"), ("CONTENT_LENGTH", "content-length")):
        value = env.get(key)
        if value:
            headers.append((name, value))
    return headers


def _wait(future: Future[Any], request: Request, gone: Callable[[], bool] | None) -> bool:
    """Hold the thread until a future is settled. Returns: False when the caller went away before."""
    if future.done():
        return True
    settled = threading.Lock()
    settled.acquire()
    future.add_callback(lambda _: settled.release())
    while not settled.acquire(timeout=LOOK):
        if gone is not None and gone():
            request.gone = True
            return False
    return True


def _send(
    start_response: StartResponse, answer: Answer, method: str, extra: tuple[tuple[str, str], ...], compress: bool
) -> Iterable[bytes]:
    headers = [*((name, _latin(one_line(value))) for name, value in answer.headers), *extra]
    body = answer.body
    if compress:
        body = gzip(body)
        headers.append(("Content-Encoding", "gzip"))
    headers.append(("Content-Length", str(len(body))))
    start_response(_reason(answer.status), headers)
    return [] if method == "HEAD" else [body]


def _latin(value: str) -> str:
    """A header's value as WSGI takes it."""
    return value if value.isascii() else value.encode("latin-1", "replace").decode("latin-1")


def _reason(status: int) -> str:
    return REASONS.get(status) or f"{status} status code {status}"
