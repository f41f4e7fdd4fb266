"""Input `inproc`: from stream to stream, with acks, failures and responses all the way."""

from __future__ import annotations

import pytest

from headwater.errors import ComponentError, TimedOut
from headwater.system import StreamSystem

ECHO = "input: {inproc: b}\npipeline: {processors: [{mapping: 'root = content().uppercase()'}]}\noutput: {inproc: c}"


def test_a_chain_of_streams(system: StreamSystem) -> None:
    system.create("one", "input: {inproc: a}\noutput: {inproc: b}")
    system.create("two", ECHO)
    with system.channel("a") as source, system.channel("c") as sink:
        sent = source.post("hello")
        with pytest.raises(TimedOut):
            sent.wait(0.05)
        received = sink.receive(timeout=5)
        assert received.payloads == [b"HELLO"]
        received.ack()
        sent.wait(5)


def test_a_sender_waits_until_there_is_a_reader(system: StreamSystem) -> None:
    with system.channel("later") as channel:
        sent = channel.post("a")
        with pytest.raises(TimedOut):
            sent.wait(0.05)
        system.create("s", "input: {inproc: later}\noutput: {drop: {}}")
        sent.wait(5)


def test_failures_come_back_with_their_words(system: StreamSystem) -> None:
    system.create("s", "input: {inproc: a}\noutput: {reject: 'no ${! content() }'}")
    with system.channel("a") as channel, pytest.raises(ComponentError, match="no way"):
        channel.send("way", timeout=5)


def test_what_a_stopped_reader_had_goes_to_the_next_one(system: StreamSystem) -> None:
    system.create("first", "input: {inproc: a}\noutput: {inproc: nobody}")
    with system.channel("a") as channel:
        sent = channel.post("x")
        with pytest.raises(ComponentError):
            sent.wait(0.05)
        system.delete("first", timeout=0.1)
    system.create(
        "producer", "input: {generate: {count: 1, interval: '', mapping: 'root = \"y\"'}}\noutput: {inproc: b}"
    )
    system.create("stuck", "input: {inproc: b}\noutput: {inproc: nobody}")
    with system.channel("c") as sink:
        system.delete("stuck", timeout=0.1)
        system.create("next", "input: {inproc: b}\noutput: {inproc: c}")
        received = sink.receive(timeout=5)
        assert received.payloads == [b"y"]
        received.ack()


def test_a_channel_without_users_is_forgotten(system: StreamSystem) -> None:
    hub = system._services.hub
    before = len(hub)
    system.create("s", "input: {inproc: gone}\noutput: {drop: {}}")
    system.delete("s")
    assert len(hub) == before
