"""Imports go one way: the table in docs/architecture.md, read from there, and every import of both packages."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LEAVES = {f"headwater.bloblang.{name}" for name in ("values", "errors", "gonumbers")}
"""What of Bloblang those may use that stand below it."""


def layers() -> dict[str, int]:
    """The line of each part, from the top."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = page.split("## Which way imports go", 1)[1].split("```")[1]
    return {part: line for line, parts in enumerate(table.split("\n")) for part in parts.split()}


def part_of(module: str) -> str:
    """The part that a module belongs to; nothing for the packages' own `__init__` and `__main__`."""
    package, _, rest = module.partition(".")
    part = rest.split(".")[0]
    return package if package == "headwater_api" else "" if part == "__main__" else part


def modules() -> Iterator[tuple[str, Path]]:
    for folder in (ROOT / "actors", ROOT / "api"):
        for path in sorted(folder.rglob("*.py")):
            yield ".".join(path.relative_to(folder).with_suffix("").parts).removesuffix(".__init__"), path


def imported(path: Path) -> Iterator[str]:
    """Modules of ours that a file imports, wherever in it; no import of ours is relative."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("headwater"))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("headwater"):
            for alias in node.names:
                yield f"headwater.{alias.name}" if node.module == "headwater" else str(node.module)


def test_every_part_has_its_place() -> None:
    assert {part_of(module) for module, _ in modules()} - {""} == set(layers())


@pytest.mark.parametrize("part", sorted(layers()))
def test_nothing_imports_what_is_above_it(part: str) -> None:
    places = layers()
    wrong = [
        f"{module} imports {name}"
        for module, path in modules()
        if part_of(module) == part
        for name in imported(path)
        if places.get(part_of(name), places[part]) < places[part] and name not in LEAVES
    ]
    assert wrong == []


def test_the_leaves_know_nothing_of_what_is_above_them() -> None:
    paths = dict(modules())
    seen: set[str] = set()
    open_ = sorted(LEAVES)
    while open_:
        module = open_.pop()
        if module in seen:
            continue
        seen.add(module)
        assert module.startswith("headwater.bloblang.") or part_of(module) == "errors", module
        top = [name for name in imported(paths[module]) if name in paths]
        open_ += top
    assert seen >= LEAVES
