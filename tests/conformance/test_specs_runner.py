"""The runner that compares specs notices what is wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

RUNNER = Path(__file__).with_name("specs_runner.py")
TABLE = "## Tier 1\n\n### {kind} (1)\n\n| # | name |\n|---|---|\n| 1 | {name} | C |\n\n## Tier 2\n"


def run(folder: Path, kind: str, name: str, record: dict[str, Any] | None) -> str:
    """What the runner prints of one component."""
    (folder / "components.json").write_text(json.dumps({kind: {name: record} if record else {}}))
    (folder / "components.md").write_text(TABLE.format(kind=kind, name=name))
    done = subprocess.run(
        [sys.executable, str(RUNNER), str(folder / "components.json")], capture_output=True, text=True, timeout=60
    )
    return "\n".join(line for line in done.stdout.splitlines() if line.startswith(f"{kind}/{name}"))


def chunker() -> dict[str, Any]:
    """The record of a scanner as it is."""
    return {
        "status": "stable",
        "root": {"kind": "object", "labelled": False},
        "fields": [{"path": "size", "type": "int"}],
    }


def test_a_component_as_it_is(tmp_path: Path) -> None:
    assert run(tmp_path, "scanner", "chunker", chunker()) == ""


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"default": 4}, "scanner/chunker/size: default is None, not [4]"),
        ({"type": "string"}, "scanner/chunker/size: type is 'int', not 'string'"),
        ({"secret": True}, "scanner/chunker/size: secret is False"),
        ({"custom_lint": True}, "scanner/chunker/size: it has no rule of its own"),
    ],
)
def test_what_differs_in_a_field(tmp_path: Path, change: dict[str, Any], told: str) -> None:
    record = chunker()
    record["fields"][0].update(change)
    assert run(tmp_path, "scanner", "chunker", record) == told


def test_fields_that_only_one_side_has(tmp_path: Path) -> None:
    record = chunker()
    record["fields"][0]["path"] = "length"
    assert run(tmp_path, "scanner", "chunker", record).splitlines() == [
        "scanner/chunker/length: it is missing",
        "scanner/chunker/size: it is known here alone",
    ]


def test_a_component_of_the_first_tier_that_is_missing(tmp_path: Path) -> None:
    assert run(tmp_path, "scanner", "surprise", chunker()) == "scanner/surprise: it is missing"
