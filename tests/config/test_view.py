"""Components see their configuration typed, with defaults, and wrong values named."""

from __future__ import annotations

from typing import Any

import pytest

from headwater.components.catalogue import Catalogue
from headwater.config.infer import infer
from headwater.config.view import ComponentConfig, Config
from headwater.errors import ConfigError, InferenceError
from headwater.yamltext.document import parse_document


def build(text: str, catalogue: Catalogue, kind: Any = "processor") -> ComponentConfig:
    return infer(parse_document(text), kind, "root.it", catalogue)


def everything(text: str, catalogue: Catalogue) -> Config:
    body = "\n".join(f"  {line}" for line in text.split("\n"))
    return build(f"everything:\n{body}" if text else "everything: {}", catalogue).config


def test_defaults(catalogue: Catalogue) -> None:
    config = everything("", catalogue)
    assert config.number("ratio") == 0.5
    assert config.duration("timeout") == 5.0
    assert config.optional_duration("wait") is None
    assert config.texts("names") == []
    assert config.map("labels") == {}
    assert config.value("data") is None
    assert config.duration("backoff.initial_interval") == 0.5
    assert config.object("backoff").duration("max_interval") == 3.0
    assert config.has("timeout")
    assert not config.given("timeout")


def test_values(catalogue: Catalogue) -> None:
    config = everything(
        "ratio: 2\ntimeout: 1m\nnames: [a, 5, yes]\nlabels: {x: 1}\norder: [[a], [b, c]]\ndata: [1, {a: 2}]", catalogue
    )
    assert config.number("ratio") == 2.0
    assert config.duration("timeout") == 60.0
    assert config.texts("names") == ["a", "5", "yes"]
    assert config.map("labels") == {"x": "1"}
    assert config.text_lists("order") == [["a"], ["b", "c"]]
    assert config.value("data") == [1, {"a": 2}]


@pytest.mark.parametrize(
    ("text", "read", "problem"),
    [
        (
            "ratio: x",
            "number",
            "field 'ratio': yaml: unmarshal errors:\n  line 2: cannot unmarshal !!str `x` into float64",
        ),
        (
            "fresh: yes",
            "integer",
            "field 'fresh': yaml: unmarshal errors:\n  line 2: cannot unmarshal !!str `yes` into int",
        ),
        (
            "fresh: '12'",
            "integer",
            "field 'fresh': yaml: unmarshal errors:\n  line 2: cannot unmarshal !!str `12` into int",
        ),
        (
            "fresh: a long text",
            "integer",
            "field 'fresh': yaml: unmarshal errors:\n  line 2: cannot unmarshal !!str `a long ...` into int",
        ),
        ("fresh: [1]", "integer", "field 'fresh': yaml: unmarshal errors:\n  line 2: cannot unmarshal !!seq into int"),
        (
            "timeout: soon",
            "duration",
            "failed to parse 'timeout' as a duration string: time: invalid duration \"soon\"",
        ),
        ("inner: {}", "text", "field 'inner': field 'must' is required and was not present in the config"),
    ],
)
def test_wrong_values_are_named(text: str, read: str, problem: str, catalogue: Catalogue) -> None:
    name = text.split(":")[0]
    with pytest.raises(ConfigError) as caught:
        getattr(everything(text, catalogue), read)("inner.must" if name == "inner" else name)
    assert str(caught.value) == problem


@pytest.mark.parametrize(("text", "value"), [("2.0", 2), ("1.5", 1), ("1e3", 1000), ("0x1F", 31), ("~", 0)])
def test_whole_numbers_are_cut(text: str, value: int, catalogue: Catalogue) -> None:
    assert everything(f"fresh: {text}", catalogue).integer("fresh") == value


@pytest.mark.parametrize(
    ("text", "value"), [("yes", True), ("off", False), ("true", True), ("N", False), ("'yes'", True)]
)
def test_booleans_take_the_old_words(text: str, value: bool, catalogue: Catalogue) -> None:
    config = build(f"generate: {{mapping: '', auto_replay_nacks: {text}}}", catalogue, "input").config
    assert config.boolean("auto_replay_nacks") is value


def test_children_know_their_paths(catalogue: Catalogue) -> None:
    broker = build("broker:\n  outputs:\n    - drop: {}\n    - {label: x, stdout: {}}\n", catalogue, "output")
    children = broker.config.children("outputs")
    assert [(one.name, one.label, one.path) for one in children] == [
        ("drop", "", "root.it.broker.outputs.0"),
        ("stdout", "x", "root.it.broker.outputs.1"),
    ]
    attempt = build("try: [noop: {}, mapping: root = this]", catalogue)
    assert [one.path for one in attempt.config.children()] == ["root.it.try.0", "root.it.try.1"]
    switch = build("switch: [{check: a, processors: [noop: {}]}, {}]", catalogue)
    cases = switch.config.objects()
    assert cases[0].children("processors")[0].path == "root.it.switch.0.processors.0"
    assert cases[1].text("check") == ""
    branches = build("everything: {branches: {a: {from: x, processors: [noop: {}]}}}", catalogue).config
    branch = branches.object_map("branches")["a"]
    assert branch.children("processors")[0].path == "root.it.everything.branches.a.processors.0"


def test_what_children_get_wrong(catalogue: Catalogue) -> None:
    retry = build("retry: {}", catalogue, "output")
    with pytest.raises(ConfigError, match="field 'output' is required and was not present in the config"):
        retry.config.child("output")
    with pytest.raises(InferenceError, match=r"\(1,1\) invalid type !!int, expected object"):
        build("retry: {output: 5}", catalogue, "output").config.child("output")
    with pytest.raises(
        InferenceError, match=r"^value 1: \(3,1\) unable to infer output type from candidates: \[nope\]"
    ):
        build("broker: {outputs: [drop: {},\n\n {nope: 1}]}", catalogue, "output").config.children("outputs")


def test_default_children_and_processors_beside(catalogue: Catalogue) -> None:
    stdin = build("stdin: {}\nprocessors:\n  - noop: {}\n", catalogue, "input")
    assert stdin.config.child("scanner").name == "lines"
    assert [one.path for one in stdin.processors] == ["root.it.processors.0"]
