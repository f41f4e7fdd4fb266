"""Buffer `memory`: acks at once, room, order, batches, what is rejected, what does not fit."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from headwater.errors import ComponentError, TimedOut
from headwater.system import StreamSystem

Until = Callable[[Callable[[], object]], object]
CONFIG = "input: {inproc: in}\nbuffer: {memory: {%s}}\noutput: {inproc: out}"


def take(system: StreamSystem, count: int) -> list[bytes]:
    found: list[bytes] = []
    with system.channel("out") as sink:
        while len(found) < count:
            received = sink.receive(timeout=5)
            found.extend(received.payloads)
            received.ack()
    return found


def test_a_sender_is_answered_before_anything_is_delivered(system: StreamSystem) -> None:
    system.create("s", CONFIG % "")
    with system.channel("in") as source:
        for text in "abc":
            source.send(text, timeout=5)
    assert take(system, 3) == [b"a", b"b", b"c"]


def test_a_sender_waits_while_there_is_no_room(system: StreamSystem) -> None:
    system.create("s", CONFIG % "limit: 5")
    with system.channel("in") as source:
        source.send("aaa", timeout=5)
        waiting = source.post("bbb")
        with pytest.raises(TimedOut):
            waiting.wait(0.05)
        assert take(system, 1) == [b"aaa"]
        waiting.wait(5)
    assert take(system, 1) == [b"bbb"]


def test_what_can_never_fit_is_refused_and_said(system: StreamSystem, caplog: pytest.LogCaptureFixture) -> None:
    system.create("s", CONFIG % "limit: 5")
    with system.channel("in") as source:
        with pytest.raises(ComponentError, match="message body larger than buffer space"):
            source.send("0123456789", timeout=5)
        source.send("small", timeout=5)
    assert "message body larger than buffer space" in caplog.text
    assert take(system, 1) == [b"small"]


def test_what_can_never_fit_is_not_replayed_for_ever(system: StreamSystem, until: Until) -> None:
    config = """
input: {generate: {count: 2, interval: '', mapping: 'root = if counter() == 1 { "a long message" } else { "b" }'}}
buffer: {memory: {limit: 5}}
output: {inproc: out}
"""
    system.create("s", config)
    assert take(system, 1) == [b"b"]
    until(lambda: not system.read("s").active)


def test_what_does_not_fit_can_be_dropped_instead(system: StreamSystem) -> None:
    system.create("s", CONFIG % "limit: 4, spillover: true", chilled=True)
    with system.channel("in") as source:
        for text in ("aaa", "bbb", "c"):
            source.send(text, timeout=5)
    assert take(system, 2) == [b"aaa", b"c"]


def test_a_rejected_message_comes_again_before_the_others(system: StreamSystem) -> None:
    system.create("s", CONFIG % "")
    with system.channel("in") as source, system.channel("out") as sink:
        source.send("a", timeout=5)
        received = sink.receive(timeout=5)
        source.send("b", timeout=5)
        received.reject("no")
        found = []
        while len(found) < 2:
            received = sink.receive(timeout=5)
            found.extend(received.payloads)
            received.ack()
    assert sorted(found) == [b"a", b"b"]


def test_the_buffer_is_emptied_before_the_stream_ends(system: StreamSystem, until: Until) -> None:
    config = """
input: {generate: {count: 50, interval: '', mapping: 'root = counter()'}}
buffer: {memory: {}}
output: {inproc: out}
"""
    system.create("s", config)
    assert take(system, 50) == [str(number).encode() for number in range(1, 51)]
    until(lambda: not system.read("s").active)


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("count: 2", [2, 2, 1]),
        ("byte_size: 3", [3, 2]),
        ("check: 'this == 3'", [3, 2]),
        ("count: 5, processors: [{archive: {format: concatenate}}]", [1]),
    ],
)
def test_batches(system: StreamSystem, policy: str, expected: list[int]) -> None:
    config = f"""
input: {{generate: {{count: 5, interval: '', mapping: 'root = counter()'}}}}
buffer: {{memory: {{batch_policy: {{enabled: true, {policy}}}}}}}
output: {{inproc: out}}
"""
    with system.channel("out") as sink:
        system.create("s", config)
        sizes = []
        while len(sizes) < len(expected):
            received = sink.receive(timeout=5)
            sizes.append(len(received.batch))
            received.ack()
    assert sizes == expected


def test_a_policy_that_is_not_enabled_joins_nothing(system: StreamSystem) -> None:
    system.create("s", CONFIG % "batch_policy: {enabled: false, count: 2}")
    with system.channel("in") as source:
        source.send("a", timeout=5)
    assert take(system, 1) == [b"a"]


def test_a_batch_that_waits_for_room_to_be_made_does_not_wait_for_ever(system: StreamSystem) -> None:
    system.create("s", CONFIG % "limit: 4, batch_policy: {enabled: true, count: 100}")
    with system.channel("in") as source:
        sent = [source.post(text) for text in ("aa", "bb", "cc")]
        assert take(system, 2) == [b"aa", b"bb"]
        for each in sent:
            each.wait(5)


def test_responses_are_lost_behind_a_buffer(system: StreamSystem, until: Callable[..., object]) -> None:
    from headwater.endpoints import Request

    system.create("s", "input: {http_server: {path: /post}}\nbuffer: {memory: {}}\noutput: {sync_response: {}}")
    endpoint, _ = until(lambda: system.endpoints.find("/s/post"))  # type: ignore[misc]
    answer = endpoint.handler(Request("POST", "/s/post", {}, (), (), b"a")).wait(5)
    assert (answer.status, answer.body) == (200, b"")


def test_what_is_counted(system: StreamSystem) -> None:
    system.create("s", CONFIG % "")
    with system.channel("in") as source:
        source.send(["a", "b"], timeout=5)
        take(system, 2)
    found = {name: series for name, labels, series in system.metrics.items() if ("path", "root.buffer") in labels}
    values = {name: getattr(series, "value", None) for name, series in found.items()}
    assert values["buffer_received"] == values["buffer_sent"] == 2
    assert values["buffer_batch_received"] == values["buffer_batch_sent"] == 1
