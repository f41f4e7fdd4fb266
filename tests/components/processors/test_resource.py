"""Processor `resource`: a processor that streams share."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from headwater.errors import ComponentError
from headwater.message import Message
from headwater.system import StreamSystem

Process = Callable[..., list[Message]]


def test_it_is_looked_up_at_each_use(system: StreamSystem, process: Process) -> None:
    system.set_resource("processor", "shared", "mapping: 'root = content() + \"1\"'")
    assert [m.content() for m in process("[{resource: shared}]", "a")] == [b"a1"]
    system.set_resource("processor", "shared", "mapping: 'root = content() + \"2\"'")
    with system.channel("in") as source, system.channel("out") as sink:
        source.post("a")
        received = sink.receive(5)
        received.ack()
        assert received.payloads == [b"a2"]
        system.remove_resource("processor", "shared")
        with pytest.raises(ComponentError, match="unable to locate resource: shared"):
            source.send("a", timeout=5)


def test_it_has_to_be_there_at_the_start(process: Process) -> None:
    with pytest.raises(Exception, match="processor resource 'nowhere' was not found"):
        process("[{resource: nowhere}]", "a")
