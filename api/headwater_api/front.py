"""What every request passes before somebody answers it, whatever the server: shutdown, other origins, clean paths,
credentials."""

from __future__ import annotations

from collections.abc import Callable

from headwater_api.answers import CLOSING, Answer
from headwater_api.auth import BasicAuth
from headwater_api.cors import Cors, Header
from headwater_api.paths import cleaned, location
from headwater_api.settings import HttpSettings


class Front:
    """The checks, in the order in which a request meets them.

    Args:
        settings: The `http` section.
        closing: Whether the system is being stopped.
    """

    def __init__(self, settings: HttpSettings, closing: Callable[[], bool]) -> None:
        self.settings = settings
        self.closing = closing
        self.cors = Cors(settings.cors) if settings.cors.enabled else None
        self.auth = BasicAuth(settings.basic_auth) if settings.basic_auth.enabled else None

    def arrive(self, method: str, path: str, query: str, header: Header, mounted: str = "") -> Answer | None:
        """An answer for those who get no further, else None. Before routing.

        Args:
            mounted: What a host application has cut off in front of the path.
        """
        if self.closing():
            return CLOSING
        if self.cors is not None and method == "OPTIONS":
            return self.cors.preflight(header)
        tidy = cleaned(path)
        if tidy is not None:
            return Answer(301, b"", (("Location", location(mounted + tidy, query)),))
        return None

    def admit(self, header: Header) -> Answer | None:
        """A refusal for those without the right credentials, else None. After routing: what is not there is not
        guarded.
        """
        return None if self.auth is None else self.auth.check(header("authorization") or "")

    def extra_headers(self, method: str, header: Header) -> tuple[tuple[str, str], ...]:
        """What is added to every answer, except to preflights, which say all there is to say themselves."""
        return () if self.cors is None or method == "OPTIONS" else self.cors.headers(header("origin"))
