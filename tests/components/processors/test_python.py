"""Processor `python`: what functions get, what becomes of what they return, and what happens when they fail."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from headwater import DROP, Message, StreamSystem

Run = Callable[..., list[Any]]


@pytest.fixture
def run() -> Iterator[Run]:
    """Send batches through a `python` processor, and give what comes out: batches of messages."""
    with StreamSystem(stop_timeout=2.0) as system:

        def call(function: Any, *payloads: Any, count: int = 1, metadata: Any = None, **fields: Any) -> list[Any]:
            config = {
                "input": {"inproc": "in"},
                "pipeline": {"threads": 1, "processors": [{"python": {"function": function, **fields}}]},
                "output": {"inproc": "out"},
            }
            system.create("s", config)
            with system.channel("in") as source, system.channel("out") as sink:
                sent = [source.post(payload, metadata) for payload in payloads]
                received = []
                for _ in range(count):
                    got = sink.receive(timeout=5)
                    received.append(got.batch)
                    got.ack()
                for each in sent:
                    each.wait(5)
            return received

        yield call


def contents(batches: list[Any]) -> list[list[str]]:
    return [[message.content().decode() for message in batch] for batch in batches]


def errors(batches: list[Any]) -> list[str]:
    return [message.error.text if message.error else "" for batch in batches for message in batch]


def test_a_document_is_the_functions_own_and_metadata_stay(run: Run) -> None:
    def enrich(document: dict[str, Any]) -> dict[str, Any]:
        document["total"] = document.pop("price") * 2
        return document

    ((message,),) = run(enrich, '{"price": 1.5}', metadata={"k": "v"})
    assert message.content() == b'{"total":3}'
    assert message.metadata == {"k": "v"}


@pytest.mark.parametrize(
    ("receives", "expected"), [("content", "bytes"), ("text", "str"), ("document", "dict"), ("message", "Message")]
)
def test_what_a_function_gets(run: Run, receives: str, expected: str) -> None:
    assert contents(run(lambda value: type(value).__name__, "{}", receives=receives)) == [[expected]]


@dataclass
class Price:
    value: int
    since: datetime


@pytest.mark.parametrize(
    ("returned", "content"),
    [
        (b"\x00", "\x00"),
        ("text", "text"),
        ([1, "a"], '[1,"a"]'),
        (False, "false"),
        ({1: (2, 3)}, '{"1":[2,3]}'),
        (Price(1, datetime(2026, 1, 2)), '{"since":"2026-01-02T00:00:00","value":1}'),
    ],
)
def test_what_a_function_may_return(run: Run, returned: Any, content: str) -> None:
    assert contents(run(lambda _: returned, "{}")) == [[content]]


def test_messages_bring_their_own_metadata(run: Run) -> None:
    ((message,),) = run(lambda m: m.with_metadata({"new": 1}), "x", receives="message", metadata={"old": 1})
    assert message.metadata == {"new": 1}


def test_one_message_becomes_several_or_none(run: Run) -> None:
    def words(text: str) -> Iterator[str]:
        yield from text.split()

    assert contents(run(words, "a b", receives="text")) == [["a", "b"]]


def test_dropped_messages_are_acked(run: Run) -> None:
    assert contents(run(lambda text: DROP if text == "a" else text, ["a", "b"], "a", receives="text")) == [["b"]]


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda _: None, "<lambda> returned None: the new payload is needed, or headwater.DROP to drop the message"),
        (lambda _: object(), "returned a object, which is no payload"),
        (lambda _: 1 / 0, "<lambda> raised ZeroDivisionError: division by zero"),
    ],
)
def test_a_failure_marks_its_message_alone(run: Run, function: Any, said: str) -> None:
    def odd(text: str) -> Any:
        return function(text) if text == "bad" else text.upper()

    odd.__qualname__ = "<lambda>"
    batches = run(odd, ["a", "bad", "c"], receives="text")
    assert contents(batches) == [["A", "bad", "C"]]
    first, second, third = errors(batches)
    assert (first, third) == ("", "")
    assert said in second


def test_what_is_no_document_fails_before_the_call(run: Run) -> None:
    (error,) = errors(run(lambda document: document, "{"))
    assert error == "unexpected EOF"


def test_coroutine_functions(run: Run) -> None:
    async def slow(text: str) -> str:
        await asyncio.sleep(0)
        return text.upper()

    assert contents(run(slow, ["a", "b"], receives="text")) == [["A", "B"]]


def test_async_generators(run: Run) -> None:
    async def words(text: str) -> Any:
        for word in text.split():
            yield word

    assert contents(run(words, "a b", receives="text")) == [["a", "b"]]


@pytest.mark.parametrize("coroutine", [True, False])
def test_parallel_calls_overlap(run: Run, coroutine: bool) -> None:
    barrier = threading.Barrier(2)
    both = asyncio.Event()
    came: list[str] = []

    def meet(text: str) -> str:
        barrier.wait(5)
        return text

    async def meet_async(text: str) -> str:
        came.append(text)
        if len(came) == 2:
            both.set()
        await asyncio.wait_for(both.wait(), 5)
        return text

    function: Any = meet_async if coroutine else meet
    assert contents(run(function, ["a", "b"], receives="text", parallel=True)) == [["a", "b"]]


def test_calls_follow_one_another_unless_told_otherwise() -> None:
    inside = threading.Lock()
    overlapped: list[str] = []

    def alone(text: str) -> str:
        if not inside.acquire(blocking=False):
            overlapped.append(text)
            return text
        try:
            threading.Event().wait(0.002)
        finally:
            inside.release()
        return text

    with StreamSystem() as system:
        processors = [{"python": {"function": alone, "receives": "text"}}]
        system.create(
            "s",
            {
                "input": {"inproc": "in"},
                "pipeline": {"threads": 8, "processors": processors},
                "output": {"drop": {}},
            },
        )
        with system.channel("in") as source:
            for sent in [source.post(str(number)) for number in range(20)]:
                sent.wait(5)
    assert overlapped == []


def test_a_batch_goes_in_and_comes_out(run: Run) -> None:
    def ranked(documents: list[int]) -> list[Any]:
        return [DROP if document == 0 else document * len(documents) for document in documents]

    assert contents(run(ranked, ["1", "0", "2"], batch=True)) == [["3", "6"]]


def test_a_batch_becomes_several(run: Run) -> None:
    def halves(messages: list[Message]) -> list[list[Message]]:
        return [messages[:1], messages[1:]]

    assert contents(run(halves, ["a", "b", "c"], batch=True, receives="message", count=2)) == [["a"], ["b", "c"]]


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda texts: texts[0], "returned a str: of a batch, a list is needed"),
        (lambda texts: texts[:1], "returned 1 values for 2 messages: as many are needed, or messages"),
    ],
)
def test_a_batch_function_that_is_wrong(run: Run, function: Any, said: str) -> None:
    found = errors(run(function, ["a", "b"], batch=True, receives="text"))
    assert len(found) == 2
    assert all(said in error for error in found)


def test_functions_that_block_hold_up_no_other_stream(caplog: pytest.LogCaptureFixture) -> None:
    gate = threading.Event()
    blocked = [threading.Event() for _ in range(8)]

    async def stuck(index: int) -> int:
        blocked[index].set()
        gate.wait(20)
        return index

    def stuck_plainly(index: int) -> int:
        blocked[index].set()
        gate.wait(20)
        return index

    with StreamSystem(threads=2) as system:
        for index in range(8):
            function = stuck if index % 2 else stuck_plainly
            system.create(
                f"stuck-{index}",
                {
                    "input": {"generate": {"mapping": f"root = {index}", "count": 1, "interval": ""}},
                    "pipeline": {"processors": [{"python": {"function": function}}]},
                    "output": {"drop": {}},
                },
            )
        assert all(event.wait(5) for event in blocked)

        async def quick(text: str) -> str:
            await asyncio.sleep(0)
            return text

        system.create(
            "well",
            {
                "input": {"inproc": "in"},
                "pipeline": {"processors": [{"python": {"function": quick, "receives": "text"}}]},
                "output": {"drop": {}},
            },
        )
        with system.channel("in") as source:
            source.send("x", timeout=5)
        assert system.delete("stuck-0", timeout=0.2) == []
        (line,) = [record for record in caplog.records if "does not come back" in record.message]
        assert line.message.startswith("Function stuck_plainly does not")
        assert line.__dict__["fields"]["stream"] == "stuck-0"
        gate.set()


def test_after_close_the_loop_is_gone() -> None:
    async def echo(text: str) -> str:
        return text

    with StreamSystem() as system:
        config = {
            "input": {"inproc": "in"},
            "pipeline": {"processors": [{"python": {"function": echo, "receives": "text"}}]},
            "output": {"drop": {}},
        }
        system.create("gone", config)
        with system.channel("in") as source:
            source.send("x", timeout=5)
        system.delete("gone")
        assert not [thread for thread in threading.enumerate() if thread.name.startswith("headwater-loop-gone")]
