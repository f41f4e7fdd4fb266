"""The runners of recorded configurations notice what is wrong."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

FOLDER = Path(__file__).parent
ROW: dict[str, Any] = {
    "id": "one",
    "topic": "t",
    "oracle": "benthos",
    "files": {"c.yaml": "input:\n  stdin: {}\nnope: 1\n"},
    "args": ["c.yaml"],
    "exit": 1,
    "lints": ["c.yaml(3,1) field nope not recognised"],
    "post": {"status": 400, "lint_errors": ["(3,1) field nope not recognised"]},
}


def load(name: str) -> ModuleType:
    sys.path.insert(0, str(FOLDER))
    try:
        spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module
    finally:
        sys.path.remove(str(FOLDER))


def test_a_true_row_passes() -> None:
    assert load("lint_runner").check(ROW) == []


@pytest.mark.parametrize(
    "spoiled",
    [
        {"exit": 0},
        {"lints": []},
        {"lints": ["c.yaml(2,1) field nope not recognised"]},
        {"lints": ["c.yaml(3,1) field nope not recognised", "c.yaml(3,1) field nope not recognised"]},
        {"post": {"status": 200, "body": ""}},
        {"post": {"status": 400, "lint_errors": ["(3,2) field nope not recognised"]}},
        {"post": {"status": 400, "body": "Error: another\n"}},
    ],
)
def test_a_spoiled_row_fails(spoiled: dict[str, Any]) -> None:
    assert load("lint_runner").check(ROW | spoiled)


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("input: {stdin: {}}", "passed"),
        ("input: {stdin: {nope: 1}}", "failed"),
        ("input: {a_component_of_nobody: {}}", "skipped"),
        ("output: {fallback: [a_component_of_nobody: {}]}", "skipped"),
    ],
)
def test_configurations(text: str, outcome: str) -> None:
    from headwater.components.catalogue import Catalogue

    row = {"yaml": text, "confirmed_by": ["bento"], "upstream_linted": True}
    assert load("configs_runner").check(row, Catalogue(entry_points=False))[0] == outcome
