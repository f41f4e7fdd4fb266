"""Batches: what each transaction hears of the batch that it went into."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from headwater import tasks
from headwater.acknowledge import Delivery, Failure
from headwater.components.batching import BatchedInput, Batcher, Joined, delivery_of
from headwater.components.contracts import Input
from headwater.config.infer import infer
from headwater.errors import BatchFailure, ComponentError, ConfigError, EndOfInput
from headwater.message import Batch, Message
from headwater.runtime.assembly import Assembly
from headwater.system import StreamSystem
from headwater.testing.host import TestHost
from headwater.yamltext.document import parse_document


def batch_of(*texts: str) -> Batch:
    return [Message(text.encode(), origin=place) for place, text in enumerate(texts)]


class Ledger:
    """A delivery, and what was said about each of its transactions."""

    def __init__(self, *batches: Batch) -> None:
        self.said: dict[int, Failure | None] = {}
        self.calls = 0
        self.delivery = Delivery(list(batches), self._settle)

    def _settle(self, indices: Sequence[int] | None, failure: Failure | None) -> None:
        self.calls += 1
        for index in range(len(self.delivery.batches)) if indices is None else indices:
            assert index not in self.said
            self.said[index] = failure


def batcher(host: TestHost, **policy: Any) -> Batcher:
    body = {"batched": {"child": {"generate": {"mapping": "root = {}"}}, "policy": policy}}
    import orjson

    system = StreamSystem(clock=host.clock)
    component = infer(parse_document(orjson.dumps(body)), "input", "root.input", system.catalogue)
    assembly = Assembly(system._services, "", system.metrics.life())
    made = Batcher(component.config.object("policy"), assembly._resources(component))
    system.close()
    return made


def add(made: Batcher, *texts: str, heard: list[Failure | None] | None = None) -> Joined | None:
    """Add a transaction. Returns: the batch that it completes, if it does."""
    said = [] if heard is None else heard
    closed = made.add_all(Delivery([batch_of(*texts)], lambda _, failure: said.append(failure)))
    assert len(closed) <= 1
    return closed[0] if closed else None


@pytest.fixture
def host() -> TestHost:
    return TestHost()


def test_all_transactions_hear_of_success_with_one_call_a_delivery() -> None:
    ledger = Ledger(batch_of("a"), batch_of("b", "c"))
    joined = Joined()
    joined.add(ledger.delivery, 0)
    joined.add(ledger.delivery, 1)
    assert [message.origin for message in joined.batch] == [0, 1, 2]
    joined.settle(None)
    assert ledger.said == {0: None, 1: None}
    assert ledger.calls == 1


def test_each_transaction_hears_of_its_own_messages_only() -> None:
    one, two = Ledger(batch_of("a"), batch_of("b", "c")), Ledger(batch_of("d"))
    joined = Joined()
    for ledger, index in ((one, 0), (one, 1), (two, 0)):
        joined.add(ledger.delivery, index)
    error = ComponentError("c is bad")
    joined.settle(BatchFailure({2: error}))
    assert one.said[0] is None
    assert two.said[0] is None
    failure = one.said[1]
    assert isinstance(failure, BatchFailure)
    assert failure.failures == {1: error}


def test_count_and_size(host: TestHost) -> None:
    made = batcher(host, count=3, byte_size=10)
    assert add(made, "a") is None
    joined = add(made, "b", "c")
    assert joined is not None
    assert len(joined) == 3
    assert add(made, "x" * 9) is None
    assert add(made, "y") is not None
    assert made.flush() is None


def test_a_period_begins_with_the_first_message(host: TestHost) -> None:
    made = batcher(host, period="10s")
    assert made.wait() is None
    host.clock.advance(100)
    assert add(made, "a") is None
    assert made.wait() == 10
    host.clock.advance(4)
    assert add(made, "b") is None
    assert made.wait() == 6
    host.clock.advance(6)
    assert made.wait() == 0
    joined = made.flush("period")
    assert joined is not None
    assert len(joined) == 2


def test_jitter_makes_a_period_longer(host: TestHost) -> None:
    made = batcher(host, period="10s", jitter=0.5)
    add(made, "a")
    wait = made.wait()
    assert wait is not None
    assert 10 <= wait <= 15


def test_what_processors_split_is_delivered_as_one_batch(host: TestHost) -> None:
    made = batcher(host, count=2, processors=[{"split": {"size": 1}}])
    heard: list[Failure | None] = []
    add(made, "a", heard=heard)
    joined = add(made, "b", heard=heard)
    assert joined is not None
    (part,) = host.run(made.finish(joined))
    assert [message.content() for message in part.batch] == [b"a", b"b"]
    part.settle(BatchFailure({1: ComponentError("no")}))
    assert heard[0] is None
    assert str(heard[1]) == "no"


def test_what_processors_drop_is_settled_at_once(host: TestHost) -> None:
    made = batcher(host, count=1, processors=[{"mapping": "root = deleted()"}])
    heard: list[Failure | None] = []
    joined = add(made, "a", heard=heard)
    assert joined is not None
    assert host.run(made.finish(joined)) == []
    assert heard == [None]


@pytest.mark.parametrize(
    ("policy", "text"),
    [
        ({}, "batch policy must have at least one active trigger"),
        ({"period": "soon"}, 'failed to parse duration string: time: invalid duration "soon"'),
        ({"count": 1, "jitter": -1}, "jitter cannot be a negative number"),
    ],
)
def test_policies_that_make_no_sense(host: TestHost, policy: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        batcher(host, **policy)


class Script(Input):
    """Gives what it is told to, then ends, or waits."""

    def __init__(self, *ledgers: Ledger, ends: bool = True) -> None:
        self.ledgers = list(ledgers)
        self.ends = ends
        self.stalled = tasks.Event()

    async def read(self, limit: int) -> Delivery:
        if self.ledgers:
            return self.ledgers.pop(0).delivery
        if self.ends:
            raise EndOfInput
        await tasks.Event().wait()
        raise AssertionError


def test_the_rest_goes_out_at_the_end(host: TestHost) -> None:
    ledger = Ledger(batch_of("a"), batch_of("b"), batch_of("c"))
    source = BatchedInput(Script(ledger), batcher(host, count=2))
    first = host.run(source.read(10))
    second = host.run(source.read(10))
    assert [len(each) for each in (*first.batches, *second.batches)] == [2, 1]
    with pytest.raises(EndOfInput):
        host.run(source.read(10))
    first.settle(None, None)
    second.settle((0,), ComponentError("no"))
    assert ledger.said[0] is None
    assert str(ledger.said[2]) == "no"


def test_the_rest_goes_out_when_the_child_waits_for_settlements(host: TestHost) -> None:
    child = Script(Ledger(batch_of("a")), ends=False)
    source = BatchedInput(child, batcher(host, count=2))
    reading = host.start(source.read(10))
    assert not reading.done()
    child.stalled.set()
    host.step()
    assert len(reading.result().batches) == 1


def test_the_rest_goes_out_when_the_stream_is_stopped(host: TestHost) -> None:
    source = BatchedInput(Script(Ledger(batch_of("a")), ends=False), batcher(host, count=2))
    reading = host.start(source.read(10))
    source.drain()
    host.step()
    assert len(reading.result().batches) == 1


def test_parts_as_a_delivery(host: TestHost) -> None:
    made = batcher(host, count=1)
    heard: list[Failure | None] = []
    parts = []
    for text in "ab":
        joined = add(made, text, heard=heard)
        assert joined is not None
        parts += host.run(made.finish(joined))
    delivery = delivery_of(parts)
    delivery.settle(None, None)
    assert heard == [None, None]


def test_a_read_that_is_given_up_loses_nothing(host: TestHost) -> None:
    ledger = Ledger(batch_of("a"), batch_of("b"))
    source = BatchedInput(Script(ledger), batcher(host, count=2, processors=[{"sleep": {"duration": "1s"}}]))
    reading = host.start(source.read(10))
    host.step()
    assert not reading.done()
    reading.cancel()
    host.step()
    assert reading.cancelled
    delivery = host.run(source.read(10))
    assert [[message.content() for message in batch] for batch in delivery.batches] == [[b"a", b"b"]]
    delivery.settle(None, None)
    assert ledger.said == {0: None, 1: None}


def test_processors_of_a_policy_have_the_path_that_users_know(deliver: Callable[..., list[str]]) -> None:
    config = """
    input: {broker: {inputs: [{inproc: in}], batching: {count: 1, processors: [{mapping: 'root = throw("x")'}]}}}
    output: {reject: '${! error_source_path() }'}
    """
    assert deliver(config, "a") == ["input.batching.processors.0"]
