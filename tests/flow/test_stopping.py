"""Stopping: what is under way is finished, what waits is given back, and whoever asked is answered in time."""

from __future__ import annotations

import threading
import time

import pytest
from observed import Observed, observed

from headwater.errors import BuildError, StreamExists, StreamNotFound
from headwater.message import Batch
from headwater.runtime.pool import Pool


def test_a_busy_stream_finishes_what_is_in_flight(it: Observed) -> None:
    it.gate.clear()
    it.create()
    it.feed("a", "b", "c")
    it.until(lambda: it.in_flight == 1)
    stopping = threading.Thread(target=it.system.delete, args=("s",))
    stopping.start()
    it.gate.set()
    stopping.join(5)
    assert not stopping.is_alive()
    assert it.delivered[:1] == ["a"]
    assert sorted(it.acked + [index for index, _ in it.nacked]) == it.read
    assert it.closed == ["source", "target"]


def test_an_output_that_hangs_does_not_hold_up_whoever_asked(it: Observed) -> None:
    it.gate.clear()
    it.create()
    it.feed("a")
    it.until(lambda: it.in_flight == 1)
    started = time.monotonic()
    it.system.delete("s", timeout=0.2)
    assert time.monotonic() - started < 1.0
    assert "s" not in it.system.list()
    assert it.acked == []


def test_what_does_not_even_obey_force_is_named(it: Observed) -> None:
    it.gate.clear()
    it.create(target="target: {stubborn: true}")
    it.feed("a")
    it.until(lambda: it.in_flight == 1)
    assert it.system.delete("s", timeout=0.1) == ["output (writing 1)"]
    it.gate.set()


def test_nothing_is_replayed_once_the_stream_is_stopped(it: Observed) -> None:
    it.refuse = lambda payload: True
    it.create(source="source: {auto_replay_nacks: true}")
    it.feed("a")
    it.until(lambda: it.in_flight == 0 and len(it.read) == 1)
    started = time.monotonic()
    it.system.delete("s", timeout=5.0)
    assert time.monotonic() - started < 2.0
    assert [index for index, _ in it.nacked] == [0]


def test_others_do_not_notice_that_one_stops_slowly(it: Observed) -> None:
    it.gate.clear()
    it.create()
    it.feed("a")
    it.until(lambda: it.in_flight == 1)
    slow = threading.Thread(target=it.system.delete, args=("s",), kwargs={"timeout": 0.5})
    slow.start()
    it.system.create("other", "input: {inproc: x}\noutput: {drop: {}}")
    it.system.delete("other")
    assert slow.is_alive()
    slow.join(5)


def test_a_second_delete_with_a_nearer_deadline_ends_the_stop_for_both(it: Observed) -> None:
    it.gate.clear()
    it.create()
    it.feed("a")
    it.until(lambda: it.in_flight == 1)
    patient = threading.Thread(target=it.system.delete, args=("s",), kwargs={"timeout": 60.0})
    patient.start()
    it.until(lambda: it.system.read("s").state == "draining")
    it.system.delete("s", timeout=0.1)
    patient.join(5)
    assert not patient.is_alive()


def test_replacing_proves_the_new_one_first(it: Observed) -> None:
    it.create()
    with pytest.raises(BuildError):
        it.system.replace("s", "input: {source: {}}\noutput: {cache: {target: nope, key: a}}")
    it.feed("a")
    it.until(lambda: it.acked == [0])
    assert it.system.read("s").active


def test_replacing_loses_nothing(it: Observed) -> None:
    it.create()
    payloads = [str(number) for number in range(2000)]
    feeding = threading.Thread(target=lambda: [it.feed(payload) for payload in payloads])
    feeding.start()
    for _ in range(5):
        it.system.replace("s", "input: {source: {}}\noutput: {target: {}}")
    feeding.join()
    it.until(lambda: len(it.acked) + len(it.nacked) == 2000)
    assert sorted(map(int, it.delivered)) == sorted(it.acked)
    assert it.nacked == []


def test_ids_are_taken_and_freed(it: Observed) -> None:
    it.create()
    with pytest.raises(StreamExists):
        it.create()
    it.system.delete("s")
    with pytest.raises(StreamNotFound):
        it.system.delete("s")
    it.create()


def test_a_finished_stream_keeps_its_id_and_its_uptime(it: Observed) -> None:
    it.create()
    it.end()
    it.until(lambda: not it.system.read("s").active)
    first = it.system.read("s")
    assert first.state == "finished"
    assert it.system.read("s").uptime_ns == first.uptime_ns
    with pytest.raises(StreamExists):
        it.create()
    it.system.delete("s")


def test_a_stage_whose_code_fails_is_restarted_and_nothing_is_lost(it: Observed) -> None:
    failing = [True]

    def fail(payload: str) -> bool:
        if failing[0]:
            failing[0] = False
            raise MemoryError("injected")
        return False

    it.refuse = fail
    it.create(source="source: {auto_replay_nacks: true}")
    it.feed("a")
    it.until(lambda: it.system.read("s").restarts == 1)
    assert "MemoryError" in it.system.read("s").reason
    it.feed("b")
    it.until(lambda: "b" in it.delivered)


def test_a_stream_that_fails_does_not_harm_others(it: Observed) -> None:
    def fail(batch: Batch) -> list[Batch]:
        raise SystemExit("a component has no business with this")

    it.in_process = fail
    it.create("pipeline: {processors: [{code: {}}]}")
    it.system.create("other", "input: {inproc: x}\noutput: {inproc: y}")
    it.feed("a")
    it.until(lambda: it.system.read("s").restarts >= 1)
    with it.system.channel("x") as x, it.system.channel("y") as y:
        sent = x.post("hello")
        received = y.receive(timeout=5)
        assert received.payloads == [b"hello"]
        received.ack()
        sent.wait(5)


def test_a_stage_whose_code_hangs_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    hung: list[bool] = []

    def hang_once(batch: Batch) -> list[Batch]:
        if not hung:
            hung.append(True)
            release.wait(20)
        return [batch]

    monkeypatch.setattr(Pool, "HANG_SECONDS", 0.1)
    with observed() as it:
        it.in_process = hang_once
        it.create("pipeline: {processors: [{code: {}}]}", source="source: {auto_replay_nacks: true}")
        it.feed("a")
        it.until(lambda: it.system.read("s").restarts >= 1)
        assert "has not come back" in it.system.read("s").reason
        it.feed("b")
        it.until(lambda: "b" in it.delivered)
        release.set()
