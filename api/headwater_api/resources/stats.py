"""`/streams/{id}/stats`: the figures of one stream."""

from __future__ import annotations

from typing import ClassVar

import falcon

from headwater.system import StreamSystem
from headwater_api.answers import JSON, json
from headwater_api.operations import NO_STREAM, Operation, Operations, Reply
from headwater_api.resources.base import Resource, send


class StreamStats(Resource):
    """A stream's counters and timings as a nested object."""

    operations: ClassVar[Operations] = {
        "get": Operation(
            "Show the figures of a stream.",
            {200: Reply("Counters and timings.", {JSON: {"type": "object"}}), 404: NO_STREAM},
        )
    }

    def __init__(self, system: StreamSystem) -> None:
        self._system = system

    def on_get(self, req: falcon.Request, resp: falcon.Response, stream: str) -> None:
        """Show the stats; those of a finished stream stay as they were."""
        send(resp, json(self._system.stats(stream)))
