"""The API as a WSGI application, for our own servers or any host's.

    app = create_app(system)

The route table below is all there is, besides the paths that components of streams answer for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote

import falcon

from headwater.errors import HeadwaterError
from headwater.system import StreamSystem
from headwater.telemetry.exporter import Exporter
from headwater_api.answers import NO_PAGE, answer_for, text
from headwater_api.components import Components, Environ, StartResponse
from headwater_api.front import Front
from headwater_api.openapi import Described, OpenApi
from headwater_api.resources import debug
from headwater_api.resources.base import AnyVerb, Refused, Resource, send
from headwater_api.resources.metrics import MetricsPage
from headwater_api.resources.ready import Ready, StreamReady
from headwater_api.resources.service import EndpointList, Ping, Version
from headwater_api.resources.shared import SharedResource
from headwater_api.resources.stats import StreamStats
from headwater_api.resources.stream import Stream
from headwater_api.resources.streams import Streams
from headwater_api.settings import HttpSettings

Route = tuple[str, str, Resource | AnyVerb]
"""A path, what it is for, and who answers."""


def create_app(
    system: StreamSystem,
    *,
    settings: HttpSettings | None = None,
    exporter: Exporter | None = None,
    streams_api: bool = True,
    only_stream: str | None = None,
    config: Mapping[str, Any] | None = None,
    version: str = "",
    built: str = "",
    max_waiting: int = 64,
) -> Api:
    """Make the WSGI application.

    Args:
        system: The system whose streams it shows and changes.
        settings: The `http` section; by default plain HTTP without any checks, everything once more under `/benthos`.
        exporter: What is served as metrics; by default the system's registry in the Prometheus text format.
        streams_api: Whether streams can be seen and changed; without it, only run.
        only_stream: The one stream there is, where a configuration is run by itself: `/ready` is about it.
        config: The main configuration with all defaults, for `/debug/config`.
        version: What `/version` says; by default the version of the package.
        built: The date that `/version` says.
        max_waiting: How many callers of components may hold a thread while their messages are delivered; others get
        503.
    """
    settings = settings or HttpSettings()
    exporter = exporter or _default_exporter(system)
    endpoints = system.endpoints
    described: dict[str, str] = {}
    routes: list[Route] = []
    if streams_api and only_stream is None:
        routes += [
            ("/streams", "List all streams, or replace the whole set.", Streams(system)),
            ("/streams/{stream}", "Create, read, replace, patch or delete a stream.", Stream(system)),
            ("/streams/{stream}/stats", "The metrics of a stream as a structured object.", StreamStats(system)),
            ("/resources/{kind}/{label}", "Create or replace a resource that streams share.", SharedResource(system)),
        ]
    ready = Ready(system) if only_stream is None else StreamReady(system, only_stream)
    routes += [
        ("/ready", "Whether the inputs and outputs of all running streams are connected (200) or not (503).", ready),
        ("/ping", "Whether the service answers.", Ping()),
        ("/version", "The version of the service.", Version(version or _version(), built)),
        ("/endpoints", "This map of endpoints.", EndpointList(described, endpoints)),
    ]
    if exporter.serves_http:
        routes += [
            ("/metrics", "The metrics of the service.", MetricsPage(exporter)),
            ("/stats", "The metrics of the service.", MetricsPage(exporter)),
        ]
    if settings.debug_endpoints:
        routes += [
            ("/debug/config/json", "The configuration in force, as JSON.", debug.DebugConfig(config or {}, False)),
            ("/debug/config/yaml", "The configuration in force, as YAML.", debug.DebugConfig(config or {}, True)),
            ("/debug/stack", "The stacks of all threads.", debug.DebugStack()),
            ("/debug/pprof/{name}", "A profile as text.", debug.DebugProfile()),
        ]
    if only_stream is None:
        routes.append(("/{stream}/ready", "", StreamReady(system)))
    shown: list[Described] = []
    openapi = OpenApi(shown, version or _version(), guarded=settings.basic_auth.enabled)
    routes.append(("/openapi.json", "The description of this API.", openapi))
    shown += [(_shown(path), purpose, resource) for path, purpose, resource in routes]
    described.update((path, purpose) for path, purpose, _ in shown if purpose)
    return Api(system, settings, routes, max_waiting)


def _shown(path: str) -> str:
    """A path of the table with the names that callers know."""
    for ours, theirs in {"{stream}": "{id}", "{kind}": "{type}", "{label}": "{id}"}.items():
        path = path.replace(ours, theirs)
    return path


class Api(falcon.App):  # type: ignore[type-arg]
    """The application; servers that know more than WSGI find in it what they need.

    Attributes:
        front: What every request passes first.
        components: The paths that components answer for.
        max_waiting: How many of their callers may hold a thread.
    """

    def __init__(self, system: StreamSystem, settings: HttpSettings, routes: Iterable[Route], max_waiting: int) -> None:
        self.front = Front(settings, lambda: system.closing)
        super().__init__(middleware=[_Gate(self.front)])
        self.resp_options.default_media_type = None  # type: ignore[assignment]
        self.system = system
        self.max_waiting = max_waiting
        roots = ("", settings.root_path) if settings.root_path else ("",)
        for path, _, resource in routes:
            for root in roots:
                self.add_route(root + path, resource)
        self.components = Components(
            system.endpoints, self.front, self._claims, max_waiting, system.log.having(path="http"), system.lend
        )
        self.add_sink(_nothing_there, "/")
        self.add_error_handler(falcon.HTTPError, _bad_request)
        self.add_error_handler(Refused, _refused)
        self.add_error_handler(HeadwaterError, _failed)
        self.add_error_handler(Exception, self._crashed)

    def __call__(self, env: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request. Paths of components come first and pass Falcon by, since streams live on them."""
        found = self.components.find(_decoded(env))
        if found is not None:
            return self.components.answer(env, start_response, *found)
        return super().__call__(env, start_response)

    def _claims(self, path: str) -> bool:
        """Whether a path is one of the API's own."""
        return path.rpartition("/")[2] != "ready" and self._router.find(path) is not None

    def _crashed(self, req: falcon.Request, resp: falcon.Response, error: Exception, params: dict[str, Any]) -> None:
        self.system.log.error(f"Failed to answer {req.method} {req.path}: {type(error).__name__}: {error}")
        send(resp, text(500, "Internal Server Error"))


class _Gate:
    """Lets requests through to their responders."""

    def __init__(self, front: Front) -> None:
        self._front = front

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Before routing."""
        req.path = _asked_for(req.env, req.path)
        refusal = self._front.arrive(req.method, req.path, req.query_string, req.get_header, req.root_path)
        if refusal is None and req.path.endswith("/"):
            # Falcon takes what follows the last slash for an empty id.
            refusal = NO_PAGE
        if refusal is not None:
            send(resp, refusal)
            resp.complete = True

    def process_resource(
        self, req: falcon.Request, resp: falcon.Response, resource: Resource | AnyVerb, params: dict[str, str]
    ) -> None:
        """After routing, before the responder."""
        refusal = self._front.admit(req.get_header)
        if refusal is not None:
            send(resp, refusal)
        elif isinstance(resource, AnyVerb):
            resource.on_any(req, resp, **params)
        elif not req.method.isupper() or getattr(resource, f"on_{req.method.lower()}", None) is None:
            send(resp, resource.unsupported(req.method))
        else:
            return
        resp.complete = True

    def process_response(self, req: falcon.Request, resp: falcon.Response, resource: Any, succeeded: bool) -> None:
        """Before the answer is sent."""
        for name, value in self._front.extra_headers(req.method, req.get_header):
            resp.set_header(name, value)


def _nothing_there(req: falcon.Request, resp: falcon.Response, **params: str) -> None:
    send(resp, NO_PAGE)


def _bad_request(req: falcon.Request, resp: falcon.Response, error: falcon.HTTPError, params: dict[str, Any]) -> None:
    send(resp, text(400, f"Error: {error.description or error.title}"))


def _refused(req: falcon.Request, resp: falcon.Response, error: Refused, params: dict[str, Any]) -> None:
    send(resp, error.answer)


def _failed(req: falcon.Request, resp: falcon.Response, error: HeadwaterError, params: dict[str, Any]) -> None:
    send(resp, answer_for(error))


def _decoded(env: Environ) -> str:
    """The decoded path of a request."""
    path: str = env.get("PATH_INFO") or "/"
    return path if path.isascii() else path.encode("latin-1").decode("utf-8", "replace")


def _asked_for(env: Environ, path: str) -> str:
    """The path with the slashes in front that some servers take away."""
    target: str = env.get("REQUEST_URI") or ""
    if target.startswith("//") and not env.get("SCRIPT_NAME"):
        raw = unquote(target.partition("?")[0], errors="replace")
        if raw.lstrip("/") == path.lstrip("/"):
            return raw
    return path


def _default_exporter(system: StreamSystem) -> Exporter:
    from headwater_api.exposition import PrometheusPage

    return PrometheusPage(system.metrics)


def _version() -> str:
    from headwater.version import __version__

    return __version__
