"""Cross-origin requests to an address of a component's own."""

from __future__ import annotations

from collections.abc import Callable

from headwater.config.view import Config
from headwater.endpoints import Request, Response
from headwater.errors import ConfigError

SIMPLE_METHODS = frozenset(("GET", "HEAD", "POST"))


class Cors:
    """Who may send requests from where.

    Args:
        config: The object `cors`.

    Raises:
        ConfigError: It is enabled for nobody.
    """

    def __init__(self, config: Config) -> None:
        self.enabled = config.boolean("enabled")
        self._origins = config.texts("allowed_origins")
        self._headers = config.texts("allowed_headers")
        self._methods = config.texts("allowed_methods")
        if self.enabled and not self._origins:
            raise ConfigError("must specify at least one allowed origin")

    def _origin(self, request: Request) -> str:
        """What is said of an origin: itself, `*`, or nothing when it may not."""
        origin = request.header("origin")
        if not origin:
            return ""
        if "*" in self._origins:
            return "*"
        return origin if origin in self._origins else ""

    def preflight(self, request: Request) -> Response | None:
        """The answer to a browser that asks first; None for all other requests."""
        method = request.header("access-control-request-method")
        if request.method != "OPTIONS" or not request.header("origin"):
            return None
        allowed = self._origin(request)
        if not method:
            return Response(400)
        if method not in self._methods:
            return Response(405)
        if not allowed:
            return Response(200)
        headers = [("Access-Control-Allow-Origin", allowed)]
        if method not in SIMPLE_METHODS:
            headers.append(("Access-Control-Allow-Methods", method))
        asked = [name.strip() for name in request.header("access-control-request-headers").split(",") if name.strip()]
        known = {name.lower() for name in self._headers} | {"accept", "accept-language", "content-language", "origin"}
        if any(name.lower() not in known for name in asked):
            return Response(403)
        if asked:
            headers.append(("Access-Control-Allow-Headers", ",".join(asked)))
        return Response(200, b"", headers)

    def decorator(self, request: Request) -> Callable[[Response], Response] | None:
        """Adds to an answer that its origin may read it."""
        allowed = self._origin(request)
        if not allowed:
            return None

        def decorate(response: Response) -> Response:
            return Response(
                response.status,
                response.body,
                [*response.headers, ("Access-Control-Allow-Origin", allowed)],
                response.chunks,
                response.closed,
            )

        return decorate
