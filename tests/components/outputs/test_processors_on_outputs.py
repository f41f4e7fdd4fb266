"""Processors beside an output: what they make, drop and fail on, many transactions at once or one by one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Deliver = Callable[..., list[str]]
SINGLE = "{mapping: 'root = if content() == \"drop\" { deleted() } else { content().uppercase() }'}"


@pytest.mark.parametrize("more", ["", ", {sleep: {duration: 1us}}"], ids=["many at once", "one by one"])
def test_each_output_has_its_own(deliver: Deliver, tmp_path: Path, more: str) -> None:
    config = f"output: {{file: {{path: '{tmp_path}/x'}}, processors: [{SINGLE}{more}]}}"
    assert deliver(config, "a", "drop", ["b", "drop", "c"], ["drop"]) == [""] * 4
    assert (tmp_path / "x").read_text() == "A\nB\nC\n"


def test_one_message_may_become_many_or_none(deliver: Deliver, tmp_path: Path) -> None:
    config = (
        f"output: {{file: {{path: '{tmp_path}/x'}}, processors: [{{unarchive: {{format: lines}}}}, {{split: {{}}}}]}}"
    )
    assert deliver(config, "a\nb", ["c", "d\ne"]) == ["", ""]
    assert (tmp_path / "x").read_text() == "a\nb\nc\nd\ne\n"


def test_failures_find_their_way_back(deliver: Deliver, tmp_path: Path) -> None:
    config = f"""
    output:
      file: {{path: '{tmp_path}/${{! content() }}'}}
      processors: [{{unarchive: {{format: lines}}}}]
    """
    (tmp_path / "taken").mkdir()
    failure = f"open {tmp_path}/taken: is a directory"
    assert deliver(config, "a", "taken", "b\ntaken", ["c", "taken"]) == ["", failure, failure, failure]
    assert {path.name for path in tmp_path.iterdir()} == {"a", "b", "c", "taken"}


@pytest.mark.parametrize(
    "around",
    [
        "fallback: [CHILD, {reject: 'gone on'}]",
        "broker: {pattern: fan_out_fail_fast, outputs: [CHILD, {drop: {}}]}",
        "switch: {cases: [{check: 'true', output: CHILD}, {output: {drop: {}}}]}",
        "reject_errored: CHILD",
        "drop_on: {output: CHILD}",
        "retry: {max_retries: 1, backoff: {initial_interval: 1ms}, output: CHILD}",
    ],
)
def test_a_message_fails_with_any_that_is_made_of_it(deliver: Deliver, tmp_path: Path, around: str) -> None:
    (tmp_path / "taken").mkdir()
    child = (
        "{retry: {max_retries: 1, backoff: {initial_interval: 1ms}, "
        f"output: {{file: {{path: '{tmp_path}/${{! content() }}'}}}}}}, "
        "processors: [{unarchive: {format: lines}}]}"
    )
    outcomes = deliver("output: {" + around.replace("CHILD", child) + "}", "a\nb", "a\nb\ntaken", ["c", "a\nb\ntaken"])
    assert outcomes[0] == ""
    assert outcomes[1]
    assert outcomes[2]
