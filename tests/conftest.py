"""What several tests of documents need."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

_BLOCK = re.compile(
    r"^ *```(?P<language>\w*)(?: file=(?P<file>\S+))?(?: lint=(?P<lint>\S+))?[^\n]*\n(?P<text>.*?)^ *```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """A block of code in a document.

    Attributes:
        fails: Whether it is there to show what lint says.
    """

    language: str
    file: str
    text: str
    fails: bool = False

    def commands(self) -> Iterator[tuple[str, str]]:
        """The commands of a console, each with what it must print; `...` there stands for anything."""
        for part in re.split(r"^\$ ", self.text, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            yield command, output


class Document:
    """A document whose blocks are tried in a folder, in order."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / ".venv").mkdir()
        (folder / ".venv" / "bin").symlink_to(Path(sys.executable).parent)
        self.environment = os.environ | {
            "NO_COLOR": "1",
            "PYTHONPATH": str(folder),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        }

    def blocks(self, text: str) -> list[Block]:
        """The blocks of a document, those that name a file written to it."""
        found = [
            Block(each["language"], each["file"] or "", each["text"], each["lint"] == "fails")
            for each in _BLOCK.finditer(text)
        ]
        assert len(found) == len(re.findall(r"^ *```\w", text, re.MULTILINE)), "a block has no end"
        for block in found:
            if block.file:
                (self.folder / block.file).parent.mkdir(parents=True, exist_ok=True)
                (self.folder / block.file).write_text(block.text, encoding="utf-8")
        return found

    def ran(self, *command: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """A command in the folder."""
        return subprocess.run(
            command, cwd=self.folder, capture_output=True, text=True, timeout=timeout, env=self.environment, check=False
        )

    def type(self, command: str, wanted: str) -> None:
        """Type a command, and compare what it prints."""
        done = self.ran("sh", "-c", command)
        pattern = ".*".join(re.escape(piece) for piece in wanted.rstrip("\n").split("..."))
        printed = done.stdout.rstrip("\n")
        assert re.fullmatch(pattern, printed, re.DOTALL), f"$ {command}\n{done.stdout}{done.stderr}"


@pytest.fixture
def document(tmp_path: Path) -> Document:
    """A folder in which a document's blocks are tried."""
    return Document(tmp_path)
