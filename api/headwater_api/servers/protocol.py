"""uvicorn's HTTP protocol, and what its parser does not let through or does not tell: verbs of any name, facts about
the TLS connection, callers who hang up."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

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


class Protocol(HttpToolsProtocol):
    """One connection."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.logger = _quiet
        self.access_log = False
        self._between = True
        self._verb = ""

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
        if self._between:
            end = data.find(b" ", 0, 64)
            verb = data[:end]
            if end > 0 and verb not in KNOWN and _TOKEN.issuperset(verb):
                self._verb = verb.decode()
                data = b"POST" + data[end:]
        super().data_received(data)

    def on_message_begin(self) -> None:
        """A request begins."""
        self._between = False
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """A request's head is there: give it its verb back."""
        super().on_headers_complete()
        if self._verb:
            self.scope["method"] = self._verb
            self._verb = ""

    def on_message_complete(self) -> None:
        """A request ends."""
        self._between = True
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the component that its caller is gone."""
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            request: Any = cycle.scope.get("headwater.request")
            if request is not None:
                request.gone = True
        super().connection_lost(exc)
