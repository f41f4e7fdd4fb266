"""The README's tour, typed in as written, and its example of embedding."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(?P<language>\w+)(?: file=(?P<file>\S+))?\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as a clone is after `scripts/setup`."""
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "bin").symlink_to(Path(sys.executable).parent)
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    return tmp_path


@pytest.fixture
def port(folder: Path) -> Iterator[int]:
    """What `scripts/serve` starts, at a free port."""
    words = re.search(r"exec \S+/headwater (.*)", (ROOT / "scripts" / "serve").read_text(encoding="utf-8"))
    assert words is not None
    command = words[1].replace("127.0.0.1:4195", "127.0.0.1:0").replace('"$@" ', "").split()
    log = folder / "serve.log"
    with open(log, "wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "headwater", *command], cwd=folder, stdout=out, stderr=subprocess.STDOUT
        )
    try:
        found = None
        end = time.monotonic() + 20
        while found is None:
            assert process.poll() is None, log.read_text(encoding="utf-8")
            assert time.monotonic() < end
            found = re.search(r"http://127\.0\.0\.1:(\d+)", log.read_text(encoding="utf-8"))
            time.sleep(0.02)
        while True:
            with urllib.request.urlopen(f"http://127.0.0.1:{found[1]}/ping") as answer:
                if answer.status == 200:
                    break
        yield int(found[1])
    finally:
        process.terminate()
        process.wait(30)


def commands(text: str) -> Iterator[tuple[str, str]]:
    """The commands of a block, each with what it must print; `...` there stands for anything."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        yield command, output


@pytest.mark.skipif(shutil.which("curl") is None, reason="the tour is typed with curl")
def test_the_tour_works_as_written(folder: Path, port: int) -> None:
    tour = README[README.index("## Five minutes") : README.index("## In an application")]
    ran = 0
    for block in BLOCK.finditer(tour):
        if block["file"]:
            (folder / block["file"]).write_text(block["text"], encoding="utf-8")
            continue
        for command, wanted in commands(block["text"]):
            done = subprocess.run(
                ["sh", "-c", command.replace("localhost:4195", f"127.0.0.1:{port}")],
                cwd=folder,
                capture_output=True,
                text=True,
                timeout=30,
                env=os.environ | {"NO_COLOR": "1"},
                check=False,
            )
            pattern = ".*".join(re.escape(piece) for piece in wanted.rstrip("\n").split("..."))
            assert re.fullmatch(pattern, done.stdout.rstrip("\n"), re.DOTALL), (
                f"$ {command}\n{done.stdout}{done.stderr}"
            )
            ran += 1
    assert ran > 10


def test_the_example_of_embedding_works_as_written(folder: Path) -> None:
    code = next(block["text"] for block in BLOCK.finditer(README) if block["language"] == "python")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False)
    assert done.stdout == "[b'HELLO']\n", done.stderr


def test_the_files_that_it_names_exist() -> None:
    for name in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / name).exists(), name
