"""The exporter `logger`."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, cast

import pytest

from headwater.errors import ConfigError
from headwater.telemetry.exporter import Exporter

Open = Callable[[str], Exporter]


def test_the_logger_writes_a_line_a_series_at_the_end(counted: Open, caplog: pytest.LogCaptureFixture) -> None:
    made = counted("logger: {push_interval: 1h}\n")
    made.start()
    with caplog.at_level(logging.INFO, "headwater"):
        made.close()
    fields = {record.fields["name"]: record.fields for record in caplog.records if hasattr(record, "fields")}
    assert fields["input_received"]["value"] == 5
    assert fields["input_received"]["stream"] == "foo"
    assert fields["input_latency_ns"]["p99"] == 1_500_000
    assert fields["input_latency_ns"]["count"] == 1


def test_the_logger_may_begin_anew_each_time(counted: Open, caplog: pytest.LogCaptureFixture) -> None:
    made = cast("Any", counted("logger: {flush_metrics: true}\n"))
    with caplog.at_level(logging.INFO, "headwater"):
        made.push()
        made.push()
    values = [record.fields["value"] for record in caplog.records if record.fields.get("name") == "input_received"]
    assert values == [5, 0]


def test_an_interval_must_be_a_duration(exporter: Open) -> None:
    with pytest.raises(ConfigError, match="failed to parse push interval"):
        exporter("logger: {push_interval: never}\n")
