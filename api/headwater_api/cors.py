"""Cross-origin requests: the layer in front of everything that answers preflights and marks answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from headwater_api.answers import Answer
from headwater_api.settings import CorsSettings

SIMPLE_METHODS: Final = frozenset({"GET", "HEAD", "POST"})
SIMPLE_HEADERS: Final = frozenset({"accept", "accept-language", "content-language", "origin"})

Header = Callable[[str], str | None]
"""The value of a request's header by its lower case name, or None."""


class Cors:
    """Answers preflights, and knows what to add to other answers."""

    def __init__(self, settings: CorsSettings) -> None:
        self._origins = frozenset(settings.allowed_origins)
        self._any = "*" in self._origins
        self._methods = frozenset(settings.allowed_methods)
        self._headers = frozenset(name.lower() for name in settings.allowed_headers)
        self._vary = len(settings.allowed_origins) > 1

    def headers(self, origin: str | None) -> tuple[tuple[str, str], ...]:
        """What to add to the answer for a caller from an origin."""
        if not origin or not (self._any or origin in self._origins):
            return ()
        allowed = ("Access-Control-Allow-Origin", "*" if self._any else origin)
        return (("Vary", "Origin"), allowed) if self._vary else (allowed,)

    def preflight(self, header: Header) -> Answer:
        """The answer to an OPTIONS request."""
        added = self.headers(header("origin"))
        if not added:
            return Answer(200)
        method = header("access-control-request-method")
        if method is None:
            return Answer(400)
        if method not in self._methods:
            return Answer(405)
        asked = [name.strip().lower() for name in (header("access-control-request-headers") or "").split(",")]
        special = [name for name in asked if name and name not in SIMPLE_HEADERS]
        if any(name not in self._headers for name in special):
            return Answer(403)
        if special:
            added += (("Access-Control-Allow-Headers", ",".join(_canonical(name) for name in special)),)
        if method not in SIMPLE_METHODS:
            added += (("Access-Control-Allow-Methods", method),)
        return Answer(200, b"", added)


def _canonical(name: str) -> str:
    return "-".join(part.capitalize() for part in name.split("-"))
