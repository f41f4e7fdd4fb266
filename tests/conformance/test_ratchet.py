"""The list of pending cases: it can only become shorter."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

spec = importlib.util.spec_from_file_location("ratchet", Path(__file__).with_name("ratchet.py"))
assert spec is not None
assert spec.loader is not None
ratchet = importlib.util.module_from_spec(spec)
__import__("sys").modules["ratchet"] = ratchet
spec.loader.exec_module(ratchet)


def listed(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "pending.txt"
    path.write_text(text, encoding="utf-8")
    return path


def test_outcomes_as_listed_pass(tmp_path: Path) -> None:
    path = listed(tmp_path, "lint a b\nhttp z\n")
    verdict = ratchet.judge("lint", {"a b": False, "c": True, "d": None}, path=path)
    assert verdict.exit_code == 0
    assert verdict.summary == "1 passed, 1 failed, 1 skipped"


def test_an_unlisted_failure_fails(tmp_path: Path) -> None:
    verdict = ratchet.judge("lint", {"a": False}, path=listed(tmp_path, "http a\n"))
    assert (verdict.exit_code, verdict.regressions) == (1, ["a"])


def test_a_listed_case_that_passes_fails(tmp_path: Path) -> None:
    verdict = ratchet.judge("lint", {"a": True}, path=listed(tmp_path, "lint a\n"))
    assert (verdict.exit_code, verdict.recovered) == (1, ["a"])


def test_a_listed_case_that_is_gone_fails_complete_runs_only(tmp_path: Path) -> None:
    path = listed(tmp_path, "lint a\n")
    assert ratchet.judge("lint", {}, path=path).stale == ["a"]
    assert ratchet.judge("lint", {}, complete=False, path=path).exit_code == 0


def test_update_touches_its_own_suite_only(tmp_path: Path) -> None:
    path = listed(tmp_path, "http z\nlint old\n")
    ratchet.update("lint", ["new"], path=path)
    assert path.read_text(encoding="utf-8") == "http z\nlint new\n"


def test_accepted_cases_have_reasons(tmp_path: Path) -> None:
    path = listed(tmp_path, "streams a/b#1  # ends in the words of a library\nhttp c  # x\n")
    assert ratchet.accepted("streams", path=path) == {"a/b#1": "ends in the words of a library"}
    with pytest.raises(ValueError, match="no reason"):
        ratchet.accepted("lint", path=listed(tmp_path, "lint a\n"))
