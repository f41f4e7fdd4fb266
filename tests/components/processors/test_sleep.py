"""Processor `sleep`: messages are held up."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from headwater.message import Message

Process = Callable[..., list[Message]]


def test_each_message_waits(process: Process) -> None:
    started = time.monotonic()
    assert len(process("[{sleep: {duration: '${! content() }'}}]", ["20ms", "30ms"])) == 2
    assert time.monotonic() - started >= 0.05


def test_what_is_no_duration_is_logged(process: Process, caplog: pytest.LogCaptureFixture) -> None:
    messages = process("[{sleep: {duration: '${! content() }'}}]", "soon")
    assert messages[0].error is None
    assert 'Failed to parse duration: time: invalid duration "soon"' in caplog.text
