"""The description of the API: all that is served is in it, and it says of each verb what is answered."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from headwater.system import StreamSystem
from headwater_api import HttpSettings, create_app
from headwater_api.app import Api
from headwater_api.operations import SCHEMAS
from headwater_api.resources.base import AnyVerb

Client = Any
Made = Any

VERBS = ("get", "post", "put", "patch", "delete")


@pytest.fixture
def document(client: Client) -> dict[str, Any]:
    """The description."""
    answer = client.get("/openapi.json")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    found: dict[str, Any] = answer.json
    return found


def test_it_describes_every_path(client: Client, document: dict[str, Any]) -> None:
    served = set(client.get("/endpoints").json) | {"/{id}/ready"}
    assert set(document["paths"]) == served
    assert document["openapi"] == "3.1.0"


def test_it_describes_every_verb_that_a_resource_has(system: StreamSystem) -> None:
    app = create_app(system, settings=HttpSettings.of({"debug_endpoints": True}))
    found = 0
    for path in _paths(app):
        resource = app._router.find(path)[0]
        shown = set(resource.operations)
        if isinstance(resource, AnyVerb):
            assert shown == {"get"}, path
        else:
            assert shown == {verb for verb in VERBS if hasattr(resource, f"on_{verb}")}, path
        found += 1
    assert found == 16


def _paths(app: Api) -> list[str]:
    fillers = {"{id}": "x", "{type}": "cache", "{name}": "heap"}
    openapi: Any = app._router.find("/openapi.json")[0]
    paths = [path for path, _, _ in openapi._routes]
    for name, filler in fillers.items():
        paths = [path.replace(name, filler) for path in paths]
    return paths


def test_references_lead_somewhere(document: dict[str, Any]) -> None:
    def references(node: Any) -> list[str]:
        if isinstance(node, dict):
            own = [node["$ref"]] if "$ref" in node else []
            return own + [found for value in node.values() for found in references(value)]
        return [found for value in node for found in references(value)] if isinstance(node, list) else []

    found = references(document)
    assert set(found) == {f"#/components/schemas/{name}" for name in SCHEMAS}
    for schema in document["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/streams", "", 200),
        ("POST", "/streams/new", "input: {inproc: a}\noutput: {drop: {}}", 200),
        ("POST", "/streams/new", "nonsense: 1", 400),
        ("GET", "/streams/old", "", 200),
        ("GET", "/streams/none", "", 404),
        ("GET", "/old/ready", "", 200),
        ("DELETE", "/streams/old", "", 200),
        ("GET", "/streams/old/stats", "", 200),
    ],
)
def test_answers_are_as_described(
    client: Client, system: StreamSystem, document: dict[str, Any], method: str, path: str, body: str, status: int
) -> None:
    system.create("old", "input: {generate: {mapping: root = 1, interval: 1h}}\noutput: {drop: {}}")
    answer = client.ask(method, path, body=body)
    assert answer.status_code == status
    described = path.replace("new", "{id}").replace("old", "{id}").replace("none", "{id}")
    reply = document["paths"][described][method.lower()]["responses"][str(status)]
    if not answer.content:
        assert "content" not in reply
        return
    schema = reply["content"][answer.headers["content-type"]]["schema"]
    value = answer.json if "json" in answer.headers["content-type"] else answer.text
    jsonschema.validate(value, {**schema, "components": document["components"]})


def test_who_guards_the_api_says_so(made: Made) -> None:
    client = made({"basic_auth": {"enabled": True, "username": "u", "password_hash": "x", "algorithm": "sha256"}})
    assert client.get("/openapi.json").status_code == 401
