"""Each block of the guide runs: Python is executed and type checked, configurations are linted, commands are typed."""

from __future__ import annotations

import json
import shlex
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from headwater.cli import arguments

ROOT = Path(__file__).resolve().parents[1]
GUIDE = ROOT / "docs" / "guide"
EXAMPLE = (
    "input: {generate: {mapping: 'root = 1', count: 1, interval: ''}}\noutput: {drop: {}}\nhttp: {enabled: false}\n"
)
PAGES = sorted(path.name for path in GUIDE.glob("*.md"))


@pytest.mark.parametrize("page", PAGES)
def test_the_blocks_of_a_page_run(page: str, document: Any) -> None:
    (document.folder / "config.yaml").write_text(EXAMPLE, encoding="utf-8")
    for block in document.blocks((GUIDE / page).read_text(encoding="utf-8")):
        assert block.language in RUNNERS, block.text
        RUNNERS[block.language](document, block)


def run_python(document: Any, block: Any) -> None:
    if Path(block.file).name.startswith("test_"):
        done = document.ran(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", block.file)
        assert done.returncode == 0, done.stdout
    else:
        done = document.ran(sys.executable, "-c", block.text)
        assert done.returncode == 0, done.stderr


def lint(document: Any, block: Any) -> None:
    name = block.file or "block.yaml"
    (document.folder / name).write_text(block.text, encoding="utf-8")
    done = document.ran(sys.executable, "-m", "headwater", "lint", name)
    assert done.returncode == int(block.fails), done.stderr


def type_in(document: Any, block: Any) -> None:
    commands = list(block.commands())
    assert commands, block.text
    for command, wanted in commands:
        document.type(command, wanted)


def parse(document: Any, block: Any) -> None:
    """Commands that do not end: their words are understood."""
    for line in block.text.splitlines():
        program, *words = shlex.split(line)
        assert program == "headwater", line
        module, _ = arguments.parse(words)
        assert module is not None


RUNNERS = {
    "python": run_python,
    "yaml": lint,
    "console": type_in,
    "sh": parse,
    "json": lambda document, block: json.loads(block.text),
    "toml": lambda document, block: tomllib.loads(block.text),
}
"""What is done with a block, by its language; one of another language fails its page."""


def test_the_components_of_the_guide_are_typed(document: Any) -> None:
    found = document.blocks((GUIDE / "components.md").read_text(encoding="utf-8"))
    names = [block.file for block in found if block.language == "python" and block.file]
    assert len(names) >= 5
    (document.folder / "wrong.py").write_text(WRONG, encoding="utf-8")
    cache = ROOT / ".mypy_cache" / "guide"
    words = ("--strict", "--no-error-summary", "--cache-dir", str(cache), "--config-file", "")
    done = document.ran(sys.executable, "-m", "mypy", *words, *names, "wrong.py", timeout=300)
    lines = [line for line in done.stdout.splitlines() if ": note: " not in line]
    assert [line.partition(":")[0] for line in lines] == ["wrong.py", "wrong.py"], done.stdout + done.stderr
    assert 'Value of type variable "Class"' in lines[0] or "incompatible type" in lines[0]
    assert "incompatible with return type" in lines[1] or "Return type" in lines[1]


WRONG = """\
from headwater import Batch, Config, Processor, Resources, component, spec


@component(spec("processor", "lonely", summary="Take nothing."))
class Lonely(Processor):
    def __init__(self) -> None: ...


class Wrong(Processor):
    def __init__(self, config: Config, resources: Resources) -> None: ...

    async def close(self) -> int:
        return 1
"""
