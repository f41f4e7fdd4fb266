"""Output `http_client`: messages as HTTP requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headwater.components.catalogue import component
from headwater.components.contracts import Output
from headwater.components.http_client import HttpClient
from headwater.components.http_requests import answered
from headwater.components.responses import respond
from headwater.components.single_writes import write_each
from headwater.config.fields import batch_policy, boolean, interpolated, max_in_flight, objects, spec
from headwater.config.http_fields import http_client_fields

if TYPE_CHECKING:
    from headwater.components.resources import Resources
    from headwater.config.view import Config
    from headwater.message import Batch

SPEC = spec(
    "output",
    "http_client",
    *http_client_fields("POST"),
    boolean(
        "batch_as_multipart",
        "Send a batch as one request with a part for each message, instead of a request for each.",
        default=False,
        advanced=True,
    ),
    boolean(
        "propagate_response",
        "Give the response back to the input, as `sync_response` does.",
        default=False,
        advanced=True,
    ),
    max_in_flight(64),
    batch_policy("batching"),
    objects(
        "multipart",
        interpolated("content_type", "The part's content type.", default="", advanced=True),
        interpolated("content_disposition", "The part's disposition.", default="", advanced=True),
        interpolated("body", "The part's content.", default="", advanced=True),
        description="Parts of a multipart body that is made for each message.",
        default=[],
        advanced=True,
    ),
    categories=("Network",),
    summary="Send messages to an HTTP server.",
    description=(
        "A response with a status of 2xx acknowledges a message. Other responses are tried again as often as `retries` "
        "says, then the message is rejected."
    ),
    examples=(
        (
            "Posting documents",
            "output:\n  http_client:\n    url: https://example.com/${! this.kind }\n    headers:\n"
            "      Content-Type: application/json\n",
        ),
    ),
)


@component(SPEC)
class HttpClientOutput(Output):
    """One request a message, or a batch."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._client = HttpClient(config, resources)
        self._together = config.boolean("batch_as_multipart")
        self._propagate = config.boolean("propagate_response")
        self.max_in_flight = config.integer("max_in_flight")

    async def write(self, batch: Batch) -> None:
        if self._together:
            await self._send(batch)
        else:
            await write_each(batch, self._write_one)

    async def _write_one(self, batch: Batch, index: int) -> None:
        await self._send([batch[index]])

    async def _send(self, batch: Batch) -> None:
        answer = await self._client.send(batch)
        if self._propagate:
            respond(answered(batch, answer))

    async def close(self) -> None:
        await self._client.close()
