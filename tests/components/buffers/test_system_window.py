"""Buffer `system_window`: windows of time, with a clock of the test's own."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from headwater.clock import FakeClock
from headwater.errors import BuildError, TimedOut
from headwater.message import Batch
from headwater.system import StreamSystem

SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND
CONFIG = "input: {inproc: in}\nbuffer: {system_window: {FIELDS}}\noutput: {inproc: out}"


class Windows:
    """A stream with windows of ten seconds, and a clock that stands still at the beginning of one."""

    def __init__(self) -> None:
        self.clock = FakeClock(START + SECOND)
        self.system = StreamSystem(clock=self.clock, stop_timeout=0.5)
        self.sent: list[Any] = []

    def start(self, fields: str = "size: 10s") -> None:
        self.system.create("s", CONFIG.replace("FIELDS", fields))
        self.source = self.system.channel("in")
        self.sink = self.system.channel("out")

    def send(self, *texts: str) -> None:
        """Send messages, one after the other, and let them be taken."""
        buffered = self._received() + len(texts)
        self.sent += [self.source.post(text) for text in texts]
        deadline = time.monotonic() + 2
        while self._received() < buffered and time.monotonic() < deadline:
            time.sleep(0.002)

    def _received(self) -> int:
        return sum(int(series.value) for name, _, series in self.system.metrics.items() if name == "buffer_received")  # type: ignore[union-attr]

    def waiting(self) -> int:
        """How many messages wait for a window."""
        return sum(int(series.value) for name, _, series in self.system.metrics.items() if name == "buffer_active")  # type: ignore[union-attr]

    def take(self) -> Batch:
        received = self.sink.receive(timeout=5)
        received.ack()
        return received.batch

    def nothing(self) -> None:
        with pytest.raises(TimedOut):
            self.sink.receive(timeout=0.03)

    def close(self) -> None:
        """Stop, with time passing meanwhile: deadlines are told by the same clock."""
        closing = threading.Thread(target=self.system.close)
        closing.start()
        while closing.is_alive():
            self.clock.advance(0.1)
            closing.join(0.002)


@pytest.fixture
def windows() -> Iterator[Windows]:
    made = Windows()
    yield made
    made.close()


def texts(batch: Batch) -> list[str]:
    return [message.content().decode() for message in batch]


def test_messages_of_a_window_go_on_together_when_it_ends(windows: Windows) -> None:
    windows.start()
    windows.send("a", "b")
    windows.nothing()
    with pytest.raises(TimedOut):
        windows.sent[0].wait(0.01)
    windows.clock.advance(9.5)
    batch = windows.take()
    assert texts(batch) == ["a", "b"]
    assert batch[0].metadata["window_end_timestamp"].startswith("2023-11-14T")
    for each in windows.sent:
        each.wait(5)


def test_the_next_window_is_another_batch(windows: Windows) -> None:
    windows.start()
    windows.send("a")
    windows.clock.advance(10)
    assert texts(windows.take()) == ["a"]
    windows.send("b")
    windows.clock.advance(10)
    assert texts(windows.take()) == ["b"]


def test_windows_by_the_time_of_messages(windows: Windows) -> None:
    windows.start("size: 10s, timestamp_mapping: root = this.t")
    now = START // SECOND
    windows.send(f'{{"t":{now + 2}}}', f'{{"t":{now + 12}}}')
    windows.clock.advance(9.5)
    assert [message.document()["t"] for message in windows.take()] == [now + 2]
    windows.clock.advance(10)
    assert [message.document()["t"] for message in windows.take()] == [now + 12]


def test_what_comes_too_late_is_dropped_and_acked(windows: Windows) -> None:
    windows.start("size: 10s, timestamp_mapping: root = this.t")
    windows.source.send('{"t":1000000000}', timeout=5)
    assert windows.waiting() == 0
    windows.clock.advance(10)
    windows.nothing()


def test_a_window_can_wait_for_what_is_late(windows: Windows) -> None:
    windows.start("size: 10s, allowed_lateness: 3s, timestamp_mapping: root = this.t")
    now = START // SECOND
    windows.send(f'{{"t":{now + 2}}}')
    windows.clock.advance(10)
    windows.nothing()
    windows.send(f'{{"t":{now + 3}}}')
    windows.clock.advance(3)
    assert [message.document()["t"] for message in windows.take()] == [now + 2, now + 3]


def test_sliding_windows_overlap_and_ack_once(windows: Windows) -> None:
    windows.start("size: 10s, slide: 5s")
    windows.send("a")
    windows.clock.advance(4.5)
    assert texts(windows.take()) == ["a"]
    windows.sent[0].wait(5)
    windows.clock.advance(5)
    assert texts(windows.take()) == ["a"]
    windows.clock.advance(5)
    windows.nothing()


def test_many_messages_fit_one_window(windows: Windows) -> None:
    windows.start()
    windows.send(*(str(number) for number in range(500)))
    windows.clock.advance(10)
    assert len(windows.take()) == 500


def test_a_rejected_window_comes_again(windows: Windows) -> None:
    windows.start()
    windows.send("a", "b")
    windows.clock.advance(10)
    windows.sink.receive(timeout=5).reject("no")
    assert texts(windows.take()) == ["a", "b"]
    for each in windows.sent:
        each.wait(5)


def test_a_time_that_is_none_rejects_the_message(windows: Windows) -> None:
    windows.start("size: 10s, timestamp_mapping: 'root = this.t'")
    with pytest.raises(Exception, match="unable to parse result of timestamp mapping as timestamp"):
        windows.source.send('{"t":"soon"}', timeout=5)


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ("size: wide", "failed to parse field 'size' as duration: time: invalid duration \"wide\""),
        ("size: 1s, slide: 2s", "invalid window slide '2s' must be lower than the size '1s'"),
        ("size: 1s, offset: 2s", "invalid offset '2s' must be lower than the size '1s'"),
        ("size: 1s, allowed_lateness: 1m", "invalid allowed_lateness '1m0s' must be lower than the size '1s'"),
    ],
)
def test_windows_that_make_no_sense(system: StreamSystem, fields: str, text: str) -> None:
    with pytest.raises(BuildError, match=text):
        system.create("s", CONFIG.replace("FIELDS", fields))


def test_at_the_end_of_the_input_nothing_slides_on(windows: Windows) -> None:
    config = CONFIG.replace("inproc: in", "generate: {count: 1, interval: '', mapping: root = 5}")
    windows.system.create("s", config.replace("FIELDS", "size: 10s, slide: 5s"))
    windows.sink = windows.system.channel("out")
    deadline = time.monotonic() + 2
    while not windows._received() and time.monotonic() < deadline:
        time.sleep(0.002)
    windows.clock.advance(4.5)
    assert texts(windows.take()) == ["5"]
    while windows.waiting() and time.monotonic() < deadline:
        time.sleep(0.002)
    windows.clock.advance(5)
    windows.nothing()
