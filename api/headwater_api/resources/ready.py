"""`/ready` and `/{stream}/ready`: whether all, or one stream's, inputs and outputs are connected."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, ClassVar, Final

import falcon
import orjson

from headwater.errors import StreamNotFound
from headwater.runtime.events import Event
from headwater.system import StreamSystem
from headwater_api.answers import JSON, NO_PAGE, PLAIN, Answer, page
from headwater_api.operations import NO_STREAM, Operation, Operations, Reply, plain, ref
from headwater_api.resources.base import AnyVerb, send

REMEMBERED: Final = 1_000
"""Deleted streams that are still told from those that there never were."""


class Ready(AnyVerb):
    """The readiness of all running streams."""

    operations: ClassVar[Operations] = {
        "get": Operation(
            "See whether all running streams are connected.",
            {200: plain("They are."), 503: plain("These are not; or the service is being stopped.")},
        )
    }

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

    operations: ClassVar[Operations] = {
        "get": Operation(
            "See whether a stream is connected.",
            {
                200: Reply("It is.", {JSON: ref("Connections")}),
                404: NO_STREAM,
                503: plain("It is not, or no more; an object in JSON. Or the service is being stopped."),
            },
        )
    }

    def __init__(self, system: StreamSystem, only: str | None = None) -> None:
        self._system = system
        self._only = only
        self._deleted: OrderedDict[str, None] = OrderedDict()
        system.events.subscribe(self._hear)

    def _hear(self, event: Event) -> None:
        if event.kind == "deleted":
            self._deleted[event.stream] = None
            if len(self._deleted) > REMEMBERED:
                self._deleted.popitem(last=False)

    def on_any(self, req: falcon.Request, resp: falcon.Response, **parameters: str) -> None:
        """200 or 503 with the state of each connection."""
        send(resp, self._answer(self._only if self._only is not None else parameters["stream"]))

    def _answer(self, stream: str) -> Answer:
        try:
            statuses = self._system.stream_ready(stream)
            active = self._system.read(stream).active
        except StreamNotFound:
            if stream not in self._deleted:
                return NO_PAGE
            statuses, active = [], False
        shown: dict[str, Any] = {} if active else {"error": "stream terminated"}
        shown["statuses"] = [_shown(status, active) for status in statuses]
        if active and all(status["connected"] for status in statuses):
            return page(200, orjson.dumps(shown) + b"\n", JSON)
        return page(503, orjson.dumps(shown) + b"\n", PLAIN)


def _shown(status: dict[str, Any], active: bool) -> dict[str, Any]:
    """A connection's state, in the order in which callers know it."""
    shown = {"label": status["label"], "path": status["path"], "connected": active and status["connected"]}
    if active and status.get("error"):
        shown["error"] = str(status["error"])
    return shown
