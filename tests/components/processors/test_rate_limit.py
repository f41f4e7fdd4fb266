"""Processor `rate_limit`: no faster than allowed."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from headwater.message import Message
from headwater.system import StreamSystem

Process = Callable[..., list[Message]]


def test_each_message_of_a_batch_counts(system: StreamSystem, process: Process) -> None:
    system.set_resource("rate_limit", "slow", "local: {count: 1, interval: 40ms}")
    started = time.monotonic()
    assert [m.content() for m in process("[{rate_limit: {resource: slow}}]", ["a", "b", "c"])] == [b"a", b"b", b"c"]
    assert time.monotonic() - started >= 0.07


def test_it_has_to_be_there(process: Process) -> None:
    with pytest.raises(Exception, match="rate limit resource 'nowhere' was not found"):
        process("[{rate_limit: {resource: nowhere}}]", "a")
