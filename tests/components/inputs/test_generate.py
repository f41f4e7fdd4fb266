"""Input `generate`: counts, batches, intervals, cron expressions."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from headwater.clock import FakeClock
from headwater.components.inputs._schedules import Cron, schedule
from headwater.errors import BuildError, ConfigError
from headwater.message import Batch
from headwater.system import StreamSystem

Texts = Callable[..., list[list[str]]]


def config(**fields: object) -> dict[str, object]:
    return {"input": {"generate": {"mapping": 'root = "m%v".format(counter())', "interval": "", **fields}}}


def test_a_count_is_made_and_then_the_stream_ends(texts: Texts) -> None:
    assert texts(config(count=3)) == [["m1"], ["m2"], ["m3"]]


def test_batches_and_a_smaller_last_one(texts: Texts) -> None:
    assert texts(config(count=5, batch_size=2)) == [["m1", "m2"], ["m3", "m4"], ["m5"]]


def test_messages_of_a_batch_know_their_places(read: Callable[..., list[Batch]]) -> None:
    (batch,) = read(config(count=3, batch_size=3))
    assert [message.origin for message in batch] == [0, 1, 2]


def test_what_the_mapping_deletes_does_not_count(texts: Texts) -> None:
    mapping = "root = if counter() == 2 { deleted() } else { counter() }"
    assert len(texts(config(count=3, mapping=mapping))) == 3


def test_intervals_pass_between_messages_and_none_before_the_first(texts: Texts) -> None:
    started = time.monotonic()
    assert texts(config(count=3, interval="50ms")) == [["m1"], ["m2"], ["m3"]]
    assert 0.1 <= time.monotonic() - started < 2


def test_rejected_messages_come_again(texts: Texts) -> None:
    seen: list[str] = []

    def once(batch: Batch) -> bool:
        seen.append(batch[0].content().decode())
        return seen.count("m2") == 1 and seen[-1] == "m2"

    assert sorted(texts(config(count=3), reject=once)) == [["m1"], ["m2"], ["m3"]]


def test_rejected_messages_are_dropped_when_nobody_wants_replays(texts: Texts) -> None:
    got = texts(config(count=3, auto_replay_nacks=False), reject=lambda batch: batch[0].content() == b"m2")
    assert got == [["m1"], ["m3"]]


def test_a_failing_mapping_is_logged_and_tried_again(
    system: StreamSystem, caplog: pytest.LogCaptureFixture, until: Callable[..., None]
) -> None:
    system.create("bad", {**config(mapping='root = throw("bad")'), "output": {"drop": {}}})
    until(lambda: "Failed to read message: failed assignment (line 1): bad" in caplog.text)
    assert system.read("bad").active


NIGHT = 1_700_000_000_000_000_000  # 2023-11-14T22:13:20Z


@pytest.mark.parametrize(
    ("expression", "seconds"),
    [
        ("@every 90s", 90.0),
        ("0 23 * * *", 46 * 60 + 40),
        ("30 * * * * *", 10),
        ("TZ=Europe/London 15 22 * * *", 100),
        ("CRON_TZ=America/New_York 15 17 * * *", 100),
        ("TZ=UTC @hourly", 46 * 60 + 40),
        ("TZ=UTC @daily", 106 * 60 + 40),
        ("0 0 ? * *", 106 * 60 + 40),
        ("15,20-30/5 22 * nov TUE", 100),
    ],
)
def test_cron_expressions(expression: str, seconds: float) -> None:
    text = expression if expression.startswith(("TZ", "CRON", "@every")) else f"TZ=UTC {expression}"
    assert Cron(text).wait(NIGHT) == pytest.approx(seconds)


def test_an_empty_interval_is_none_and_durations_are_durations() -> None:
    assert schedule("") == 0.0
    assert schedule("1m30s") == 90.0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("5", 'time: missing unit in duration "5", or as cron expression: expected 5 to 6 fields, found 1: [5]'),
        ("* *", 'time: invalid duration "* *", or as cron expression: expected 5 to 6 fields, found 2: [* *]'),
        ("99 * * * *", "end of range (99) above maximum (59): 99"),
        ("* * 0 * *", "beginning of range (0) below minimum (1): 0"),
        ("9-5 * * * *", "beginning of range (9) beyond end of range (5): 9-5"),
        ("1-2-3 * * * *", "too many hyphens: 1-2-3"),
        ("*/2/3 * * * *", "too many slashes: */2/3"),
        ("*/0 * * * *", "step of range should be a positive number: */0"),
        ("x * * * *", 'failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax'),
        ("@sometimes", "unrecognized descriptor: @sometimes"),
        ("@every soon", 'failed to parse duration @every soon: time: invalid duration "soon"'),
        ("TZ=Nowhere/Land * * * * *", "unknown time zone Nowhere/Land"),
    ],
)
def test_an_interval_that_makes_no_sense_is_refused(text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=r"^failed to parse interval as duration string: time: ") as caught:
        schedule(text)
    assert str(caught.value).endswith(words)


def test_hours_pass_in_no_time_with_a_clock_of_ones_own() -> None:
    clock = FakeClock()
    with StreamSystem(clock=clock) as system, system.channel("out") as sink:
        system.create("slow", {**config(interval="1h"), "output": {"inproc": "out"}})
        for expected in (b"m1", b"m2", b"m3"):
            deadline = time.monotonic() + 5
            while True:
                clock.advance(600)
                try:
                    received = sink.receive(timeout=0.01)
                except Exception:
                    assert time.monotonic() < deadline
                    continue
                break
            assert received.payloads == [expected]
            received.ack()


def test_a_broken_mapping_stops_the_build(system: StreamSystem) -> None:
    with pytest.raises(BuildError, match=r"failed to init input <no label> path root\.input"):
        system.create("s", {**config(interval="never"), "output": {"drop": {}}})
