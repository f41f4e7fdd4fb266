"""What the resources of the API share: answers into Falcon's responses, verbs, query parameters, bodies."""

from __future__ import annotations

from typing import Any, ClassVar, Final
from urllib.parse import parse_qsl

import falcon

from headwater.durations import InvalidDuration, parse_duration
from headwater_api.answers import TOO_LARGE, Answer, text
from headwater_api.operations import Operations

BODY_LIMIT: Final = 10 * 1024 * 1024
"""Bytes of a configuration."""


def send(resp: falcon.Response, answer: Answer) -> None:
    """Give an answer."""
    resp.status = answer.status
    resp.data = answer.body
    for name, value in answer.headers:
        resp.set_header(name, value)


class Refused(Exception):
    """Ends a responder with an answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


class Resource:
    """A resource that answers other verbs than its own with 400, as the API has it (and not with 405).

    Attributes:
        operations: What each verb does, for the description of the API.
    """

    operations: ClassVar[Operations] = {}

    def unsupported(self, method: str) -> Answer:
        """The answer to a verb that there is no responder for."""
        return text(400, f"Error: verb not supported: {method}")


class AnyVerb:
    """A resource that looks at no verb: `on_any` answers all of them.

    Attributes:
        operations: What it does, for the description of the API: as GET, which callers will use.
    """

    operations: ClassVar[Operations] = {}

    def on_any(self, req: falcon.Request, resp: falcon.Response, **parameters: str) -> None:
        """Answer."""
        raise NotImplementedError


def query(req: falcon.Request, name: str) -> str | None:
    """The first value of a query parameter."""
    pairs = parse_qsl(req.query_string, keep_blank_values=True)
    return next((value for key, value in pairs if key == name), None)


def chilled(req: falcon.Request) -> bool:
    """Whether lints are to be overlooked."""
    return query(req, "chilled") == "true"


def timeout(req: falcon.Request) -> float | None:
    """Seconds within which the old stream must have stopped; None where the caller does not say (or not so that one
    understands).
    """
    asked = query(req, "timeout")
    if asked is None:
        return None
    try:
        return max(0.0, parse_duration(asked) / 1e9)
    except InvalidDuration:
        return None


def body(req: falcon.Request) -> bytes:
    """The whole body. Raises: Refused when it is too large."""
    stream: Any = req.stream if req.env.get("wsgi.input_terminated") else req.bounded_stream
    if (req.content_length or 0) > BODY_LIMIT:
        raise Refused(TOO_LARGE)
    data: bytes = stream.read(BODY_LIMIT + 1)
    if len(data) > BODY_LIMIT:
        raise Refused(TOO_LARGE)
    return data
