"""What components offer over HTTP: a table of paths that knows no web server.

A component registers a path with a function from a `Request` to a future `Response`; whoever serves HTTP looks paths up
here. Registering a path again replaces its handler, until that is withdrawn. A stopped component leaves its path
refused.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from headwater.tasks import Future

PARAMETER = re.compile(r"\{([^{}/]+)\}")


@dataclass(slots=True)
class Request:
    """A request to a component.

    Attributes:
        method: The verb, such as ``POST``.
        path: The decoded path as asked for, with the root path where that was used.
        parameters: The path's named segments, percent-decoded.
        query: Names and values of the query string, decoded, in order.
        headers: Names in lower case and values, in order.
        body: The whole body.
        remote: Address of the caller, without its port.
        tls: Facts about the TLS connection, if any: version, cipher_suite, subject.
        gone: Set by the server once the caller has gone away: nobody will read the answer.
    """

    method: str
    path: str
    parameters: Mapping[str, str]
    query: Sequence[tuple[str, str]]
    headers: Sequence[tuple[str, str]]
    body: bytes
    remote: str = ""
    tls: Mapping[str, str] = field(default_factory=dict)
    gone: bool = False

    def header(self, name: str) -> str:
        """The first value of a header, or an empty text."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key == wanted), "")


@dataclass(slots=True)
class Response:
    """The answer of a component.

    Attributes:
        chunks: For answers without an end: called again and again for the next piece, None ends it. `body` is ignored
            then.
        closed: Called once when the caller of a chunked answer is gone.
    """

    status: int = 200
    body: bytes = b""
    headers: Sequence[tuple[str, str]] = ()
    chunks: Callable[[], Future[bytes | None]] | None = None
    closed: Callable[[], None] | None = None


class Socket(Protocol):
    """A websocket as a component sees it; methods may be called from any thread."""

    request: Request

    def send(self, data: bytes | str) -> Future[None]:
        """Send a frame; the future fails when the peer is gone."""

    def receive(self) -> Future[bytes | str]:
        """The next frame; fails with `Closed` when the peer is gone."""

    def close(self, code: int = 1000, reason: str = "") -> None:
        """End the connection."""


Handler = Callable[[Request], Future[Response]]
SocketHandler = Callable[[Socket], Future[None]]
"""Runs a websocket; the connection is closed when its future is settled."""


@dataclass(slots=True)
class Endpoint:
    """A path and who answers for it; `owner` is the stream, or an empty text."""

    path: str
    description: str
    handler: Handler | None = None
    socket_handler: SocketHandler | None = None
    owner: str = ""
    disabled: bool = False
    _pattern: re.Pattern[str] | None = None
    _previous: Endpoint | None = None

    def __post_init__(self) -> None:
        if PARAMETER.search(self.path):
            parts = PARAMETER.split(self.path)
            names = [f"p{index}" for index in range(len(parts) // 2)]
            text = re.escape(parts[0])
            for name, literal in zip(names, parts[2::2], strict=True):
                text += f"(?P<{name}>[^/]+)" + re.escape(literal)
            self._pattern = re.compile(text)

    def match(self, path: str) -> Mapping[str, str] | None:
        """The path parameters if the path is this one's."""
        if self._pattern is None:
            return None
        found = self._pattern.fullmatch(path)
        if found is None:
            return None
        return dict(zip(PARAMETER.findall(self.path), found.groups(), strict=True))


REFUSED: Final = 4096
"""Paths of stopped components that are remembered, to be refused instead of unknown."""


class Endpoints:
    """The table of all paths that components answer for. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._exact: dict[str, Endpoint] = {}
        self._patterns: dict[str, Endpoint] = {}
        self._prefixes: dict[str, Endpoint] = {}
        self._refused: dict[str, Endpoint] = {}

    def register(self, endpoint: Endpoint) -> None:
        """Take a path; the last to register it has it, until it is withdrawn."""
        with self._lock:
            table = self._table(endpoint)
            previous = table.pop(endpoint.path, None)
            if previous is not None and not previous.disabled:
                endpoint._previous = previous
            table[endpoint.path] = endpoint

    def _table(self, endpoint: Endpoint) -> dict[str, Endpoint]:
        if endpoint._pattern is not None:
            return self._patterns
        if endpoint.path.endswith("/") and len(endpoint.path) > 1:
            return self._prefixes
        return self._exact

    def withdraw(self, endpoint: Endpoint) -> None:
        """Give a path up: whoever had it before has it again, or else it is refused from now on.

        So many refused paths are remembered and no more, the oldest are forgotten first.
        """
        with self._lock:
            endpoint.disabled = True
            endpoint.handler = endpoint.socket_handler = None  # nothing of the component is held any longer
            table = self._table(endpoint)
            if table.get(endpoint.path) is not endpoint:
                return
            previous = endpoint._previous
            while previous is not None and previous.disabled:
                previous = previous._previous
            endpoint._previous = None
            if previous is not None:
                table[endpoint.path] = previous
                return
            self._refused[endpoint.path] = endpoint
            while len(self._refused) > REFUSED:
                path = next(iter(self._refused))
                oldest = self._refused.pop(path)
                if self._table(oldest).get(path) is oldest:
                    del self._table(oldest)[path]

    def remove(self, endpoint: Endpoint) -> None:
        """Forget a path, unless somebody else has it by now: for what was never opened."""
        with self._lock:
            table = self._table(endpoint)
            if table.get(endpoint.path) is endpoint:
                del table[endpoint.path]

    def find(self, path: str) -> tuple[Endpoint, Mapping[str, str]] | None:
        """Who answers for a decoded path, and its parameters."""
        found = self._exact.get(path)
        if found is not None:
            return found, {}
        with self._lock:
            patterns = list(self._patterns.values())
            prefixes = list(self._prefixes.values())
        for endpoint in patterns:
            parameters = endpoint.match(path)
            if parameters is not None:
                return endpoint, parameters
        for endpoint in sorted(prefixes, key=lambda item: -len(item.path)):
            if path.startswith(endpoint.path) and len(path) > len(endpoint.path):
                return endpoint, {}
        return None

    def __iter__(self) -> Iterator[Endpoint]:
        with self._lock:
            entries = [*self._exact.values(), *self._patterns.values(), *self._prefixes.values()]
        return iter(sorted(entries, key=lambda item: item.path))
