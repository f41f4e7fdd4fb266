"""Output `fallback`: the next output takes what the one before refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Deliver = Callable[..., list[str]]
NOTE = "processors: [{mapping: 'root = content() + \" \" + @fallback_error'}]"


def test_the_last_failure_counts(deliver: Deliver) -> None:
    assert deliver("output: {fallback: [{reject: first}, {reject: 'second ${! @fallback_error }'}]}", "a") == [
        "second first"
    ]


@pytest.mark.parametrize(
    "first",
    ["reject_errored: {file: {path: 'GOOD'}}", "reject_errored: {retry: {output: {file: {path: 'GOOD'}}}}"],
    ids=["many at once", "one by one"],
)
def test_only_what_failed_goes_on(deliver: Deliver, tmp_path: Path, first: str) -> None:
    good, dead = tmp_path / "good", tmp_path / "dead"
    config = f"""
    pipeline: {{processors: [{{mapping: 'root = if content() == "b" {{ throw("x") }}'}}]}}
    output:
      fallback:
        - {first.replace("GOOD", str(good))}
        - file: {{path: '{dead}'}}
          {NOTE}
    """
    assert deliver(config, "a", "b", ["c", "b"]) == ["", "", ""]
    reason = "rejecting due to failed processing: failed assignment (line 1): x"
    assert sorted(good.read_text().split()) == ["a", "c"]
    assert dead.read_text() == f"b {reason}\n" * 2


def test_without_outputs_it_cannot_be_built(deliver: Deliver) -> None:
    with pytest.raises(Exception, match="attempting to create broker output type with no outputs"):
        deliver("output: {fallback: []}", "a")
