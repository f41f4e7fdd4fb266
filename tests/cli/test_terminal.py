"""Colour and width on terminals, and nothing of either in pipes."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

FAILING = textwrap.dedent(
    """\
    pipeline: {processors: [{mapping: root = content().uppercase()}]}
    tests:
      - {name: wrong, input_batch: [{content: a}], output_batches: [[{content_equals: B}]]}
    """
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A dozen configurations with tests, some far away."""
    place = tmp_path / "a-folder-with-a-long-name" / "and-another-one"
    place.mkdir(parents=True)
    for number in range(12):
        (place / f"number-{number}.yaml").write_text(FAILING, encoding="utf-8")
    (tmp_path / "bad.yaml").write_text("nope: 1\n", encoding="utf-8")
    return tmp_path


def on_terminal(folder: Path, *words: str, **environment: str) -> str:
    """What is shown on a terminal of 40 columns."""
    master, terminal = pty.openpty()
    known = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
    process = subprocess.Popen(
        [sys.executable, "-m", "headwater", *words],
        cwd=folder,
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env=known | {"COLUMNS": "40", "TERM": "xterm"} | environment,
    )
    os.close(terminal)
    shown = b""
    while True:
        try:
            data = os.read(master, 1 << 16)
        except OSError:  # the other end is closed
            break
        if not data:
            break
        shown += data
    process.wait(30)
    os.close(master)
    return shown.decode()


def in_pipe(folder: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "headwater", *words], cwd=folder, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


def test_results_have_colour_and_a_line_of_progress_that_fits(folder: Path) -> None:
    shown = on_terminal(folder, "test", ".")
    assert "\x1b[31mfailed\x1b[0m" in shown
    assert "\x1b[32m  expected: B\x1b[0m" in shown
    assert "\x1b[31m  received: A\x1b[0m" in shown
    steps = [part for part in shown.replace("\n", "\r").split("\r") if part.startswith("\x1b[K") and "/13 " in part]
    assert len(steps) == 13
    assert max(len(step.removeprefix("\x1b[K")) for step in steps) == 39
    assert all("…" in step for step in steps if "number-" in step)


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_who_wants_no_colour_gets_none(folder: Path, environment: dict[str, Any]) -> None:
    shown = on_terminal(folder, "test", "a-folder-with-a-long-name/and-another-one/number-1.yaml", **environment)
    assert "failed" in shown
    assert "\x1b" not in shown


def test_lint_has_its_place_in_bold(folder: Path) -> None:
    assert on_terminal(folder, "lint", "bad.yaml") == "\x1b[1mbad.yaml(1,1)\x1b[0m field nope not recognised\r\n"


def test_a_folder_is_explained(folder: Path) -> None:
    name = "a-folder-with-a-long-name"
    assert f"{name} is a folder: `headwater lint {name}/` checks all files in it" in on_terminal(folder, "lint", name)


@pytest.mark.parametrize("words", [("test", "."), ("lint", "bad.yaml"), ("lint", "a-folder-with-a-long-name")])
def test_pipes_get_plain_text(folder: Path, words: tuple[str, ...]) -> None:
    shown = in_pipe(folder, *words)
    assert shown
    assert not {"\x1b", "\r", "…"} & set(shown)


def test_help_is_as_wide_as_the_terminal(folder: Path) -> None:
    shown = on_terminal(folder, "lint", "--help")
    flags = shown.partition("options:")[2].partition("Files may be")[0]
    assert max(map(len, flags.splitlines())) <= 40
