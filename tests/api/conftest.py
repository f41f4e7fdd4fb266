"""A running system, and ways to ask it: in process, and over real sockets with either server."""

from __future__ import annotations

import http.client
import io
import json
import threading
from collections.abc import Callable, Iterator
from functools import partialmethod
from typing import Any
from urllib.parse import unquote_to_bytes, urlencode

import pytest

from headwater import tasks
from headwater.endpoints import Endpoint, Request, Response
from headwater.system import StreamSystem
from headwater_api import HttpSettings, create_app
from headwater_api.servers.listener import listen
from headwater_api.servers.uvicorn import Uvicorn
from headwater_api.servers.waitress import Waitress

KINDS = {"waitress": Waitress, "uvicorn": Uvicorn}


@pytest.fixture
def system() -> Iterator[StreamSystem]:
    """A system without streams."""
    with StreamSystem(listener=listen) as made:
        yield made


class WsgiAnswer:
    """What came back from the application."""

    def __init__(self, status: str, headers: list[tuple[str, str]], content: bytes) -> None:
        self.status_code = int(status[:3])
        self.headers = {name.lower(): value for name, value in headers}
        self.content = content

    @property
    def text(self) -> str:
        """The body as text."""
        return self.content.decode()

    @property
    def json(self) -> Any:
        """The body as a document."""
        return json.loads(self.content)


class WsgiClient:
    """Asks the WSGI application without a server."""

    def __init__(self, app: Any) -> None:
        self._app = app

    def ask(
        self,
        method: str,
        path: str,
        *,
        body: bytes | str = b"",
        headers: dict[str, str] | None = None,
        params: dict[str, str] | None = None,
        env: dict[str, Any] | None = None,
    ) -> WsgiAnswer:
        """Send a request; the path is percent-encoded."""
        data = body.encode() if isinstance(body, str) else body
        target, _, query = path.partition("?")
        env = {
            **(env or {}),
            "REQUEST_METHOD": method,
            "PATH_INFO": unquote_to_bytes(target).decode("latin-1"),
            "QUERY_STRING": urlencode(params) if params else query,
            "CONTENT_LENGTH": str(len(data)),
            "wsgi.input": io.BytesIO(data),
            "wsgi.errors": io.StringIO(),
            "wsgi.url_scheme": "http",
            "SERVER_NAME": "test",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
        }
        env.update({f"HTTP_{name.upper().replace('-', '_')}": value for name, value in (headers or {}).items()})
        started: list[Any] = []
        pieces = self._app(env, lambda status, headers, error=None: started.extend((status, headers)))
        return WsgiAnswer(*started, b"".join(pieces))

    get = partialmethod(ask, "GET")
    post = partialmethod(ask, "POST")
    put = partialmethod(ask, "PUT")
    patch = partialmethod(ask, "PATCH")
    delete = partialmethod(ask, "DELETE")
    options = partialmethod(ask, "OPTIONS")


@pytest.fixture
def made(system: StreamSystem) -> Callable[..., WsgiClient]:
    """Makes the application with an `http` section and options."""

    def make(section: dict[str, Any], **options: Any) -> WsgiClient:
        return WsgiClient(create_app(system, settings=HttpSettings.of(section), **options))

    return make


@pytest.fixture
def client(made: Callable[..., WsgiClient]) -> WsgiClient:
    """The application as it is by default."""
    return made({})


class Served:
    """A server under test."""

    def __init__(self, kind: str, system: StreamSystem, section: dict[str, Any] | None = None, **options: Any) -> None:
        self.kind = kind
        self.system = system
        self.server = KINDS[kind](system, {"address": "127.0.0.1:0", **(section or {})}, **options)
        self.address = self.server.start()

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, bytes, dict[str, str]]:
        """Send a request on a connection of its own; status, body and headers by lower case name."""
        connection = http.client.HTTPConnection(self.address, timeout=10)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read(), {key.lower(): value for key, value in answer.getheaders()}
        finally:
            connection.close()

    def later(self, *request: Any) -> Asked:
        """Send a request without waiting for the answer."""
        return Asked(self, request)


class Asked(threading.Thread):
    """A request under way."""

    def __init__(self, served: Served, request: tuple[Any, ...]) -> None:
        super().__init__(daemon=True)
        self._served = served
        self._request = request
        self._answer: Any = None
        self.start()

    def run(self) -> None:
        """Ask."""
        try:
            self._answer = self._served.ask(*self._request)
        except (OSError, http.client.HTTPException) as error:
            self._answer = error

    def answer(self) -> tuple[int, bytes, dict[str, str]]:
        """What came back."""
        self.join(10)
        assert isinstance(self._answer, tuple), self._answer
        return self._answer


@pytest.fixture(params=sorted(KINDS))
def served(request: pytest.FixtureRequest, system: StreamSystem) -> Iterator[Served]:
    """The system behind each server in turn."""
    made = Served(request.param, system)
    try:
        yield made
    finally:
        made.server.stop(1.0)


class Held:
    """A component's endpoint whose answers the test gives."""

    def __init__(self, system: StreamSystem, path: str = "/held/post") -> None:
        self.requests: list[Request] = []
        self.futures: list[tasks.Future[Response]] = []
        self.arrived = threading.Semaphore(0)
        self.endpoint = Endpoint(path, "Held.", self._handle, owner="held")
        system.endpoints.register(self.endpoint)

    def _handle(self, request: Request) -> tasks.Future[Response]:
        future: tasks.Future[Response] = tasks.Future()
        self.requests.append(request)
        self.futures.append(future)
        self.arrived.release()
        return future

    def wait(self, count: int = 1) -> None:
        """Wait until so many more requests are there."""
        for _ in range(count):
            assert self.arrived.acquire(timeout=5)

    def answer(self, response: Response | None = None) -> None:
        """Answer all that wait."""
        for future in self.futures:
            future.set_result(response or Response(200, b"done"))


@pytest.fixture
def held(system: StreamSystem) -> Iterator[Held]:
    """An endpoint whose answers the test gives."""
    made = Held(system)
    yield made
    made.answer()
