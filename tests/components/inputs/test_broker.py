"""Input `broker`: children side by side, copies, batching."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from headwater.errors import BuildError, TimedOut
from headwater.message import Batch
from headwater.system import StreamSystem

Texts = Callable[..., list[list[str]]]


def generate(count: int, text: str = "m", **fields: Any) -> dict[str, Any]:
    mapping = f'root = "{text}%v".format(counter())'
    return {"generate": {"count": count, "interval": "", "mapping": mapping, **fields}}


def config(*inputs: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"input": {"broker": {"inputs": list(inputs), **fields}}}


def test_all_children_are_read(texts: Texts) -> None:
    assert sorted(texts(config(generate(2, "a"), generate(2, "b")))) == [["a1"], ["a2"], ["b1"], ["b2"]]


def test_copies(texts: Texts) -> None:
    assert texts(config(generate(1), copies=3)) == [["m1"]] * 3


def test_batching_joins_what_children_read_and_the_rest_goes_out_at_the_end(texts: Texts) -> None:
    assert texts(config(generate(5), batching={"count": 2})) == [["m1", "m2"], ["m3", "m4"], ["m5"]]


def test_processors_of_children(texts: Texts) -> None:
    first = {**generate(1), "processors": [{"mapping": 'root = "p1"'}]}
    assert sorted(texts(config(first, generate(1)))) == [["m1"], ["p1"]]


def test_a_child_that_fails_does_not_keep_the_others(texts: Texts, tmp_path: Any) -> None:
    missing = {"file": {"paths": [str(tmp_path / "nope")]}}
    assert sorted(texts(config(missing, generate(3)), 3)) == [["m1"], ["m2"], ["m3"]]


def test_a_rejected_part_of_a_batch_comes_again_alone(texts: Texts) -> None:
    seen: list[list[str]] = []

    def once(batch: Batch) -> bool:
        seen.append([message.content().decode() for message in batch])
        return len(seen) == 1

    assert texts(config(generate(3), batching={"count": 3}), reject=once) == [["m1", "m2", "m3"]]
    assert seen == [["m1", "m2", "m3"]] * 2


def test_a_batch_that_waits_for_company_is_delivered_at_a_stop(system: StreamSystem) -> None:
    with system.channel("in") as source, system.channel("out") as sink:
        system.create(
            "s", {**config({"inproc": "in"}, batching={"count": 100}), "output": {"inproc": "out"}}, chilled=True
        )
        sent = [source.post(text) for text in ("a", "b")]
        with pytest.raises(TimedOut):
            sink.receive(timeout=0.1)
        import threading

        stopping = threading.Thread(target=system.delete, args=("s",))
        stopping.start()
        received = sink.receive(timeout=5)
        assert received.payloads == [b"a", b"b"]
        received.ack()
        stopping.join()
        for each in sent:
            each.wait(5)


def test_a_period_closes_a_batch(texts: Texts) -> None:
    slow = generate(0, interval="1h")
    assert texts(config(slow, batching={"count": 10, "period": "30ms"}), 1) == [["m1"]]


def test_a_broker_needs_inputs(system: StreamSystem) -> None:
    with pytest.raises(BuildError, match="attempting to create broker input type with no inputs"):
        system.create("s", {**config(), "output": {"drop": {}}})
