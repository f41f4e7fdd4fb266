"""Input `http_client`: what a server answers, asked again and again or read from one answer without an end."""

from __future__ import annotations

from headwater import tasks
from headwater.acknowledge import Delivery
from headwater.components.catalogue import component
from headwater.components.contracts import Input
from headwater.components.http_client import HttpClient, HttpStream
from headwater.components.inputs._scanner_fields import scanner_fields
from headwater.components.resources import Resources
from headwater.components.scanning import Cutter, scanner_of
from headwater.config.fields import auto_replay_nacks, boolean, obj, spec
from headwater.config.http_fields import http_client_fields
from headwater.config.view import Config
from headwater.errors import EndOfInput, NotConnected
from headwater.message import Batch, Batches, Message

SPEC = spec(
    "input",
    "http_client",
    *http_client_fields("GET", payload_advanced=False),
    boolean("drop_empty_bodies", "Whether answers without a body are ignored.", default=True, advanced=True),
    obj(
        "stream",
        boolean("enabled", "Whether one answer is read bit by bit.", default=False),
        boolean("reconnect", "Whether to ask again when the answer has ended.", default=True),
        *scanner_fields(),
        description="For answers that do not end.",
        optional=True,
    ),
    auto_replay_nacks(),
    categories=("Network",),
    summary="Ask a server for messages, again and again, or read a stream of them from one answer.",
    description=(
        "The answer before is what interpolations see, so that pages can be followed. The parts of a multipart answer "
        "are one batch."
    ),
    examples=(
        (
            "Poll once a second",
            "input:\n  http_client:\n    url: https://example.com/next\n    rate_limit: often\n"
            "rate_limit_resources:\n  - label: often\n    local: { count: 1, interval: 1s }\n",
        ),
    ),
)


@component(SPEC)
class HttpClientInput(Input):
    """Polls, or reads one stream after the other."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._client = HttpClient(config, resources)
        self._log = resources.log
        self._drop_empty = config.boolean("drop_empty_bodies")
        stream = config.object("stream")
        self._streams = stream.boolean("enabled")
        self._reconnect = stream.boolean("reconnect")
        self._scanner = scanner_of(stream, resources) if self._streams else None
        self._previous: Batch = [Message(b"")]
        self._asking: tasks.Task[Batch] | None = None
        self._stream: HttpStream | None = None
        self._cutter: Cutter | None = None
        self._blocks = tasks.TaskGroup()

    async def connect(self) -> None:
        if self._scanner is None or self._cutter is not None:
            return
        stream = self._stream = await self._client.open(self._previous, with_body=False)

        async def block() -> bytes:
            return await stream.read() or b""

        self._cutter = Cutter(self._scanner.open(""), lambda: self._blocks.spawn(block(), "http stream", watched=True))

    async def read(self, limit: int) -> Delivery:
        if self._scanner is not None:
            return Delivery(await self._read_stream(limit))
        while True:
            # Kept, so that an answer is not lost when this read is given up.
            asking = self._asking
            if asking is None:
                asking = self._asking = tasks.spawn(self._ask(), "http poll", watched=True)
            try:
                batch = await asking
            finally:
                if asking.done():
                    self._asking = None
            if batch:
                return Delivery([batch])

    async def _ask(self) -> Batch:
        """The messages of the next answer; none where it is to be ignored."""
        batch = await self._client.send(self._previous, with_body=False)
        if len(batch) == 1 and self._drop_empty and not batch[0].content():
            return []
        if batch:
            self._previous = batch
        return batch

    async def _read_stream(self, limit: int) -> Batches:
        if self._cutter is None:
            raise NotConnected
        try:
            return await self._cutter.read(limit)
        except EndOfInput:
            failure = None if self._stream is None else self._stream.failure
            await self._drop()
            if failure is not None:
                self._log.error(f"Failed to read message: {failure}")
                raise failure from None
            if self._reconnect:
                raise NotConnected from None
            raise

    async def _drop(self) -> None:
        self._cutter = None
        stream, self._stream = self._stream, None
        if stream is not None:
            await stream.close()

    async def close(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
        self._blocks.cancel()
        await self._drop()
        await self._client.close()
