"""uvicorn's HTTP protocol, and what its parser does not let through or does not tell: verbs of any name, facts about
the TLS connection, callers who hang up."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from headwater.endpoints import Response
from headwater_api.servers.asgi import Asgi
from headwater_api.servers.direct import SMALL, DirectCycle, split_target

KNOWN: Final = frozenset(
    (
        b"GET POST PUT DELETE HEAD OPTIONS PATCH CONNECT TRACE COPY LOCK MKCOL MOVE PROPFIND PROPPATCH SEARCH UNLOCK "
        b"BIND REBIND UNBIND ACL REPORT MKACTIVITY CHECKOUT MERGE M-SEARCH NOTIFY SUBSCRIBE UNSUBSCRIBE PURGE "
        b"MKCALENDAR LINK UNLINK SOURCE QUERY"
    ).split()
)
"""Verbs that the parser takes; others go by its back as POST."""

_TOKEN: Final = frozenset(b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
_quiet = logging.Logger("headwater.http", logging.CRITICAL)


class SocketProtocol(WebSocketsSansIOProtocol):
    """A connection that has become a websocket."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.logger = self.conn.logger = _quiet


class Protocol(HttpToolsProtocol):
    """One connection."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.asgi: Asgi = self.app
        self.logger = _quiet
        self.access_log = False
        self._between = True
        self._heard = self.loop.time()
        self._verb = ""
        self._direct: DirectCycle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Note what is known of TLS."""
        super().connection_made(transport)
        tls = transport.get_extra_info("ssl_object")
        if tls is not None:
            cipher = tls.cipher()
            facts = {"version": tls.version() or "", "cipher_suite": cipher[0] if cipher else "", "subject": ""}
            self.app_state = {**self.app_state, "tls": facts}

    def data_received(self, data: bytes) -> None:
        """Take bytes; an unknown verb at the beginning of a request is kept aside."""
        self._heard = self.loop.time()
        if self._between:
            end = data.find(b" ", 0, 64)
            verb = data[:end]
            if end > 0 and verb not in KNOWN and _TOKEN.issuperset(verb):
                self._verb = verb.decode()
                data = b"POST" + data[end:]
        super().data_received(data)

    def give_up(self, since: float) -> None:
        """Close the connection if it owes the rest of a request, or all of its first, and was not heard since then."""
        owes = not self._between or self.cycle is None
        if owes and self._heard < since:
            self.transport.abort()

    def on_message_begin(self) -> None:
        """A request begins."""
        self._between = False
        self.url = b""
        self.headers = []
        self.expect_100_continue = False

    # HOT: once a request
    def on_headers_complete(self) -> None:
        """A request's head is there: choose its way."""
        self._direct = self._short_way()
        if self._direct is not None:
            self.cycle = self._direct  # type: ignore[assignment]
            return
        url, headers, expects = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, self.expect_100_continue = url, expects
        self.headers += headers
        super().on_headers_complete()
        if self._verb:
            self.scope["method"] = self._verb
            self._verb = ""

    def _short_way(self) -> DirectCycle | None:
        """The request on the short way, where it is plain enough."""
        previous = self.cycle
        if self.expect_100_continue or (previous is not None and not previous.response_complete):
            return None
        target = split_target(self.url)
        found = self.asgi.direct(target[0]) if target is not None else None
        if target is None or found is None or self.parser.should_upgrade():
            return None
        compress = False
        headers = []
        for name, value in self.headers:
            if name == b"transfer-encoding" or (name == b"content-length" and int(value) > SMALL):
                return None
            if name == b"accept-encoding":
                compress = b"gzip" in value
            headers.append((name.decode("latin-1"), value.decode("latin-1")))
        verb = self._verb or self.parser.get_method().decode("ascii")
        self._verb = ""
        keep_alive = self.parser.get_http_version() != "1.0" and self.parser.should_keep_alive()
        cycle = DirectCycle(self, found, verb, headers, target[1], keep_alive)
        cycle.compress = compress
        return cycle

    def on_body(self, body: bytes) -> None:
        """A part of the body is there."""
        if self._direct is not None:
            self._direct.body += body
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """A request ends."""
        self._between = True
        cycle, self._direct = self._direct, None
        if cycle is not None:
            cycle.ask()
        else:
            super().on_message_complete()

    def go_the_long_way(self, response: Response, compress: bool) -> None:
        """Answer in pieces, as ASGI does it."""
        direct = self.cycle
        cycle = RequestResponseCycle(
            scope={"method": "GET", "headers": [], "http_version": "1.1"},  # type: ignore[typeddict-item]
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=False,
            keep_alive=direct.keep_alive,
            on_response=self.on_response_complete,
        )
        cycle.more_body = False
        cycle.message_event.set()
        self.cycle = cycle

        async def pieces(scope: Any, receive: Any, send: Any) -> None:
            await receive()  # the body, which was read long ago
            await self.asgi.pieces(response, compress, receive, send)

        task = self.loop.create_task(cycle.run_asgi(pieces))
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the component that its caller is gone."""
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            request: Any = cycle.scope.get("headwater.request")
            if request is not None:
                request.gone = True
        super().connection_lost(exc)
