"""How large a configuration text may be."""

from __future__ import annotations

import msgspec


class Limits(msgspec.Struct, frozen=True):
    """Bounds of a configuration text.

    Attributes:
        size: Bytes.
        depth: How deep values may be nested.
        values: How many values there may be, those that aliases repeat included.
    """

    size: int = 10 * 1024 * 1024
    depth: int = 100
    values: int = 50_000


LIMITS = Limits()
"""What holds where nobody says otherwise."""


class TooLarge(Exception):
    """A text breaks a limit; `line` counts from 1, 0 where there is none."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(text)
        self.line = line
        self.text = text
