"""Processor `split`: smaller batches of a batch."""

from __future__ import annotations

from collections.abc import Callable

import pytest


@pytest.mark.parametrize(
    ("fields", "sizes"),
    [
        ("{}", ["1", "1", "1", "1", "1"]),
        ("{size: 2}", ["2", "2", "2", "2", "1"]),
        ("{size: 3, byte_size: 4}", ["3", "3", "3", "1", "1"]),
        ("{size: 0, byte_size: 3}", ["3", "3", "3", "1", "1"]),
        ("{size: 0}", ["5", "5", "5", "5", "5"]),
    ],
)
def test_sizes(contents: Callable[..., list[str]], fields: str, sizes: list[str]) -> None:
    assert contents(f"- split: {fields}\n- mapping: root = batch_size()", ["a", "b", "c", "d", "eeee"]) == sizes
