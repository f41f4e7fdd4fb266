"""`/ready` and `/{stream}/ready`: whether all, or one stream's, inputs and outputs are connected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
import falcon

from headwater.errors import StreamNotFound
from headwater.system import StreamSystem
from headwater_api.answers import JSON, NO_PAGE, PLAIN, Answer, page
from headwater_api.resources.base import AnyVerb, send


class Ready(AnyVerb):
    """The readiness of all running streams."""

    def __init__(self, system: StreamSystem) -> None:
        self._system = system

    def on_any(self, req: falcon.Request, resp: falcon.Response, **parameters: str) -> None:
        """200 when all are connected, else 503 with the names of those that are not."""
        waiting = self._system.ready()
        if waiting:
            send(resp, page(503, f"streams {', '.join(waiting)} are not connected\n".encode()))
        else:
            send(resp, page(200, b"OK"))


class StreamReady(AnyVerb):
    """The readiness of one stream, connection by connection."""

    def __init__(self, system: StreamSystem, only: str | None = None) -> None:
        self._system = system
        self._only = only

    def on_any(self, req: falcon.Request, resp: falcon.Response, **parameters: str) -> None:
        """200 or 503 with the state of each connection."""
        send(resp, self._answer(self._only if self._only is not None else parameters["stream"]))

    def _answer(self, stream: str) -> Answer:
        try:
            statuses = [_plain(status) for status in self._system.stream_ready(stream)]
            active = self._system.read(stream).active
        except StreamNotFound:
            if not self._system.knew(stream):
                return NO_PAGE
            statuses, active = [], False
        shown: dict[str, Any] = {}
        if not active:
            shown["error"] = "stream terminated"
            statuses = [{**status, "connected": False} for status in statuses]
        shown["statuses"] = statuses
        ready = active and all(status["connected"] for status in statuses)
        body = orjson.dumps(shown) + b"\n"
        return page(200, body, JSON) if ready else page(503, body, PLAIN)


def _plain(status: Any) -> dict[str, Any]:
    """A connection's state in the order of the reference; the error only where there is one."""
    known: Mapping[str, Any] = status if isinstance(status, Mapping) else {
        key: getattr(status, key) for key in ("label", "path", "connected", "error")
    }
    shown = {"label": known["label"], "path": known["path"], "connected": known["connected"]}
    if known.get("error"):
        shown["error"] = str(known["error"])
    return shown
