"""Output `switch`: each message goes where it belongs."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from headwater.components.catalogue import Catalogue
from headwater.config.stream import lint_stream
from headwater.yamltext.document import parse_document

Deliver = Callable[..., list[str]]


def lines(path: Path) -> list[str]:
    return path.read_text().split() if path.exists() else []


@pytest.mark.parametrize(
    "around", ["{file: {path: 'OUT'}}", "{retry: {output: {reject_errored: {file: {path: 'OUT'}}}}}"]
)
def test_messages_of_a_batch_are_told_apart(deliver: Deliver, tmp_path: Path, around: str) -> None:
    def child(name: str) -> str:
        return around.replace("OUT", str(tmp_path / name))

    config = f"""
    output:
      switch:
        cases:
          - {{check: 'content() == "a"', continue: true, output: {child("a")}}}
          - {{check: 'content() < "c"', output: {child("ab")}}}
          - {{output: {child("rest")}}}
    """
    assert deliver(config, "a", ["b", "c", "a"], "d") == [""] * 3
    assert sorted(lines(tmp_path / "a")) == ["a", "a"]
    assert sorted(lines(tmp_path / "ab")) == ["a", "a", "b"]
    assert sorted(lines(tmp_path / "rest")) == ["c", "d"]


def test_what_fits_no_case_is_dropped_or_rejected(deliver: Deliver, caplog: pytest.LogCaptureFixture) -> None:
    cases = (
        "cases: [{check: 'content() == \"a\"', output: {drop: {}}}, {check: 'content() == \"b\"', output: {drop: {}}}]"
    )
    assert deliver(f"output: {{switch: {{{cases}, strict_mode: true}}}}", "a", "z") == [
        "",
        "no switch output conditions were met by message",
    ]
    assert "Message failed to match against at least one output check with strict mode enabled" in caplog.text


def test_without_strict_mode_it_is_dropped(deliver: Deliver) -> None:
    cases = (
        "cases: [{check: 'content() == \"a\"', output: {drop: {}}}, {check: 'content() == \"b\"', output: {drop: {}}}]"
    )
    assert deliver(f"output: {{switch: {{{cases}}}}}", "a", "z") == ["", ""]


def test_a_check_that_fails_is_no_match(deliver: Deliver, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    config = f"""
    output:
      switch:
        cases:
          - {{check: 'this.a.uppercase() == "X"', output: {{reject: no}}}}
          - {{output: {{file: {{path: '{tmp_path}/rest'}}}}}}
    """
    assert deliver(config, '{"a":1}') == [""]
    assert lines(tmp_path / "rest") == ['{"a":1}']
    assert "Failed to test case 0: " in caplog.text


def test_one_rejected_message_does_not_keep_the_others(deliver: Deliver, tmp_path: Path) -> None:
    config = f"""
    output:
      switch:
        cases:
          - {{check: 'content() == "b"', output: {{reject: 'no ${{! content() }}'}}}}
          - {{output: {{file: {{path: '{tmp_path}/rest'}}}}}}
    """
    assert deliver(config, ["a", "b", "c"]) == ["no b"]
    assert lines(tmp_path / "rest") == ["a", "c"]


def test_it_needs_two_cases(deliver: Deliver) -> None:
    with pytest.raises(Exception, match="attempting to create switch with fewer than 2 cases"):
        deliver("output: {switch: {cases: [{output: {drop: {}}}]}}", "a")


def test_lint_knows_that_a_reject_must_not_be_repeated() -> None:
    text = "output:\n  switch:\n    retry_until_success: true\n    cases:\n      - output: {reject: no}\n"
    lints = lint_stream(parse_document(text), Catalogue())
    assert len(lints) == 1
    assert "must have the field 'switch.retry_until_success' set to 'false'" in str(lints[0])
