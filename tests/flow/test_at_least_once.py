"""The proof of at-least-once: a transaction is acked when all that came of it was delivered or deliberately dropped,
and only then.

Each test feeds a source, watches what it is told (acked, nacked), and what arrives at the target.
"""

from __future__ import annotations

import pytest
from observed import Observed

from headwater.message import Batch, Message


def test_a_delivered_message_is_acked(it: Observed) -> None:
    it.create()
    it.feed("a", "b", "c")
    it.until(lambda: it.acked == [0, 1, 2])
    assert it.delivered == ["a", "b", "c"]
    assert it.nacked == []


def test_nothing_is_acked_before_it_is_delivered(it: Observed) -> None:
    it.gate.clear()
    it.create()
    it.feed("a")
    it.until(lambda: it.in_flight == 1)
    assert it.acked == []
    it.gate.set()
    it.until(lambda: it.acked == [0])


def test_a_rejected_message_is_nacked_with_the_reason(it: Observed) -> None:
    it.refuse = lambda payload: "no b here" if payload == "b" else False
    it.create()
    it.feed("a", "b", "c")
    it.until(lambda: len(it.acked) + len(it.nacked) == 3)
    assert it.acked == [0, 2]
    assert it.nacked == [(1, "no b here")]


def test_a_deleted_message_is_acked(it: Observed) -> None:
    it.create("pipeline: {processors: [{mapping: 'root = if content() == \"b\" { deleted() }'}]}")
    it.feed("a", "b", "c")
    it.until(lambda: sorted(it.acked) == [0, 1, 2])
    assert it.delivered == ["a", "c"]


def test_a_failed_processor_marks_and_the_message_goes_on(it: Observed) -> None:
    it.create("pipeline: {processors: [{mapping: 'root = this.a'}]}")
    it.feed("not json")
    it.until(lambda: it.acked == [0])
    assert it.delivered == ["not json"]


def test_code_that_raises_marks_and_the_message_goes_on(it: Observed) -> None:
    def boom(batch: Batch) -> list[Batch]:
        raise ZeroDivisionError("one over none")

    it.in_process = boom
    it.create("pipeline: {processors: [{code: {}}, {mapping: 'root = error()'}]}")
    it.feed("a")
    it.until(lambda: it.acked == [0])
    assert it.delivered == ["ZeroDivisionError: one over none"]


def test_a_split_transaction_is_acked_when_all_parts_are(it: Observed) -> None:
    it.in_process = lambda batch: [[message] for message in batch]
    it.create("pipeline: {processors: [{code: {}}]}")
    it.gate.clear()
    it.feed_batch("a", "b", "c")
    it.until(lambda: it.in_flight == 1)
    assert it.acked == []
    it.gate.set()
    it.until(lambda: it.acked == [0])
    assert it.delivered == ["a", "b", "c"]


def test_of_a_batch_only_the_failed_messages_come_back(it: Observed) -> None:
    rejected: list[str] = []

    def once(payload: str) -> bool:
        if payload == "b" and not rejected:
            rejected.append(payload)
            return True
        return False

    it.refuse = once
    it.create(source="source: {auto_replay_nacks: true}")
    it.feed_batch("a", "b", "c")
    it.until(lambda: it.acked == [0])
    assert it.delivered == ["a", "c", "b"]
    assert it.nacked == []


def test_a_part_that_fails_brings_back_only_its_messages(it: Observed) -> None:
    rejected: list[str] = []

    def once(payload: str) -> bool:
        if payload == "B" and not rejected:
            rejected.append(payload)
            return True
        return False

    it.refuse = once
    it.in_process = lambda batch: [[Message(message.content().upper(), origin=message.origin)] for message in batch]
    it.create("pipeline: {processors: [{code: {}}]}", source="source: {auto_replay_nacks: true}")
    it.feed_batch("a", "b", "c")
    it.until(lambda: it.acked == [0])
    assert sorted(it.delivered) == ["A", "B", "C"]


def test_replays_until_delivered_also_after_the_end_of_the_source(it: Observed) -> None:
    left = [5]

    def five_times(payload: str) -> bool:
        if payload == "b" and left[0]:
            left[0] -= 1
            return left[0] > 2  # twice at once, then it passes: no waits in this test
        return False

    it.refuse = five_times
    it.create(source="source: {auto_replay_nacks: true}")
    it.feed("a", "b", "c")
    it.end()
    it.until(lambda: not it.system.read("s").active)
    assert sorted(it.delivered) == ["a", "b", "c"]
    assert sorted(it.acked) == [0, 1, 2]


def test_the_end_of_the_source_waits_for_what_is_in_flight(it: Observed) -> None:
    it.gate.clear()
    it.create()
    it.feed("a", "b")
    it.end()
    it.until(lambda: it.in_flight == 1)
    assert it.system.read("s").active
    it.gate.set()
    it.until(lambda: not it.system.read("s").active)
    assert it.delivered == ["a", "b"]
    assert it.closed == ["source", "target"]


def test_an_incomplete_batch_goes_out_at_the_end(it: Observed) -> None:
    it.create(target="broker: {outputs: [{target: {}}], batching: {count: 100}}")
    it.feed("a", "b", "c")
    it.end()
    it.until(lambda: not it.system.read("s").active)
    assert it.batches == [["a", "b", "c"]]
    assert it.acked == [0, 1, 2]


def test_a_batch_acks_all_who_are_in_it(it: Observed) -> None:
    it.create(target="broker: {outputs: [{target: {}}], batching: {count: 3}}")
    it.feed("a", "b", "c", "d", "e", "f")
    it.until(lambda: len(it.acked) == 6)
    assert it.batches == [["a", "b", "c"], ["d", "e", "f"]]


def test_one_message_of_a_batch_that_fails_nacks_its_own_transaction_only(it: Observed) -> None:
    it.refuse = lambda payload: payload == "b"
    it.create(target="broker: {pattern: fan_out_fail_fast, outputs: [{target: {}}], batching: {count: 3}}")
    it.feed("a", "b", "c")
    it.until(lambda: len(it.acked) + len(it.nacked) == 3)
    assert sorted(it.acked) == [0, 2]
    assert [index for index, _ in it.nacked] == [1]


def test_a_fan_out_acks_when_the_slowest_has_it(it: Observed) -> None:
    it.gate.clear()
    it.create(target="broker: {pattern: fan_out, outputs: [{drop: {}}, {target: {}}]}")
    it.feed("a")
    it.until(lambda: it.in_flight == 1)
    assert it.acked == []
    it.gate.set()
    it.until(lambda: it.acked == [0])


def test_max_in_flight_bounds_and_allows(it: Observed) -> None:
    it.gate.clear()
    it.create(target="target: {max_in_flight: 4}")
    it.feed(*"abcdefghij")
    it.until(lambda: it.in_flight == 4)
    it.gate.set()
    it.until(lambda: len(it.acked) == 10)
    assert it.most_in_flight == 4


def test_little_is_read_while_the_output_is_blocked(it: Observed) -> None:
    it.gate.clear()
    it.create()
    it.feed(*(str(number) for number in range(1000)))
    it.until(lambda: it.in_flight == 1)
    assert len(it.read) <= 2
    it.gate.set()
    it.until(lambda: len(it.acked) == 1000)


@pytest.mark.parametrize("threads", [1])
def test_one_thread_keeps_the_order_over_processors_that_wait(it: Observed, threads: int) -> None:
    it.create(f"pipeline: {{threads: {threads}, processors: [{{pause: {{}}}}]}}")
    payloads = [str(number) for number in range(300)]
    it.feed(*payloads)
    it.until(lambda: len(it.acked) == 300)
    assert it.delivered == payloads


def test_a_memory_buffer_acks_what_it_has(it: Observed) -> None:
    it.gate.clear()
    it.create("buffer: {memory: {}}")
    it.feed("a", "b", "c")
    it.until(lambda: sorted(it.acked) == [0, 1, 2])
    assert it.delivered == []
    it.gate.set()
    it.until(lambda: it.delivered == ["a", "b", "c"])


def test_a_buffer_is_emptied_before_the_stream_is_done(it: Observed) -> None:
    it.gate.clear()
    it.create("buffer: {memory: {}}")
    it.feed("a", "b", "c")
    it.end()
    it.until(lambda: len(it.acked) == 3)
    assert it.system.read("s").active
    it.gate.set()
    it.until(lambda: not it.system.read("s").active)
    assert it.delivered == ["a", "b", "c"]
