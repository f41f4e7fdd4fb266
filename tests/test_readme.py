"""The README's tour, typed in as written, and its example of embedding."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def port(document: Any) -> Iterator[int]:
    """What `scripts/serve` starts, at a free port."""
    folder = document.folder
    shutil.copytree(ROOT / "examples", folder / "examples")
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
        with urllib.request.urlopen(f"http://127.0.0.1:{found[1]}/ping") as answer:
            assert answer.status == 200
        yield int(found[1])
    finally:
        process.terminate()
        process.wait(30)


@pytest.mark.skipif(shutil.which("curl") is None, reason="the tour is typed with curl")
def test_the_tour_works_as_written(document: Any, port: int) -> None:
    tour = README[README.index("## Five minutes") : README.index("## In an application")]
    typed = [entry for block in document.blocks(tour) if block.language == "console" for entry in block.commands()]
    assert len(typed) > 10
    for command, wanted in typed:
        document.type(command.replace("localhost:4195", f"127.0.0.1:{port}"), wanted)


def test_the_example_of_embedding_works_as_written(document: Any) -> None:
    (block,) = [block for block in document.blocks(README) if block.language == "python"]
    done = document.ran(sys.executable, "-c", block.text)
    assert done.stdout == "[b'HELLO']\n", done.stderr
