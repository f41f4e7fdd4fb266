"""Synchronous responses as answers to requests."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

from headwater.bloblang.errors import BloblangError
from headwater.bloblang.gonumbers import NumberError, parse_decimal_int
from headwater.components.content_types import sniff
from headwater.components.http_requests import encode_multipart
from headwater.components.inputs._http_calls import canonical
from headwater.components.metadata_filter import MetadataFilter
from headwater.config.view import Config
from headwater.endpoints import Response
from headwater.message import Batch, Message
from headwater.telemetry.logs import Log


class SyncResponses:
    """How the messages that `sync_response` left with a caller are sent to him.

    Args:
        config: The object `sync_response`.
    """

    def __init__(self, config: Config, log: Log) -> None:
        self._status = config.interpolated("status")
        headers = config.interpolations("headers")
        self._headers = [(canonical(name), value) for name, value in headers.items()]
        self._part_type: Any = None
        if config.given("headers"):
            self._part_type = dict(self._headers).get("Content-Type")
        self._metadata = MetadataFilter(config.object("metadata_headers"))
        self._log = log
        static = [(name, value.static) for name, value in self._headers]
        # The usual case needs no interpolation at all: one status, the same headers each time.
        self._static: list[tuple[str, str]] | None = None
        if self._status.static == "200" and all(value is not None for _, value in static) and not self._metadata:
            self._static = [(name, value or "") for name, value in static]

    # HOT: once a request
    def response(self, batches: Sequence[Batch]) -> Response:
        """The answer to a caller whose message was delivered."""
        if not batches:
            return Response(200)
        messages = batches[0] if len(batches) == 1 else [message for batch in batches for message in batch]
        if self._static is not None and len(messages) == 1:
            body = messages[0].content()
            if not self._headers:
                return Response(200, body, [("Content-Type", sniff(body))])
            return Response(200, body, self._static)
        return self._made(messages)

    def _made(self, messages: Batch) -> Response:
        headers: dict[str, str] = {}
        for name, value in self._headers:
            try:
                headers[name] = value.text(messages, 0)
            except BloblangError as error:
                self._log.error(f"Interpolation of response header {name} error: {error}")
        status = 200
        try:
            status = parse_decimal_int(self._status.text(messages, 0))
        except BloblangError as error:
            self._log.error(f"Interpolation of response status code error: {error}")
            return _without_status()
        except NumberError as error:
            self._log.error(f"Failed to parse sync response status code expression: {error}")
            return _without_status()
        for message in messages:
            for name, shown in self._metadata.items(message):
                headers[canonical(name)] = shown
        if len(messages) == 1:
            body = messages[0].content()
            headers.setdefault("Content-Type", sniff(body))
            return Response(status, body, list(headers.items()))
        boundary = secrets.token_hex(30)
        body = encode_multipart(
            [
                ([("Content-Type", self._type(messages, index))], message.content())
                for index, message in enumerate(messages)
            ],
            boundary,
        )
        headers["Content-Type"] = f"multipart/form-data; boundary={boundary}"
        return Response(status, body, list(headers.items()))

    def _type(self, messages: Sequence[Message], index: int) -> str:
        """The type of a part: as configured, or as it looks."""
        if self._part_type is not None:
            try:
                return str(self._part_type.text(messages, index))
            except BloblangError as error:
                self._log.error(f"Interpolation of response header Content-Type error: {error}")
        return sniff(messages[index].content())


def _without_status() -> Response:
    """The answer where the status cannot be told."""
    return Response(502, b"", [("Content-Type", "application/octet-stream")])
