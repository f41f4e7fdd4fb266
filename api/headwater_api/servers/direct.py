"""The short way for requests to components: from the parser to the component and back to the socket, without a task.

Most requests of a busy service are plain ones to `http_server` inputs. They need nothing of ASGI: the protocol calls
the component as soon as the request is complete and writes the answer when its future is settled, in one piece. What is
not plain (large or chunked bodies, credentials, other origins, answers in pieces) goes the long way.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from headwater.endpoints import Request, Response
from headwater_api.answers import CLOSING, one_line, text
from headwater_api.compress import gzip

if TYPE_CHECKING:
    from headwater_api.components import Found
    from headwater_api.servers.protocol import Protocol

SMALL: Final = 1024 * 1024
"""Bytes of a body that goes the short way."""

STATUS_LINES: Final = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}


class _NoEvent:
    """In place of an event that nobody waits for."""

    def set(self) -> None:
        """Nothing to do."""


class DirectCycle:
    """One request under way; has what uvicorn's protocol asks of a cycle."""

    __slots__ = (
        "_found",
        "_headers",
        "_protocol",
        "_verb",
        "body",
        "compress",
        "disconnected",
        "keep_alive",
        "query",
        "request",
        "response_complete",
    )

    message_event: Final = _NoEvent()

    def __init__(
        self,
        protocol: Protocol,
        found: Found,
        verb: str,
        headers: list[tuple[str, str]],
        query: bytes,
        keep_alive: bool,
    ) -> None:
        self._protocol = protocol
        self._found = found
        self._verb = verb
        self._headers = headers
        self.query = query
        self.keep_alive = keep_alive
        self.compress = False
        self.body = b""
        self.disconnected = False
        self.response_complete = False
        self.request: Request | None = None

    @property
    def scope(self) -> dict[str, Any]:
        """What `Protocol.connection_lost` looks for."""
        return {"headwater.request": self.request}

    # HOT: once a request
    def ask(self) -> None:
        """The request is complete: put it to the component."""
        protocol = self._protocol
        path, endpoint, parameters = self._found
        client = protocol.client
        request = self.request = Request(
            self._verb,
            path,
            parameters,
            protocol.asgi.query(self.query) if self.query else (),
            self._headers,
            self.body,
            client[0] if client else "",
            protocol.app_state.get("tls") or {},
        )
        handler = endpoint.handler
        if handler is None:
            self._write(Response(CLOSING.status, CLOSING.body, CLOSING.headers))
            return
        try:
            future = handler(request)
        except Exception as error:
            self._crashed(error)
            return
        if future.done():
            self._answered(future)
        else:
            protocol.asgi.handover.when(future, self._answered)

    def _answered(self, future: Any) -> None:
        """On the event loop, once the future is settled."""
        if self.disconnected:
            if (error := future.error()) is None and future.result().closed is not None:
                future.result().closed()
            return
        error = future.error()
        if error is not None:
            self._crashed(error)
            return
        response: Response = future.result()
        if response.chunks is not None:
            self._protocol.go_the_long_way(response, self.compress)
        else:
            self._write(response)

    def _crashed(self, error: BaseException) -> None:
        self._protocol.asgi.log_crash(self._verb, self._found[0], error)
        failure = text(500, "Internal Server Error")
        self._write(Response(failure.status, failure.body, failure.headers))

    # HOT: once a request
    def _write(self, response: Response) -> None:
        protocol = self._protocol
        if protocol.transport.is_closing():  # what followed the request was no HTTP, and that was answered already
            self.response_complete = True
            return
        body = response.body
        lines = [
            STATUS_LINES.get(response.status) or b"HTTP/1.1 %d status code %d\r\n" % (response.status, response.status)
        ]
        lines += [b"%b: %b\r\n" % header for header in protocol.server_state.default_headers]
        for name, value in response.headers:
            lines.append(f"{name}: {one_line(value)}\r\n".encode("latin-1", "replace"))
        if self.compress:
            body = gzip(body)
            lines.append(b"content-encoding: gzip\r\n")
        close = b"" if self.keep_alive else b"connection: close\r\n"
        lines.append(b"content-length: %d\r\n%b\r\n" % (len(body), close))
        if self._verb != "HEAD":
            lines.append(body)
        protocol.transport.write(b"".join(lines))
        self.response_complete = True
        if not self.keep_alive:
            protocol.transport.close()
        protocol.on_response_complete()


def split_target(target: bytes) -> tuple[str, bytes] | None:
    """Decoded path and query of a request's target; None where it is no plain path."""
    if not target.startswith(b"/") or b"#" in target:
        return None
    raw, _, query = target.partition(b"?")
    try:
        path = raw.decode("ascii")
    except UnicodeDecodeError:
        return None
    return (unquote(path) if "%" in path else path), query
