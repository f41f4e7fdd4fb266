"""Secrets are shown nowhere: not where configurations are shown, and in no line of the log."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from headwater.components.catalogue import Catalogue
from headwater.config.normal import normal
from headwater.config.sections import WHOLE
from headwater.config.spec import KINDS, Field
from headwater.system import StreamSystem
from headwater.yamltext.nodes import Node

SECRET = "hush-3141"


def secrets_of(field: Field, path: tuple[Field, ...] = ()) -> Iterator[tuple[Field, ...]]:
    """The ways to all fields that may hide something."""
    for child in field.fields:
        way = (*path, child)
        if child.secret or child.format == "url":
            yield way
        yield from secrets_of(child, way)


CATALOGUE = Catalogue(entry_points=False)
WAYS = [
    (kind, name, way)
    for kind in KINDS
    for name in CATALOGUE.names(kind)
    for way in secrets_of(CATALOGUE.spec(kind, name).root)
]


def written(way: tuple[Field, ...], value: str) -> Any:
    """A configuration with nothing but that field."""
    made: Any = value
    for field in reversed(way):
        made = {field.name: [made] if field.shape == "array" else made}
    return made


def hidden(field: Field) -> str:
    return f"http://me:{SECRET}@127.0.0.1:1/" if field.format == "url" else SECRET


@pytest.mark.parametrize(
    ("kind", "name", "way"), WAYS, ids=[f"{k}-{n}-{'.'.join(f.name for f in way)}" for k, n, way in WAYS]
)
def test_what_is_shown_of_a_component(kind: str, name: str, way: tuple[Field, ...]) -> None:
    def shown(value: str) -> str:
        body = {name: written(way, value)}
        whole = {"pipeline": {"processors": [body]}} if kind == "processor" else {kind: body}
        return json.dumps(normal(Node.of(whole), WHOLE, CATALOGUE))

    text = shown(hidden(way[-1]))
    assert SECRET not in text
    assert "!!!SECRET_SCRUBBED!!!" in text
    assert "${SECRET}" in shown("${SECRET}")


AWAY = "127.0.0.1:1"
STREAMS = {
    "websocket input": f"input: {{websocket: {{url: 'ws://me:{SECRET}@{AWAY}/'}}}}\noutput: {{drop: {{}}}}",
    "websocket output": f"input: {{inproc: in}}\noutput: {{websocket: {{url: 'ws://me:{SECRET}@{AWAY}/'}}}}",
    "address": f"input: {{http_client: {{url: 'http://me:{SECRET}@{AWAY}/', retries: 0, MORE}}}}\n"
    "output: {drop: {}}",
    "stream": f"input: {{http_client: {{url: 'http://me:{SECRET}@{AWAY}/', stream: {{enabled: true}}, retries: 0}}}}\n"
    "output: {drop: {}}",
    "proxy": f"input: {{http_client: {{url: 'http://{AWAY}/', proxy_url: 'http://me:{SECRET}@{AWAY}', retries: 0}}}}\n"
    "output: {drop: {}}",
    "token": f"input: {{http_client: {{url: 'http://{AWAY}/', retries: 0, oauth2: {{enabled: true, client_key: me, "
    f"client_secret: {SECRET}, token_url: 'http://me:{SECRET}@{AWAY}/'}}}}}}\noutput: {{drop: {{}}}}",
    "wrong address": f"input: {{http_client: {{url: 'htt://me:{SECRET}@{AWAY}/', retries: 0}}}}\n"
    "output: {drop: {}}",
}


@pytest.mark.parametrize("name", sorted(STREAMS))
def test_what_is_logged_when_nothing_can_be_reached(name: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(1)
    with StreamSystem(stop_timeout=1.0) as system:
        system.create("s", STREAMS[name].replace("MORE", "dump_request_log_level: ERROR"))
        _until(lambda: any(record.levelno >= logging.ERROR for record in caplog.records))
        shown = [record.getMessage() + str(vars(record).get("fields")) for record in caplog.records]
        assert SECRET not in str(shown)
        assert SECRET not in str(system.stream_ready("s"))


def _until(condition: Callable[[], Any], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)
