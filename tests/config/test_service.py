"""Services: files, resource files, overrides, and what they come to with defaults."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from headwater.components.catalogue import Catalogue
from headwater.config.docs import component_example, component_markdown
from headwater.config.lint import LintOptions
from headwater.config.normal import SCRUBBED, normal
from headwater.config.override import apply_overrides
from headwater.config.schema import json_schema
from headwater.config.sections import WHOLE
from headwater.config.service import lint_text, read_service
from headwater.errors import ConfigError, InferenceError
from headwater.yamltext.document import parse_document


def test_a_service_without_a_file_has_defaults(catalogue: Catalogue) -> None:
    service = read_service("", catalogue, streams=True)
    assert service.http.text("address") == "0.0.0.0:4195"
    assert service.http.object("cors").texts("allowed_origins") == []
    assert service.logger.map("static_fields") == {"@service": "benthos"}
    assert (service.metrics.name, service.tracer.name) == ("prometheus", "none")
    assert (service.shutdown_delay, service.shutdown_timeout) == (0.0, 20.0)
    assert service.stream is None
    assert service.lints == []


def test_files_are_read_and_linted(tmp_path: Path, catalogue: Catalogue) -> None:
    main, more = tmp_path / "main.yaml", tmp_path / "r1.yaml"
    main.write_text(
        "http: {address: localhost:1}\ninput: {stdin: {}}\ncache_resources:\n  - label: a\n    memory: {}\n"
    )
    more.write_text("cache_resources:\n  - label: b\n    memory: {}\n    nope: 1\n")
    service = read_service(str(main), catalogue, resource_patterns=[str(tmp_path / "r*.yaml"), str(tmp_path / "x*")])
    assert service.http.text("address") == "localhost:1"
    assert [(one.kind, one.label) for one in service.resources] == [("cache", "a"), ("cache", "b")]
    assert service.lints == [f"{more}(4,1) field nope is invalid when the component type is memory (cache)"]
    assert service.stream is not None
    streams = read_service(str(main), catalogue, streams=True)
    assert streams.lints == [f"{main}(2,1) field input not recognised"]


def test_labels_of_one_kind_must_differ_across_files(tmp_path: Path, catalogue: Catalogue) -> None:
    for name in ("one.yaml", "two.yaml"):
        (tmp_path / name).write_text("cache_resources:\n  - label: a\n    memory: {}\n")
    with pytest.raises(ConfigError, match="failed to initialise resources: cache resource label 'a' collides"):
        read_service("", catalogue, resource_patterns=[str(tmp_path / "*.yaml")])


def test_files_that_are_not_there(tmp_path: Path, catalogue: Catalogue) -> None:
    missing = tmp_path / "nowhere.yaml"
    with pytest.raises(ConfigError, match=f"open {missing}: no such file or directory"):
        read_service(str(missing), catalogue)
    with pytest.raises(ConfigError, match=f"read {tmp_path}: is a directory"):
        read_service(str(tmp_path), catalogue)


def test_wrong_components_stop_the_reading(tmp_path: Path, catalogue: Catalogue) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("tracer:\n  nope: {}\n")
    with pytest.raises(InferenceError, match=r"\(2,1\) unable to infer tracer type from candidates: \[nope\]"):
        read_service(str(path), catalogue)


def test_overrides(catalogue: Catalogue) -> None:
    node = parse_document("http: {address: a}\npipeline: {processors: [noop: {}]}\n")
    apply_overrides(
        node,
        WHOLE,
        [
            "http.address=localhost:80",
            "http.cors.allowed_origins.0=foo",
            "http.cors.allowed_origins.-=bar",
            "pipeline.processors.0.noop.x=[1, a]",
            "input.generate.count=5",
            "logger.level=",
        ],
    )
    assert node.plain() == {
        "http": {"address": "localhost:80", "cors": {"allowed_origins": ["foo", "bar"]}},
        "pipeline": {"processors": [{"noop": {"x": [1, "a"]}}]},
        "input": {"generate": {"count": 5}},
        "logger": {"level": ""},
    }


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("nope", "invalid set expression 'nope': expected foo=bar syntax"),
        ("http.nope=1", "failed to set config field override: http.nope: field not recognised"),
        ("nope.a=1", "failed to set config field override: nope.a: field not recognised"),
        (
            "http.address=[",
            "failed to set config field override: http.address: yaml: line 1: did not find expected node content",
        ),
        (
            "pipeline.processors.7=1",
            "failed to set config field override: pipeline.processors.7: index 7 is out of bounds",
        ),
    ],
)
def test_wrong_overrides(expression: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        apply_overrides(parse_document("pipeline: {processors: []}"), WHOLE, [expression])
    assert str(caught.value) == problem


def test_defaults_are_filled_in_and_secrets_left_out(catalogue: Catalogue) -> None:
    text = (
        "input:\n  generate: {mapping: root = 1}\n  processors:\n    - everything:\n        password: hush\n"
        "        address: http://me:hush@x/\n        fresh: 2\nhttp: {basic_auth: {password_hash: hush}}\n"
    )
    shown = normal(parse_document(text), WHOLE, catalogue)
    assert shown["input"]["generate"] == {
        "mapping": "root = 1",
        "interval": "1s",
        "count": 0,
        "auto_replay_nacks": True,
    }
    processor = shown["input"]["processors"][0]["everything"]
    assert (processor["password"], processor["address"], processor["fresh"]) == (SCRUBBED, SCRUBBED, 2)
    assert processor["backoff"]["max_interval"] == "3s"
    assert shown["http"]["basic_auth"]["password_hash"] == SCRUBBED
    assert "hush" not in str(shown)
    bare = normal(parse_document("output: {retry: {output: {drop: {}}}}"), WHOLE, catalogue, defaults=False)
    assert bare == {"output": {"retry": {"output": {"drop": {}}}}}


@pytest.mark.parametrize(("secret", "kept"), [("${X}", True), ("${X:y}", True), ("", True), ("a${X}", False)])
def test_secrets_that_are_variables_are_kept(secret: str, kept: bool, catalogue: Catalogue) -> None:
    node = parse_document(f"pipeline: {{processors: [everything: {{password: '{secret}'}}]}}")
    shown = normal(node, WHOLE, catalogue, defaults=False)
    assert (shown["pipeline"]["processors"][0]["everything"]["password"] == secret) is kept


def test_the_schema_agrees_with_lint(catalogue: Catalogue) -> None:
    schema = json_schema(catalogue)
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    good = {
        "input": {"generate": {"mapping": "root = 1", "count": "${N}"}, "processors": [{"try": [{"noop": {}}]}]},
        "output": {"label": "x", "broker": {"outputs": [{"drop": {}}]}},
        "http": {"enabled": False},
    }
    assert not list(validator.iter_errors(good))
    wrong: list[dict[str, Any]] = [
        {"nope": 1},
        {"input": {"generate": {"count": 1}}},
        {"output": {"nope": {}}},
        {"output": {"broker": {"outputs": {}}}},
        {"pipeline": {"threads": "two"}},
    ]
    for bad in wrong:
        assert list(validator.iter_errors(bad)), bad


def test_examples_are_configurations(catalogue: Catalogue) -> None:
    for kind in ("input", "output", "processor", "cache"):
        for spec in catalogue.specs(kind):
            for advanced in (False, True):
                lines = component_example(spec, advanced=advanced, indent="  ")
                if kind == "processor":
                    text = "pipeline:\n  processors:\n    -\n" + "\n".join(f"    {line}" for line in lines) + "\n"
                elif kind == "cache":
                    text = "cache_resources:\n  -\n" + "\n".join(f"  {line}" for line in lines) + "\n"
                else:
                    text = f"{kind}:\n" + "\n".join(lines) + "\n"
                yaml.safe_load(text)
                found = lint_text(text.encode(), catalogue, options=LintOptions())
                wrong = [str(lint) for lint in found if lint.code not in ("missing_label", "custom", "should_omit")]
                assert not wrong, (text, wrong)


def test_pages_tell_of_every_field(catalogue: Catalogue) -> None:
    page = component_markdown(catalogue.spec("processor", "everything"))
    for words in ("### `backoff.max_interval`", "### `branches.<name>.from`", "Default: `5s`", "Required.", "a secret"):
        assert words in page
