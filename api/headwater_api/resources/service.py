"""`/ping`, `/version` and `/endpoints`: the service itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import falcon
import orjson

from headwater.endpoints import Endpoints
from headwater_api.answers import page
from headwater_api.operations import Operation, Operations, plain
from headwater_api.resources.base import AnyVerb, send


class Ping(AnyVerb):
    """Whether the service answers."""

    operations: ClassVar[Operations] = {"get": Operation("See whether the service answers.", {200: plain("It does.")})}

    def on_any(self, req: falcon.Request, resp: falcon.Response, **parameters: str) -> None:
        """Always 200."""
        send(resp, page(200, b"pong"))


class Version(AnyVerb):
    """What is running."""

    operations: ClassVar[Operations] = {"get": Operation("Show the version.", {200: plain("An object in JSON.")})}

    def __init__(self, version: str, built: str) -> None:
        self._body = b'{"version":%s, "built":%s}' % (orjson.dumps(version), orjson.dumps(built))

    def on_any(self, req: falcon.Request, resp: falcon.Response, **parameters: str) -> None:
        """Show version and date."""
        send(resp, page(200, self._body))


class EndpointList(AnyVerb):
    """What can be asked for."""

    operations: ClassVar[Operations] = {
        "get": Operation("List paths and what they are for.", {200: plain("An object in JSON.")})
    }

    def __init__(self, described: Mapping[str, str], endpoints: Endpoints) -> None:
        self._described = described
        self._endpoints = endpoints

    def on_any(self, req: falcon.Request, resp: falcon.Response, **parameters: str) -> None:
        """Paths and what they are for; those of stopped components are marked."""
        shown = {
            endpoint.path: "Endpoint disabled." if endpoint.disabled else endpoint.description
            for endpoint in self._endpoints
        }
        send(resp, page(200, orjson.dumps({**shown, **self._described}, option=orjson.OPT_SORT_KEYS)))
