"""Processor `workflow`: branches in the order of what they need."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from headwater.errors import ConfigError

BRANCHES = """
- workflow:
    branches:
      b: {request_map: root = this.ra, processors: [{mapping: root = this * 10}], result_map: root.rb = this}
      a: {request_map: root = this.a, processors: [{mapping: root = this + 1}], result_map: root.ra = this}
"""


def test_the_order_follows_from_the_mappings(contents: Callable[..., list[str]]) -> None:
    assert contents(BRANCHES, '{"a":1}') == ['{"a":1,"meta":{"workflow":{"succeeded":["a","b"]}},"ra":2,"rb":20}']


def test_an_order_of_ones_own(contents: Callable[..., list[str]]) -> None:
    [content] = contents(BRANCHES + "    order: [[b], [a]]\n    meta_path: m", '{"a":1}')
    found = json.loads(content)
    assert found["m"]["succeeded"] == ["a"]
    assert found["m"]["failed"]["b"].startswith("processors failed: failed assignment (line 1): cannot multiply types")


def test_what_was_done_is_not_done_again(contents: Callable[..., list[str]]) -> None:
    [content] = contents(BRANCHES, '{"a":1,"ra":50,"meta":{"workflow":{"succeeded":["a"]}}}')
    found = json.loads(content)
    assert (found["ra"], found["rb"]) == (50, 500)
    assert found["meta"]["workflow"] == {"previous": {"succeeded": ["a"]}, "skipped": ["a"], "succeeded": ["b"]}


def test_only_what_shall_apply(contents: Callable[..., list[str]]) -> None:
    [content] = contents(BRANCHES, '{"a":1,"ra":5,"meta":{"workflow":{"apply":["b"]}}}')
    assert json.loads(content)["meta"]["workflow"]["skipped"] == ["a"]


def test_without_a_record_failures_are_marks(outcomes: Callable[..., Any]) -> None:
    workflow = "- workflow: {meta_path: '', branches: {x: {processors: [{mapping: root = throw(\"n\")}]}}}"
    assert outcomes(workflow, "{}") == [("{}", "workflow branches failed: [x]")]


def test_branches_of_a_tier_wait_at_the_same_time(contents: Callable[..., list[str]]) -> None:
    branch = "{processors: [{sleep: {duration: 150ms}}]}"
    started = time.monotonic()
    contents(f"- workflow: {{branches: {{x: {branch}, y: {branch}, z: {branch}}}}}", "{}")
    assert time.monotonic() - started < 0.4


@pytest.mark.parametrize(
    ("workflow", "error"),
    [
        ("{branches: {'a b': {processors: [{noop: {}}]}}}", "contains invalid characters"),
        ("{branch_resources: [nope]}", "processor resource 'nope' was not found"),
        ("{order: [[]], branches: {a: {processors: [{noop: {}}]}}}", "explicit order tier '0' was empty"),
        ("{order: [[a], [a]], branches: {a: {processors: [{noop: {}}]}}}", "listed multiple times: a"),
        (
            "{order: [[a]], branches: {a: {processors: [{noop: {}}]}, b: {processors: [{noop: {}}]}}}",
            r"missing from order: \[b\]",
        ),
        (
            "{branches: {a: {request_map: root = this.y, processors: [{noop: {}}], result_map: root.x = this},"
            " b: {request_map: root = this.x, processors: [{noop: {}}], result_map: root.y = this}}}",
            r"circular dependencies detected for branches: \[a b\]",
        ),
    ],
)
def test_what_cannot_be_built(contents: Callable[..., list[str]], workflow: str, error: str) -> None:
    with pytest.raises(ConfigError, match=error):
        contents(f"- workflow: {workflow}", "{}")
