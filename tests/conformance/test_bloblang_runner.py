"""The runner finds what is wrong: each spoiled expectation fails."""

from __future__ import annotations

import copy
import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent


def _load() -> Any:
    sys.path.insert(0, str(HERE))
    try:
        spec = importlib.util.spec_from_file_location("bloblang_runner", HERE / "bloblang_runner.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module
    finally:
        sys.path.remove(str(HERE))


runner = _load()


def row(kind: str, mapping: str, expect: dict[str, Any], **more: Any) -> dict[str, Any]:
    source = {"messages": [{"content": '{"a":5,"b":"x"}', "meta": {"k": "v"}}], "index": 0, **more}
    checks = {"expect": expect, "flags": [], "repos": ["benthos"]}
    return {"id": "row", "kind": kind, "mapping": mapping, "input": source, **checks}


VALUE = row("expression", "this.a + 1", {"type": "value", "value": 6, "string": "6"})
FLOAT = row("expression", "this.a / 2", {"type": "value", "value": 2.5})
BYTES = row("expression", "this.b.bytes()", {"type": "value", "value": {"$bytes": "x"}})
MESSAGE = row(
    "mapping", 'root.a = this.a\nmeta m = "n"', {"type": "message", "content": '{"a":5}', "meta": {"k": "v", "m": "n"}}
)
DELETED = row("mapping", "root = deleted()", {"type": "deleted"})
ERROR = row(
    "mapping",
    "root = this.a.uppercase()",
    {
        "type": "error",
        "match": "exact",
        "text": "failed assignment (line 1): expected string value, got number from field `this.a` (5)",
    },
)
PARSE = row(
    "parse_error",
    "root = ",
    {"type": "parse_error", "language": "mapping", "match": "exact", "text": "line 1 char 8: expected query"},
)
TEXT = row("interpolation", "<${! this.a }>", {"type": "string", "text": "<5>"})
BATCH = row(
    "mapping",
    'root = if this.a == 5 { throw("no") }\nmeta x = 1',
    {
        "type": "batch",
        "count": 1,
        "messages": [
            {"content": '{"a":5,"b":"x"}', "error": "failed assignment (line 1): no", "meta_subset": {"k": "v"}}
        ],
    },
    processor="mapping",
)
GOOD = [VALUE, FLOAT, BYTES, MESSAGE, DELETED, ERROR, PARSE, TEXT, BATCH]


def spoiled(source: dict[str, Any], *path: Any, to: Any) -> dict[str, Any]:
    """A row with one thing of its expectation changed."""
    changed = copy.deepcopy(source)
    here = changed["expect"]
    for key in path[:-1]:
        here = here[key]
    here[path[-1]] = to
    return changed


BAD = [
    spoiled(VALUE, "value", to=7),
    spoiled(VALUE, "value", to=6.0),
    spoiled(VALUE, "value", to="6"),
    spoiled(VALUE, "string", to="6.0"),
    spoiled(FLOAT, "value", to=2),
    spoiled(BYTES, "value", to="x"),
    spoiled(MESSAGE, "content", to='{"a":6}'),
    spoiled(MESSAGE, "content", to='{"a": 5}'),
    spoiled(MESSAGE, "meta", to={"k": "v"}),
    spoiled(MESSAGE, "meta", to={"k": "v", "m": "o"}),
    spoiled(MESSAGE, "meta", to={"k": "v", "m": "n", "z": 1}),
    spoiled(DELETED, "type", to="message"),
    spoiled(MESSAGE, "type", to="deleted"),
    spoiled(ERROR, "text", to="failed assignment (line 2): expected string value, got number from field `this.a` (5)"),
    spoiled(ERROR, "type", to="deleted"),
    spoiled(PARSE, "text", to="line 1 char 9: expected query"),
    spoiled(TEXT, "text", to="<5.0>"),
    spoiled(BATCH, "count", to=2),
    spoiled(BATCH, "messages", 0, "error", to="failed assignment (line 1): yes"),
    spoiled(BATCH, "messages", 0, "meta_subset", to={"k": "w"}),
    row("mapping", "root = 5", {"type": "error", "match": "exact", "text": "failed"}),
    row("mapping", "root = 5", {"type": "parse_error", "language": "mapping", "match": "exact", "text": "failed"}),
]


@pytest.mark.parametrize("case", GOOD, ids=lambda case: case["mapping"])
def test_a_right_expectation_passes(case: dict[str, Any]) -> None:
    assert runner.outcome(case) == ("passed", "")


@pytest.mark.parametrize("case", BAD, ids=lambda case: json.dumps(case["expect"])[:60])
def test_a_spoiled_expectation_fails(case: dict[str, Any]) -> None:
    state, reason = runner.outcome(case)
    assert state == "failed"
    assert "expected" in reason


def _run(
    tmp_path: Path, rows: list[dict[str, Any]], pending: str, capsys: pytest.CaptureFixture[str]
) -> tuple[int, str]:
    file, listed = tmp_path / "rows.jsonl", tmp_path / "pending.txt"
    file.write_text("".join(json.dumps(each) + "\n" for each in rows))
    listed.write_text(pending)
    status = runner.main([str(file), "--pending", str(listed), "--accepted", str(tmp_path / "none.txt")])
    return status, capsys.readouterr().out


def test_the_last_line_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out = _run(tmp_path, [VALUE, spoiled(VALUE, "value", to=7)], "", capsys)
    assert status == 1
    assert out.splitlines()[-1] == "1 passed, 1 failed, 0 skipped"


def test_what_is_listed_as_pending_may_fail_and_must(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(tmp_path, [spoiled(VALUE, "value", to=7)], "bloblang row\n", capsys)[0] == 0
    status, out = _run(tmp_path, [VALUE], "bloblang row\n", capsys)
    assert status == 1
    assert "take it off the pending list" in out
