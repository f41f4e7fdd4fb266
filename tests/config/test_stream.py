"""Streams: read from bodies, refused in the right order, patched."""

from __future__ import annotations

import time
from typing import Any

import pytest

from headwater.components.catalogue import Catalogue
from headwater.config.resource import read_resource
from headwater.config.stream import (
    lint_stream,
    merge_patch,
    patched_stream,
    read_patch,
    read_stream,
    read_stream_set,
    take_apart,
)
from headwater.errors import ConfigError, InferenceError, LintRejection, MissingVariables, SyntaxProblem

BODY = """
input:
  label: in
  generate:
    mapping: root = 1
    count: 3
  processors:
    - noop: {}
pipeline:
  threads: 2
  processors:
    - mapping: root = this
    - label: seen
      log: {message: hello}
output:
  stdout: {}
"""


def test_components_and_their_paths(catalogue: Catalogue) -> None:
    stream = read_stream(BODY, catalogue)
    assert (stream.input.name, stream.input.label, stream.input.path) == ("generate", "in", "root.input")
    assert stream.input.config.integer("count") == 3
    assert [one.path for one in stream.input.processors] == ["root.input.processors.0"]
    assert [(one.name, one.label, one.path) for one in stream.processors] == [
        ("mapping", "", "root.pipeline.processors.0"),
        ("log", "seen", "root.pipeline.processors.1"),
    ]
    assert stream.buffer.name == "none"
    assert stream.threads == 2
    assert stream.source["output"] == {"stdout": {}}
    assert stream.lints == []


def test_all_counts_by_default(catalogue: Catalogue) -> None:
    stream = read_stream("{}", catalogue)
    assert (stream.input.name, stream.buffer.name, stream.output.name, stream.threads) == (
        "stdin",
        "none",
        "stdout",
        -1,
    )


def test_plain_data_is_a_configuration_too(catalogue: Catalogue) -> None:
    data = {"input": {"stdin": {}}, "output": {"drop": {}}, "pipeline": {"processors": [{"log": {"message": "${X}"}}]}}
    stream = read_stream(data, catalogue)
    assert stream.source == data
    assert stream.processors[0].config.text("message") == "${X}"


@pytest.mark.parametrize(
    ("body", "error", "text"),
    [
        (
            "input: {${NOT_SET_AT_ALL}: [",
            MissingVariables,
            "required environment variables were not set: [NOT_SET_AT_ALL]",
        ),
        ("input: [", SyntaxProblem, "yaml: line 1: did not find expected node content"),
        ("nope: 1\ninput:\n  nope: {}\n", InferenceError, "(3,1) unable to infer input type from candidates: [nope]"),
        (
            "input:\n  stdin: {}\n  processors: [noop: {}, nope: 1]\n",
            InferenceError,
            "1: (3,1) unable to infer processor type from candidates: [nope]",
        ),
        (
            "pipeline: {processors: {}}",
            ConfigError,
            "field 'pipeline': field 'processors': line 1: expected array value, got !!map",
        ),
        ("output: ~", InferenceError, "(1,1) invalid type !!null, expected object"),
        (
            "nope: 1\nmetrics: {}\n",
            LintRejection,
            "(1,1) field nope not recognised\n(2,1) field metrics not recognised",
        ),
        ("", LintRejection, "(0,1) expected object value, got !!null"),
    ],
)
def test_the_order_of_refusals(body: str, error: type[Exception], text: str, catalogue: Catalogue) -> None:
    with pytest.raises(error) as caught:
        read_stream(body, catalogue)
    assert str(caught.value) == text


def test_chilled_takes_what_lint_refuses(catalogue: Catalogue) -> None:
    assert read_stream("nope: 1", catalogue, chilled=True).source == {"nope": 1}
    assert read_stream("foo", catalogue, chilled=True).source == "foo"
    assert read_stream("input: {stdin: {codec: '${NOT_SET_AT_ALL}'}}", catalogue, chilled=True).source == {
        "input": {"stdin": {"codec": ""}}
    }


def test_sets_are_linted_before_they_are_taken_apart(catalogue: Catalogue) -> None:
    nodes = read_stream_set("foo:\n  input:\n    nope: {}\n1: {}\n")
    assert list(nodes) == ["foo", "1"]
    assert [str(lint) for lint in lint_stream(nodes["foo"], catalogue)] == [
        "(3,1) unable to infer component type: nope"
    ]
    with pytest.raises(InferenceError):
        take_apart(nodes["foo"], catalogue)
    assert read_stream_set("") == read_stream_set("null") == read_stream_set("{}") == {}
    with pytest.raises(ConfigError) as caught:
        read_stream_set("[]")
    assert str(caught.value) == "yaml: unmarshal errors:\n  line 1: cannot unmarshal !!seq into map[string]yaml.Node"


@pytest.mark.parametrize(
    ("stored", "patch", "merged"),
    [
        ({"a": {"b": 1, "c": 2}}, {"a": {"c": 3, "d": 4}}, {"a": {"b": 1, "c": 3, "d": 4}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": {"b": 1}}, {"a": None}, {"a": None}),
        ({"a": 1}, {"a": {"b": 1}}, {"a": {"b": 1}}),
        ({"a": 1}, [], {"a": 1}),
        ({"a": 1}, None, {"a": 1}),
        (None, {"a": 1}, {"a": 1}),
    ],
)
def test_patches_are_merged_key_by_key(stored: Any, patch: Any, merged: Any) -> None:
    before = repr(stored)
    assert merge_patch(stored, patch) == merged
    assert repr(stored) == before


def test_a_patched_stream_says_what_is_wrong_without_a_line(catalogue: Catalogue) -> None:
    stored = {"output": {"drop": {}}}
    with pytest.raises(InferenceError) as caught:
        patched_stream(stored, '{"output":{"stdout":{}}}', catalogue)
    assert str(caught.value) == "(0,1) unable to infer output type, multiple candidates 'drop' and 'stdout'"
    stream = patched_stream(stored, '{"output":{"type":"stdout"}, "nope": 1}', catalogue)
    assert stream.output.name == "stdout"
    assert stream.source == {"output": {"drop": {}, "type": "stdout"}, "nope": 1}
    with pytest.raises(InferenceError, match=r"\(0,1\) invalid type !!null, expected object"):
        patched_stream(stored, "output: null", catalogue)


def test_resources(catalogue: Catalogue) -> None:
    resource = read_resource("label: ignored\nmemory: {}\n", "cache", "mine", catalogue)
    assert (resource.name, resource.label, resource.path) == ("memory", "mine", "root.cache_resources")
    with pytest.raises(LintRejection, match="unable to infer component type: nope"):
        read_resource("nope: {}", "cache", "mine", catalogue)
    with pytest.raises(InferenceError, match=r"\(0,1\) invalid type !!null, expected object"):
        read_resource("", "cache", "mine", catalogue)


def test_reading_a_body_of_thirty_lines_takes_no_five_milliseconds(catalogue: Catalogue) -> None:
    body = "input:\n  generate:\n    mapping: |\n      root.id = 1\npipeline:\n  processors:\n" + (
        "    - mapping: |\n        root.a = this.b.c\n        root.d = this.e\n" * 4
        + "    - try:\n        - log:\n            message: x\n" * 3
    )
    body += "output:\n  broker:\n    outputs:\n      - drop: {}\n"
    assert body.count("\n") >= 30
    read_stream(body, catalogue)
    best = min(_timed(body, catalogue) for _ in range(5))
    assert best < 0.005


def _timed(body: str, catalogue: Catalogue) -> float:
    started = time.thread_time()
    read_stream(body, catalogue)
    return time.thread_time() - started


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: {}\nb: {}\na: {}\n", 'yaml: unmarshal errors:\n  line 3: mapping key "a" already defined at line 1'),
        ("? [a]\n: {}\n", "yaml: unmarshal errors:\n  line 1: cannot unmarshal !!seq into string"),
    ],
)
def test_ids_of_a_set_are_texts_and_there_once(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_stream_set(text)
    assert str(caught.value) == said


def test_a_patch_is_plain_data() -> None:
    with pytest.raises(ConfigError, match='mapping key "b" already defined at line 1'):
        read_patch("{a: {b: 1, b: 2}}")
    with pytest.raises(ConfigError, match="cannot decode !!str `x` as a !!int"):
        read_patch("a: !!int x")
    assert read_patch("a: !!int '5'") == {"a": 5}
