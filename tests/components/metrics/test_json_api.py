"""The exporter `json_api`, and the mapping of names beside it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from headwater.errors import ConfigError
from headwater.telemetry.exporter import Exporter

Open = Callable[[str], Exporter]


def test_json_api_serves_json(counted: Open) -> None:
    shown = counted("json_api: {}\n").expose()
    assert shown.content_type == "application/json"
    assert not shown.compressible
    assert b'"input_received{label=\\"\\",path=\\"root.input\\",stream=\\"foo\\"}":5' in shown.body


def test_a_mapping_renames_and_leaves_out(counted: Open) -> None:
    made = counted(
        "json_api: {}\n"
        "mapping: |\n"
        '  root = if this.has_prefix("input_r") { "my_" + this } else { deleted() }\n'
        "  meta path = deleted()\n"
    )
    assert made.expose().body == b'{"my_input_received{label=\\"\\",stream=\\"foo\\"}":5}'


def test_a_mapping_that_is_none_is_refused(exporter: Open) -> None:
    with pytest.raises(ConfigError, match="failed to init metrics mapping"):
        exporter("json_api: {}\nmapping: 'root = = 1'\n")


def test_a_mapping_that_fails_leaves_the_name_and_is_logged(counted: Open, caplog: pytest.LogCaptureFixture) -> None:
    made = counted("json_api: {}\nmapping: 'root = this.nope.uppercase()'\n")
    assert b'"input_received{' in made.expose().body
    assert any(line.startswith("Failed to apply path mapping on 'input_received'") for line in caplog.messages)
