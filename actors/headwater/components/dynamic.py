"""Components that are added to and removed from a running stream over HTTP: what `dynamic` inputs and outputs share.

GET     /inputs               all that are there
GET     /inputs/{id}          the configuration of one
POST    /inputs/{id}          add one, or put it in place of another
DELETE  /inputs/{id}          remove one
GET     /inputs/{id}/uptime   how long it has been there
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol

import orjson
import yaml

from headwater import tasks
from headwater.config.infer import infer
from headwater.durations import format_seconds
from headwater.endpoints import Request, Response
from headwater.errors import HeadwaterError
from headwater.yamltext.document import parse_document

if TYPE_CHECKING:
    from headwater.components.resources import Resources
    from headwater.config.view import ComponentConfig, Config

TEXT = ("Content-Type", "text/plain; charset=utf-8")


class Owner(Protocol):
    """The component whose children these are. Called in turns of its host."""

    async def add_child(self, name: str, config: ComponentConfig) -> None:
        """Build a child, and put it in place of one of the same name. Raises: HeadwaterError."""

    async def remove_child(self, name: str) -> None:
        """Close a child, where there is one."""


class _Entry:
    """What is shown of a child."""

    __slots__ = ("config", "raw", "since")

    def __init__(self, config: Any, raw: str, since: float) -> None:
        self.config = config
        self.raw = raw
        self.since = since


class DynamicChildren:
    """The HTTP side of a `dynamic` component.

    Args:
        kind: What the children are.
        config: The component's body, with `prefix` and a map of children.
        resources: Those of the component.
        owner: The component itself.
    """

    def __init__(self, kind: Literal["input", "output"], config: Config, resources: Resources, owner: Owner) -> None:
        self._kind = kind
        self._config = config
        self._resources = resources
        self._owner = owner
        self._prefix = config.text("prefix").rstrip("/")
        self._entries: dict[str, _Entry] = {}
        self._turn = tasks.Semaphore(1)
        self._host: tasks.Host | None = None
        self._withdrawals: list[Callable[[], None]] = []

    @property
    def initial(self) -> dict[str, ComponentConfig]:
        """The children that the configuration names, by name."""
        return self._config.child_map(f"{self._kind}s")

    def note(self, name: str, config: ComponentConfig, raw: str = "") -> None:
        """Take note of a child that is there from now on."""
        plain = config.whole.plain()
        raw = raw or yaml.safe_dump(plain, sort_keys=False, allow_unicode=True)
        self._entries[name] = _Entry(plain, raw, self._resources.clock.now())

    def forget(self, name: str) -> None:
        """Take note that a child is gone."""
        self._entries.pop(name, None)

    def open(self) -> None:
        """Offer the paths. Only in a turn of the host."""
        if self._host is not None:
            return
        self._host = tasks.current_host()
        base = f"{self._prefix}/{self._kind}s"
        register = self._resources.register_endpoint
        self._withdrawals = [
            register(base, f"Return a map of running {self._kind} identifiers.", self._handler(self._list)),
            register(f"{base}/{{id}}", f"Read, add or remove a {self._kind}.", self._handler(self._one)),
            register(f"{base}/{{id}}/uptime", f"The uptime of a {self._kind}.", self._handler(self._uptime)),
        ]

    def close(self) -> None:
        """Withdraw the paths."""
        self._host = None
        for withdraw in self._withdrawals:
            withdraw()
        self._withdrawals = []

    def _handler(self, answer: Callable[[Request], Any]) -> Callable[[Request], tasks.Future[Response]]:
        def handle(request: Request) -> tasks.Future[Response]:
            if self._host is None:
                refused: tasks.Future[Response] = tasks.Future()
                refused.set_result(Response(503, b"Service unavailable\n", (TEXT,)))
                return refused
            return tasks.start(answer(request), self._host, "dynamic", watched=True)

        return handle

    async def _list(self, request: Request) -> Response:
        shown = {
            name: {"uptime": self._age(entry), "config": entry.config, "config_raw": entry.raw}
            for name, entry in self._entries.items()
        }
        return Response(200, orjson.dumps(shown, option=orjson.OPT_SORT_KEYS), (TEXT,))

    def _age(self, entry: _Entry) -> str:
        return format_seconds(self._resources.clock.now() - entry.since)

    async def _uptime(self, request: Request) -> Response:
        entry = self._entries.get(request.parameters["id"])
        return Response(200, (self._age(entry) if entry is not None else "stopped").encode(), (TEXT,))

    async def _one(self, request: Request) -> Response:
        name = request.parameters["id"]
        try:
            if request.method == "POST":
                async with self._turn:
                    await self._add(name, request.body)
                return Response(200)
            if request.method == "DELETE":
                async with self._turn:
                    await self._owner.remove_child(name)
                    self.forget(name)
                return Response(200)
        except HeadwaterError as error:
            return _text(502, f"Error: {error}\n")
        if request.method != "GET":
            return _text(502, f"Error: verb not supported: {request.method}\n")
        entry = self._entries.get(name)
        if entry is None:
            return _text(404, f"Dynamic component '{name}' is not active\n")
        return _text(200, entry.raw)

    async def _add(self, name: str, body: bytes) -> None:
        """Build a child of a configuration that somebody sent. Raises: HeadwaterError."""
        path = f"{self._config.path}.{self._kind}s.{name}"
        config = infer(parse_document(body), self._kind, path, self._resources.catalogue)
        await self._owner.add_child(name, config)
        self.note(name, config, body.decode("utf-8", "replace"))


def _text(status: int, text: str, headers: Sequence[tuple[str, str]] = (TEXT,)) -> Response:
    return Response(status, text.encode("utf-8", "surrogateescape"), headers)
