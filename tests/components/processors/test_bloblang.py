"""Processor `bloblang`: the older name of `mapping`."""

from __future__ import annotations

from collections.abc import Callable


def test_it_maps(contents: Callable[..., list[str]]) -> None:
    assert contents("- bloblang: root.z = this.a", '{"a":1}') == ['{"z":1}']
