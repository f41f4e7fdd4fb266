"""Processor `metric`: series of one's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from headwater.message import Message
from headwater.system import StreamSystem

Process = Callable[..., list[Message]]


@pytest.mark.parametrize(
    ("kind", "value", "total"),
    [("counter", "", 3), ("counter_by", "${! content() }", 7), ("gauge", "${! content() }", 1)],
)
def test_each_message_is_observed(system: StreamSystem, process: Process, kind: str, value: str, total: int) -> None:
    config = f"[{{metric: {{type: {kind}, name: mine, labels: {{name: '${{! @n }}'}}, value: '{value}'}}}}]"
    process(config, "2", ["4", "1"], metadata={"n": "x"})
    found: list[Any] = [
        (dict(labels)["name"], series.value) for name, labels, series in system.metrics if name == "mine"
    ]
    assert found == [("x", total)]


def test_a_series_without_labels_shows_from_the_start(system: StreamSystem, process: Process) -> None:
    process("[{metric: {type: counter, name: mine}}]", count=0)
    assert [series.value for name, _, series in system.metrics if name == "mine"] == [0]  # type: ignore[union-attr]


@pytest.mark.parametrize("value", ["-1", "much"])
def test_values_that_make_no_sense_are_logged(process: Process, caplog: pytest.LogCaptureFixture, value: str) -> None:
    assert process(f"[{{metric: {{type: counter_by, name: mine, value: '{value}'}}}}]", "a")[0].error is None
    assert "Handler error: " in caplog.text
