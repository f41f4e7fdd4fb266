"""The exporter `none`."""

from __future__ import annotations

from collections.abc import Callable

from headwater.telemetry.exporter import Exporter

Open = Callable[[str], Exporter]


def test_none_serves_nothing(counted: Open) -> None:
    assert not counted("none: {}\n").serves_http
