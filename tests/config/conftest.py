"""A small catalogue, so that these tests say nothing about the components that ship."""

from __future__ import annotations

from typing import Any

import pytest

from headwater.components import contracts
from headwater.components.catalogue import Catalogue, component
from headwater.config.fields import (
    anything,
    backoff,
    batch_policy,
    boolean,
    child,
    children,
    choice,
    duration,
    integer,
    mapping,
    number,
    obj,
    object_map,
    objects,
    processors,
    scanner,
    secret,
    spec,
    text,
    text_lists,
    text_map,
    texts,
    url,
)
from headwater.config.spec import Spec

SPECS = [
    spec(
        "input",
        "generate",
        mapping("mapping"),
        text("interval", default="1s"),
        integer("count", default=0),
        boolean("auto_replay_nacks", default=True),
    ),
    spec(
        "input", "stdin", text("codec", optional=True, deprecated=True), scanner(default={"lines": {}}, optional=True)
    ),
    spec("input", "broker", children("input", "inputs"), batch_policy()),
    spec("input", "resource", root=text(default="")),
    spec("buffer", "none"),
    spec("buffer", "memory", integer("limit", default=10), batch_policy("batch_policy", toggled=True)),
    spec("processor", "mapping", root=mapping()),
    spec("processor", "noop"),
    spec("processor", "resource", root=text(default="")),
    spec("processor", "try", root=processors(default=[])),
    spec("processor", "log", text("message", default=""), choice("level", ("INFO", "WARN"), default="INFO")),
    spec("processor", "old", status="deprecated"),
    spec(
        "processor",
        "switch",
        root=objects("", text("check", default=""), processors("processors", default=[]), optional=True),
    ),
    spec(
        "processor",
        "everything",
        number("ratio", default=0.5),
        duration("timeout", default="5s"),
        duration("wait", optional=True),
        texts("names", default=[]),
        text_map("labels", default={}),
        text_lists("order", default=[]),
        anything("data", optional=True),
        backoff(),
        object_map("branches", text("from"), processors("processors")),
        integer("fresh", default=1, dialect="bento"),
        secret("password", default=""),
        url("address", default=""),
        obj("inner", text("must"), description="An object with something required."),
    ),
    spec("output", "drop"),
    spec("output", "stdout", choice("codec", ("lines", "append"), default="lines", advisory=True)),
    spec("output", "retry", child("output", "output")),
    spec("output", "broker", children("output", "outputs"), batch_policy()),
    spec("cache", "memory", text_map("init_values", default={})),
    spec("rate_limit", "local", integer("count", default=1000)),
    spec("scanner", "lines", text("custom_delimiter", optional=True)),
    spec("metrics", "prometheus", boolean("use_histogram_timing", default=False)),
    spec("tracer", "none"),
]


@pytest.fixture
def catalogue() -> Catalogue:
    """A catalogue of components that cannot be built."""
    found = Catalogue(builtin=False, entry_points=False)
    for each in SPECS:
        found.add(component(each)(_class(each)))
    return found


def _class(spec: Spec) -> type[Any]:
    contract = getattr(contracts, "".join(word.capitalize() for word in spec.kind.split("_")), object)
    return type(spec.name, (contract,), {})
