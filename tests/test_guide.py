"""Each block of the guide runs: Python is executed, configurations are linted, commands are typed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

GUIDE = Path(__file__).resolve().parents[1] / "docs" / "guide"
EXAMPLE = (
    "input: {generate: {mapping: 'root = 1', count: 1, interval: ''}}\noutput: {drop: {}}\nhttp: {enabled: false}\n"
)


@pytest.mark.parametrize("page", sorted(path.name for path in GUIDE.glob("*.md")))
def test_the_blocks_of_a_page_run(page: str, document: Any) -> None:
    (document.folder / "config.yaml").write_text(EXAMPLE, encoding="utf-8")
    for block in document.blocks((GUIDE / page).read_text(encoding="utf-8")):
        if block.language == "python" and Path(block.file).name.startswith("test_"):
            done = document.ran(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", block.file)
            assert done.returncode == 0, done.stdout
        elif block.language == "python":
            done = document.ran(sys.executable, "-c", block.text)
            assert done.returncode == 0, done.stderr
        elif block.language == "yaml":
            name = block.file or "block.yaml"
            (document.folder / name).write_text(block.text, encoding="utf-8")
            done = document.ran(sys.executable, "-m", "headwater", "lint", name)
            assert done.returncode == 0, done.stderr
        elif block.language == "console":
            for command, wanted in block.commands():
                document.type(command, wanted)
