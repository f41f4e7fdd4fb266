"""Processor `log`: a line a message."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

from headwater.message import Message

Process = Callable[..., list[Message]]


def test_lines_have_level_text_and_fields(process: Process, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    config = """
    - log:
        level: WARN
        message: 'got ${! content() }'
        fields_mapping: 'root.length = content().length()'
        fields: {kind: '${! @k }'}
    """
    process(config, "a", metadata={"k": "x"})
    record = next(record for record in caplog.records if record.message == "got a")
    fields = record.__dict__["fields"]
    assert record.levelno == logging.WARNING
    assert (fields["length"], fields["kind"], fields["custom_source"]) == (1, "x", True)
    assert fields["path"] == "root.pipeline.processors.0"


def test_lines_below_the_level_are_not_made(process: Process, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    process("[{log: {level: debug, message: '${! throw(\"x\") }'}}]", "a")
    assert "Failed to interpolate" not in caplog.text


def test_a_text_that_cannot_be_made_does_no_harm(process: Process, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    assert process("[{log: {message: '${! throw(\"x\") }'}}]", "a")[0].error is None
    assert "Message interpolation error: " in caplog.text


def test_levels_have_to_be_known(process: Process) -> None:
    with pytest.raises(Exception, match="log level not recognised: LOUD"):
        process("[{log: {level: loud}}]", "a")
