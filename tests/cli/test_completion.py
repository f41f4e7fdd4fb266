"""Completion, in the shells themselves where they are installed."""

from __future__ import annotations

import os
import pty
import re
import select
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from headwater.cli import main

Complete = Callable[[str], "set[str]"]
CASES = [
    ("headwater li", {"lint", "list"}),
    ("headwater lint --fo", {"--format"}),
    ("headwater lint --format j", {"json"}),
    ("headwater list rate", {"rate_limits"}),
    ("headwater completion z", {"zsh"}),
    ("headwater lint fi", {"first.yaml", "fifth.yaml"}),
    ("headwater -c first.yaml stre", {"streams"}),
]


def needed(shell: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(shell) is None, reason=f"{shell} is not installed")


@pytest.fixture
def script(tmp_path: Path, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> Path:
    """The script for a shell, in a folder with two files."""
    for name in ("first.yaml", "fifth.yaml", "other.yaml"):
        (tmp_path / name).touch()
    assert main(["completion", request.param]) == 0
    path = tmp_path / "scripts" / "_headwater"
    path.parent.mkdir()
    path.write_text(capsys.readouterr().out, encoding="utf-8")
    return path


@needed("bash")
@pytest.mark.parametrize("script", ["bash"], indirect=True)
@pytest.mark.parametrize(("line", "wanted"), CASES)
def test_bash(script: Path, line: str, wanted: set[str]) -> None:
    words = " ".join(map(shlex.quote, line.split()))
    program = (
        f"source {script}; COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _headwater\n"
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(["bash", "-c", program], cwd=script.parents[1], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == wanted
    assert done.stderr == ""


@needed("fish")
@pytest.mark.parametrize("script", ["fish"], indirect=True)
@pytest.mark.parametrize(("line", "wanted"), [case for case in CASES if not case[0].startswith("headwater -c")])
def test_fish(script: Path, line: str, wanted: set[str]) -> None:
    program = f"source {script}; complete -C {shlex.quote(line)}"
    environment = os.environ | {"HOME": str(script.parent)}
    done = subprocess.run(
        ["fish", "--no-config", "-c", program],
        cwd=script.parents[1],
        capture_output=True,
        text=True,
        env=environment,
        check=True,
    )
    assert {row.partition("\t")[0] for row in done.stdout.splitlines()} == wanted


@needed("zsh")
@pytest.mark.skipif(sys.platform == "win32", reason="there are no terminals to make")
@pytest.mark.parametrize("script", ["zsh"], indirect=True)
def test_zsh(script: Path) -> None:
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(script.parents[1])
        os.environ.update(TERM="dumb", PS1="")
        os.execvp("zsh", ["zsh", "-f", "-i"])

    def typed(text: str, until: str) -> str:
        os.write(terminal, text.encode())
        shown, deadline = "", time.monotonic() + 20
        while not re.search(until, shown):
            assert time.monotonic() < deadline, shown
            if select.select([terminal], [], [], 0.2)[0]:
                shown += os.read(terminal, 1 << 16).decode(errors="replace")
        return shown

    try:
        setting = (
            f"unsetopt zle_bracketed_paste; PS1=; fpath=({script.parent} $fpath); autoload -Uz compinit; compinit -u -D"
        )
        typed(f"{setting}; echo rea''dy\n", "ready\r?\n")
        typed("headwater li\t\t", "list +-- list components")
        typed("\x15headwater lint --for\t", "headwater lint --format")
        typed("\x15headwater lint --format j\t", "--format json")
        typed("\x15headwater completion z\t", "completion zsh")
        typed("\x15headwater list rate\t", "list rate_limits")
        typed("\x15headwater lint oth\t", "other.yaml")
    finally:
        os.close(terminal)
        os.waitpid(pid, 0)
