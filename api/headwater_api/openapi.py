"""The API in the words of OpenAPI 3.1, made from the route table and what the resources say of their verbs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Final

import falcon
import orjson

from headwater_api.answers import JSON, page
from headwater_api.operations import SCHEMAS, Operation, Operations, Reply, plain
from headwater_api.resources.base import AnyVerb, Resource, send

Described = tuple[str, str, Resource | AnyVerb]
"""A path as callers know it, what it is for, and who answers."""

PARAMETERS: Final[Mapping[str, tuple[str, Mapping[str, Any]]]] = {
    "id": ("The id of a stream, or the label of a resource.", {"type": "string", "minLength": 1}),
    "type": (
        "The kind of a resource.",
        {"type": "string", "enum": ["cache", "input", "output", "processor", "rate_limit"]},
    ),
    "name": ("The name of a profile.", {"type": "string", "minLength": 1}),
}
EVERYWHERE: Final[Mapping[int, Reply]] = {503: plain("The service is being stopped, or not ready.")}
UNTIDY: Final[Mapping[int, Reply]] = {301: Reply("The path has empty or relative parts; `Location` is the tidy one.")}
ABOUT: Final = (
    "Streams of messages, created, changed and watched over HTTP. Bodies may be JSON or YAML, and are read as YAML "
    "whatever their content type. Verbs that are not listed are answered with 400. "
    "Components of streams answer on paths of their own besides; `/endpoints` lists them."
)


class OpenApi(AnyVerb):
    """The description of the API."""

    operations: ClassVar[Operations] = {
        "get": Operation("Describe the API.", {200: Reply("This document.", {JSON: {"type": "object"}})})
    }

    def __init__(self, routes: Iterable[Described], version: str, *, guarded: bool) -> None:
        self._routes = routes
        self._version = version
        self._guarded = guarded
        self._body = b""

    def on_any(self, req: falcon.Request, resp: falcon.Response, **parameters: str) -> None:
        """Show it."""
        if not self._body:
            self._body = orjson.dumps(describe(self._routes, self._version, guarded=self._guarded))
        send(resp, page(200, self._body, JSON))


def describe(routes: Iterable[Described], version: str, *, guarded: bool = False) -> dict[str, Any]:
    """Make the document.

    Args:
        routes: The table.
        version: Of the service.
        guarded: Whether callers need a name and a password.
    """
    paths: dict[str, dict[str, Any]] = {}
    for path, purpose, resource in routes:
        parameters = [_parameter(name) for name in re.findall(r"\{(\w+)\}", path)]
        entry: dict[str, Any] = {"parameters": parameters} if parameters else {}
        if purpose:
            entry["summary"] = purpose
        for verb, operation in resource.operations.items():
            entry[verb] = _operation(path, verb, operation, tidy=not parameters, guarded=guarded)
        paths[path] = entry
    document: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": "Headwater", "version": version or "unknown", "description": ABOUT},
        "paths": paths,
        "components": {"schemas": dict(SCHEMAS)},
    }
    if guarded:
        document["components"]["securitySchemes"] = {"basic": {"type": "http", "scheme": "basic"}}
        document["security"] = [{"basic": []}]
    return document


def _parameter(name: str) -> dict[str, Any]:
    summary, schema = PARAMETERS[name]
    return {"name": name, "in": "path", "required": True, "description": summary, "schema": dict(schema)}


def _operation(path: str, verb: str, operation: Operation, *, tidy: bool, guarded: bool) -> dict[str, Any]:
    words = re.findall(r"\w+", path)
    replies = {**EVERYWHERE, **({} if tidy else UNTIDY), **operation.replies}
    if guarded:
        replies[401] = plain("The credentials are missing or wrong.")
    shown: dict[str, Any] = {
        "operationId": "_".join([verb, *words]),
        "summary": operation.summary,
        "responses": {str(status): _reply(replies[status]) for status in sorted(replies)},
    }
    if operation.query:
        shown["parameters"] = [
            {"name": name, "in": "query", "description": summary, "schema": dict(schema)}
            for name, (summary, schema) in operation.query.items()
        ]
    if operation.body is not None:
        summary, schema = operation.body
        content = {media: {"schema": dict(schema)} for media in (JSON, "application/yaml")}
        shown["requestBody"] = {"description": summary, "required": True, "content": content}
    return shown


def _reply(reply: Reply) -> dict[str, Any]:
    shown: dict[str, Any] = {"description": reply.summary}
    if reply.content:
        shown["content"] = {media: {"schema": dict(schema)} for media, schema in reply.content.items()}
    return shown
