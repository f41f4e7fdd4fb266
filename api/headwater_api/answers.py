"""Answers in the words of the streams API, and the one table that maps errors to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import orjson

from headwater.errors import (
    BuildError,
    ConfigError,
    HeadwaterError,
    LintRejection,
    StreamExists,
    StreamNotFound,
)

Headers = list[tuple[str, str]]

PLAIN: Final = "text/plain; charset=utf-8"
JSON: Final = "application/json"


_BREAKS: Final = str.maketrans("\r\n\0", "   ")


def one_line(value: str) -> str:
    """A header's value without line breaks, whatever a component put in it."""
    return value if value.isprintable() else value.translate(_BREAKS)


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers and body; an empty body has no content type."""

    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


def text(status: int, body: str) -> Answer:
    """A message of the server's own, as plain text with its line ended."""
    return Answer(status, body.encode() + b"\n", (("Content-Type", PLAIN), ("X-Content-Type-Options", "nosniff")))


def page(status: int, body: bytes, content_type: str = PLAIN) -> Answer:
    """Content."""
    return Answer(status, body, (("Content-Type", content_type),))


def json(body: Any, status: int = 200) -> Answer:
    """A document, compact and with sorted keys."""
    return page(status, orjson.dumps(body, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS), JSON)


def _lints(error: LintRejection) -> Answer:
    return page(400, orjson.dumps({"lint_errors": list(error.lints)}), JSON)


NO_PAGE: Final = text(404, "404 page not found")
CLOSING: Final = text(503, "Service unavailable")
TOO_LARGE: Final = text(413, "Error: request body is larger than the limit of this server")
BUSY: Final = text(
    503,
    "Too many requests are waiting for their messages to be delivered; serve with uvicorn (--server uvicorn) "
    "to let thousands wait, or come again later",
)
NO_WEBSOCKETS: Final = text(
    501,
    "This server does not speak websockets; start with --server uvicorn, or set http.server to uvicorn, to use them",
)

ANSWERS: Final[tuple[tuple[type[HeadwaterError], Callable[[Any], Answer]], ...]] = (
    (LintRejection, _lints),
    (StreamNotFound, lambda error: text(404, "Stream not found")),
    (StreamExists, lambda error: text(400, "Stream already exists")),
    (BuildError, lambda error: text(502, f"Error: {error}")),
    (ConfigError, lambda error: text(400, f"Error: {error}")),
    (HeadwaterError, lambda error: text(502, f"Error: {error}")),
)
"""Errors and what is answered; the first that fits counts."""


def answer_for(error: HeadwaterError) -> Answer:
    """What a caller is told of an error."""
    return next(answer(error) for kind, answer in ANSWERS if isinstance(error, kind))
