"""Processor `select_parts`: some messages of a batch."""

from __future__ import annotations

from collections.abc import Callable

import pytest


@pytest.mark.parametrize(
    ("parts", "selected"),
    [("[2, 0]", ["c", "a"]), ("[-1, 0, 0]", ["c", "a", "a"]), ("[1, 9, -9]", ["b"]), ("[]", [])],
)
def test_places(contents: Callable[..., list[str]], parts: str, selected: list[str]) -> None:
    processors = f"- select_parts: {{parts: {parts}}}"
    assert contents(processors, ["a", "b", "c"], count=len(selected)) == selected
