"""`/streams/{id}`: one stream."""

from __future__ import annotations

from typing import ClassVar

import falcon
import orjson

from headwater.documents import encode_document
from headwater.durations import format_duration
from headwater.errors import BuildError, HeadwaterError, LintRejection
from headwater.system import StreamSystem
from headwater_api.answers import JSON, answer_for, page
from headwater_api.operations import (
    CHILLED,
    DONE,
    FAILED,
    NO_PAGE,
    NO_STREAM,
    REFUSED,
    TIMEOUT,
    TOO_LARGE,
    Operation,
    Operations,
    Reply,
    ref,
)
from headwater_api.resources.base import Resource, body, chilled, send, timeout

_CONFIG = ("The stream's configuration.", ref("StreamConfig"))


class Stream(Resource):
    """A stream by its id."""

    operations: ClassVar[Operations] = {
        "get": Operation(
            "Show a stream and its configuration.",
            {200: Reply("The stream.", {JSON: ref("Stream")}), 404: NO_STREAM},
        ),
        "post": Operation(
            "Create a stream.",
            {200: DONE, 400: REFUSED, 404: NO_PAGE, 413: TOO_LARGE, 502: FAILED},
            CHILLED,
            _CONFIG,
        ),
        "put": Operation(
            "Replace a stream; the new one is built and checked before the old one stops.",
            {200: DONE, 400: REFUSED, 404: NO_STREAM, 413: TOO_LARGE, 502: FAILED},
            {**CHILLED, **TIMEOUT},
            _CONFIG,
        ),
        "patch": Operation(
            "Merge a document into a stream's configuration and restart it.",
            {200: DONE, 400: REFUSED, 404: NO_STREAM, 413: TOO_LARGE, 502: FAILED},
            TIMEOUT,
            ("What is to change.", {"type": "object"}),
        ),
        "delete": Operation("Stop a stream and remove it.", {200: DONE, 404: NO_STREAM, 502: FAILED}, TIMEOUT),
    }

    def __init__(self, system: StreamSystem) -> None:
        self._system = system

    def on_get(self, req: falcon.Request, resp: falcon.Response, stream: str) -> None:
        """Show a stream and its configuration."""
        status = self._system.read(stream)
        head = orjson.dumps(
            {
                "active": status.active,
                "uptime": status.uptime_ns / 1e9,
                "uptime_str": format_duration(status.uptime_ns),
            }
        )
        send(resp, page(200, head[:-1] + b',"config":' + encode_document(status.config) + b"}", JSON))

    def on_post(self, req: falcon.Request, resp: falcon.Response, stream: str) -> None:
        """Create a stream."""
        with _Reported(self._system, stream):
            self._system.create(stream, body(req), chilled=chilled(req))

    def on_put(self, req: falcon.Request, resp: falcon.Response, stream: str) -> None:
        """Replace a stream."""
        with _Reported(self._system, stream):
            self._system.replace(stream, body(req), chilled=chilled(req), timeout=timeout(req))

    def on_patch(self, req: falcon.Request, resp: falcon.Response, stream: str) -> None:
        """Merge a document into a stream's configuration and restart it."""
        with _Reported(self._system, stream):
            self._system.patch(stream, body(req), timeout=timeout(req))

    def on_delete(self, req: falcon.Request, resp: falcon.Response, stream: str) -> None:
        """Stop and remove a stream."""
        with _Reported(self._system, stream):
            self._system.delete(stream, timeout=timeout(req))


class _Reported:
    """Writes refused configurations and failures to the log."""

    def __init__(self, system: StreamSystem, stream: str) -> None:
        self._log = system.log
        self._stream = stream

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, LintRejection):
            for lint in error.lints:
                self._log.info(f"Stream '{self._stream}' config: {lint}")
        elif isinstance(error, BuildError) or (isinstance(error, HeadwaterError) and answer_for(error).status >= 500):
            self._log.error(f"Streams CRUD Error: {error}")
