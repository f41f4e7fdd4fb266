"""Output `reject_errored`: failed messages are refused, the others go on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

FAIL = """pipeline: {processors: [{mapping: 'root = if content() == "b" { throw("bad") }'}]}
"""
REASON = "rejecting due to failed processing: failed assignment (line 1): bad"


@pytest.mark.parametrize(
    "child", ["{file: {path: 'OUT'}}", "{retry: {output: {file: {path: 'OUT'}}}}"], ids=["many at once", "one by one"]
)
def test_failed_messages_are_refused(deliver: Callable[..., list[str]], tmp_path: Path, child: str) -> None:
    target = tmp_path / "out"
    config = FAIL + "output: {reject_errored: " + child.replace("OUT", str(target)) + "}"
    assert deliver(config, "a", "b", ["c", "b", "d"], ["b"]) == ["", REASON, REASON, REASON]
    assert sorted(target.read_text().split()) == ["a", "c", "d"]
