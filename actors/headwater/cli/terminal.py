"""What is said otherwise where somebody looks: colour, and lines that fit; nothing of that in files and pipes."""

from __future__ import annotations

import os
import shutil
from typing import Final, TextIO

_CODES: Final = {"good": "32", "bad": "31", "bold": "1"}


class Terminal:
    """What is known of where a stream of text goes.

    Attributes:
        shown: Whether it is a terminal.
        coloured: Whether it is to have colour; `NO_COLOR` in the environment says no.
    """

    def __init__(self, stream: TextIO) -> None:
        self.shown = stream.isatty()
        self.coloured = self.shown and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"

    def paint(self, text: str, what: str) -> str:
        """The text, in the colour of what it is: good, bad or bold."""
        return f"\x1b[{_CODES[what]}m{text}\x1b[0m" if self.coloured and text else text

    def fitted(self, text: str) -> str:
        """The text, shortened in the middle where it is longer than a line."""
        room = shutil.get_terminal_size().columns - 1
        if not self.shown or len(text) <= room or room < 8:
            return text
        front = room // 3
        return f"{text[:front]}…{text[len(text) - (room - front - 1) :]}"

    def difference(self, text: str) -> str:
        """A difference of several lines, with what was expected and what came in colours of their own."""
        if not self.coloured:
            return text
        return "\n".join(self._painted(line) for line in text.split("\n"))

    def _painted(self, line: str) -> str:
        words = line.lstrip()
        if words.startswith(("expected:", "pattern:", "-")):
            return self.paint(line, "good")
        return self.paint(line, "bad") if words.startswith(("received:", "+")) else line
