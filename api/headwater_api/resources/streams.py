"""`/streams`: all streams, and the replacement of the whole set."""

from __future__ import annotations

from typing import ClassVar

import falcon

from headwater.durations import format_duration
from headwater.errors import HeadwaterError, LintRejection
from headwater.system import StreamStatus, StreamSystem
from headwater_api.answers import JSON, Answer, answer_for, json, text
from headwater_api.operations import CHILLED, DONE, REFUSED, TOO_LARGE, Operation, Operations, Reply, ref
from headwater_api.resources.base import Resource, body, chilled, send


class Streams(Resource):
    """The collection."""

    operations: ClassVar[Operations] = {
        "get": Operation(
            "List all streams.",
            {
                200: Reply(
                    "The streams by id.",
                    {JSON: {"type": "object", "additionalProperties": ref("StreamStatus")}},
                )
            },
        ),
        "post": Operation(
            "Replace the whole set: what is absent is deleted, what is there is updated, the rest is created.",
            {200: DONE, 400: REFUSED, 413: TOO_LARGE},
            CHILLED,
            ("The streams by id.", ref("StreamConfigs")),
        ),
    }

    def __init__(self, system: StreamSystem) -> None:
        self._system = system

    def unsupported(self, method: str) -> Answer:
        """The collection does not name the verb."""
        return text(400, "Error: method not supported")

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """List all streams."""
        send(resp, json({name: _entry(status) for name, status in self._system.list().items()}))

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Replace the set: what is absent is deleted, what is there is updated, the rest is created."""
        try:
            self._system.set_all(body(req), chilled=chilled(req))
        except LintRejection as error:
            for lint in error.lints:
                self._system.log.info(f"Streams request linting error: {lint}")
            raise
        except HeadwaterError as error:
            answer = answer_for(error)
            # Whatever failed of a set is a bad request.
            send(resp, answer if answer.status < 500 else text(400, f"Error: {error}"))


def _entry(status: StreamStatus) -> dict[str, object]:
    return {
        "active": status.active,
        "uptime": status.uptime_ns / 1e9,
        "uptime_str": format_duration(status.uptime_ns),
    }
