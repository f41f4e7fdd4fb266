"""Processor `http`: replaces messages by what a server answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headwater import tasks
from headwater.components.catalogue import component
from headwater.components.contracts import Processor
from headwater.components.http_client import HttpClient, UnexpectedStatus
from headwater.components.http_requests import answered
from headwater.config.fields import boolean, spec
from headwater.config.http_fields import http_client_fields
from headwater.errors import ComponentError

if TYPE_CHECKING:
    from headwater.components.resources import Resources
    from headwater.config.view import Config
    from headwater.message import Batch, Message

SPEC = spec(
    "processor",
    "http",
    *http_client_fields("POST"),
    boolean(
        "batch_as_multipart",
        "Send a batch as one request with a part for each message, instead of a request for each.",
        default=False,
        advanced=True,
    ),
    boolean("parallel", "Send the messages of a batch all at once.", default=False),
    categories=("Integration",),
    summary="Send messages to an HTTP server, and go on with its answers.",
    description=(
        "The status is kept in the metadata `http_status_code`. A message without a fine answer stays as it was, and "
        "is marked as failed."
    ),
    examples=(
        (
            "Looking something up",
            "pipeline:\n  processors:\n    - branch:\n        request_map: 'root.id = this.user.id'\n"
            "        processors:\n"
            "          - http:\n              url: http://example.com/users\n              verb: POST\n"
            "        result_map: 'root.user = this'\n",
        ),
    ),
)


@component(SPEC)
class Http(Processor):
    """One request a message, or a batch."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._client = HttpClient(config, resources)
        self._resources = resources
        self._url = config.text("url")
        self._together = config.boolean("batch_as_multipart")
        self._parallel = config.boolean("parallel")

    async def process(self, batch: Batch) -> list[Batch]:
        """Replace each message by the answer to it."""
        if self._together or len(batch) == 1:
            return [await self._send(batch)]
        if self._parallel:
            results = await tasks.gather(*(self._send_one(message) for message in batch))
        else:
            results = [await self._send_one(message) for message in batch]
        return [results]

    async def _send(self, batch: Batch) -> Batch:
        try:
            return answered(batch, await self._client.send(batch))
        except ComponentError as error:
            return [self._failed(message, error) for message in batch]

    async def _send_one(self, message: Message) -> Message:
        try:
            answers = await self._client.send([message])
            if len(answers) != 1:
                raise ComponentError(f"unexpected response size: {len(answers)}", "data")
        except ComponentError as error:
            return self._failed(message, error, "HTTP parallel request" if self._parallel else "HTTP request")
        return answered([message], answers)[0]

    def _failed(self, message: Message, error: ComponentError, words: str = "HTTP request") -> Message:
        if isinstance(error, UnexpectedStatus):
            message = message.with_metadata({**message.metadata, "http_status_code": error.status})
        return self._resources.failed(message, error, f"{words} to '{self._url}' failed: ")

    async def close(self) -> None:
        await self._client.close()
