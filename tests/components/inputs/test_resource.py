"""Input `resource`: shared inputs, replaced ones, missing ones."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from headwater.errors import BuildError
from headwater.system import StreamSystem

Texts = Callable[..., list[list[str]]]


def test_a_resource_with_processors_of_its_user(texts: Texts, system: StreamSystem) -> None:
    system.set_resource("input", "src", "generate: {count: 2, interval: '', mapping: 'root = \"m\"'}")
    config = {"input": {"resource": "src", "processors": [{"mapping": "root = content().uppercase()"}]}}
    assert texts(config) == [["M"], ["M"]]


def test_streams_share_it(system: StreamSystem) -> None:
    system.set_resource("input", "src", "inproc: shared")
    with system.channel("shared") as source, system.channel("out") as sink:
        for name in "ab":
            system.create(name, "input: {resource: src}\noutput: {inproc: out}")
        sent = [source.post(str(number)) for number in range(10)]
        found = []
        while len(found) < 10:
            received = sink.receive(timeout=5)
            found.extend(received.payloads)
            received.ack()
        for each in sent:
            each.wait(5)
    assert sorted(found) == [str(number).encode() for number in range(10)]


def test_a_replaced_resource_is_read_from_the_next_read_on(system: StreamSystem) -> None:
    system.set_resource("input", "src", "inproc: old")
    system.create("s", "input: {resource: src}\noutput: {inproc: out}")
    with system.channel("old") as old, system.channel("new") as new, system.channel("out") as sink:
        sent = old.post("a")
        received = sink.receive(timeout=5)
        received.ack()
        sent.wait(5)
        system.set_resource("input", "src", "inproc: new")
        sent = new.post("b")
        received = sink.receive(timeout=5)
        assert received.payloads == [b"b"]
        received.ack()
        sent.wait(5)


def test_a_missing_resource_stops_the_build(system: StreamSystem) -> None:
    with pytest.raises(BuildError, match="input resource 'nowhere' was not found"):
        system.create("s", "input: {resource: nowhere}\noutput: {drop: {}}")
