"""Input `python`: what generators yield, how they end, and what happens when they fail, hang or are stopped."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from headwater import HeadwaterError, Message, StreamSystem

Until = Callable[[Callable[[], Any]], Any]


def create(system: StreamSystem, function: Any, **fields: Any) -> list[Any]:
    """A stream of a generator whose messages end up in a list."""
    seen: list[Any] = []
    output = {"python": {"function": seen.append, "receives": "message"}}
    system.create("s", {"input": {"python": {"function": function, **fields}}, "output": output})
    return seen


def contents(messages: list[Message]) -> list[str]:
    return [message.content().decode() for message in messages]


def test_what_a_generator_yields_and_its_end(system: StreamSystem, until: Until) -> None:
    def values() -> Iterator[Any]:
        yield b"bytes"
        yield "text"
        yield {"a": 1}
        yield [1, 2]
        yield Message(b"own", metadata={"k": "v"})
        yield [Message(b"first"), Message(b"second")]

    seen = create(system, values)
    until(lambda: not system.read("s").active)
    assert contents(seen) == ["bytes", "text", '{"a":1}', "[1,2]", "own", "first", "second"]
    assert seen[4].metadata == {"k": "v"}
    assert system.read("s").state == "finished"


def test_async_generators(system: StreamSystem, until: Until) -> None:
    async def values() -> AsyncIterator[int]:
        for number in range(100):
            await asyncio.sleep(0)
            yield number

    seen = create(system, values)
    until(lambda: not system.read("s").active)
    assert contents(seen) == [str(number) for number in range(100)]


def test_functions_that_return_something_to_iterate_over(system: StreamSystem, until: Until) -> None:
    async def later(count: int) -> list[int]:
        return list(range(count))

    seen = create(system, later, arguments={"count": 3})
    until(lambda: not system.read("s").active)
    assert contents(seen) == ["0", "1", "2"]


def test_more_is_asked_for_only_when_there_is_use_for_it(system: StreamSystem, until: Until) -> None:
    asked: list[int] = []
    gate = threading.Event()

    def endless() -> Iterator[int]:
        for number in range(1_000_000):
            asked.append(number)
            yield number

    def stuck(_: Any) -> None:
        gate.wait(20)

    system.create("s", {"input": {"python": {"function": endless}}, "output": {"python": {"function": stuck}}})
    until(lambda: asked)
    before = -1
    while before != len(asked):
        before = len(asked)
        threading.Event().wait(0.02)
    assert before < 1000
    gate.set()


def test_a_generator_that_raises_is_called_again(
    system: StreamSystem, until: Until, caplog: pytest.LogCaptureFixture
) -> None:
    calls: list[int] = []

    def flaky() -> Iterator[str]:
        calls.append(1)
        yield f"call {len(calls)}"
        if len(calls) == 1:
            raise OSError("the source is gone")

    seen = create(system, flaky)
    until(lambda: not system.read("s").active)
    assert contents(seen) == ["call 1", "call 2"]
    assert "Failed to read message: flaky raised OSError: the source is gone" in caplog.messages


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda: 5, "returned a int: a generator is needed, or a list"),
        (lambda: [object()], "yielded a object, which is no payload"),
        (lambda: [None], "yielded None"),
        (lambda: 1 / 0, "raised ZeroDivisionError: division by zero"),
    ],
)
def test_what_is_wrong_is_named(
    function: Any, said: str, system: StreamSystem, until: Until, caplog: pytest.LogCaptureFixture
) -> None:
    create(system, function)
    line = until(lambda: next((record for record in caplog.records if said in record.message), None))
    assert line.__dict__["fields"]["stream"] == "s"
    assert line.__dict__["fields"]["path"] == "root.input"
    assert system.read("s").active


def test_rejected_items_come_again(system: StreamSystem, until: Until) -> None:
    tries: list[int] = []

    def choosy(document: int) -> None:
        tries.append(document)
        if len(tries) == 1:
            raise ValueError("not yet")

    system.create("s", {"input": {"python": {"function": lambda: [7]}}, "output": {"python": {"function": choosy}}})
    until(lambda: not system.read("s").active)
    assert tries == [7, 7]


@pytest.mark.parametrize("coroutine", [True, False])
def test_a_stopped_generator_runs_its_finally(system: StreamSystem, until: Until, coroutine: bool) -> None:
    began = threading.Event()
    ended = threading.Event()
    gate = threading.Event()

    def plain() -> Iterator[int]:
        try:
            while True:
                began.set()
                gate.wait(0.01)
                yield 1
        finally:
            ended.set()

    async def waiting() -> AsyncIterator[int]:
        try:
            began.set()
            await asyncio.sleep(3600)
            yield 1
        finally:
            ended.set()

    create(system, waiting if coroutine else plain)
    assert began.wait(5)
    assert system.delete("s") == []
    assert ended.wait(5)


def test_a_generator_that_blocks_is_left_behind_and_named(
    system: StreamSystem, caplog: pytest.LogCaptureFixture
) -> None:
    began = threading.Event()
    gate = threading.Event()

    def stuck() -> Iterator[int]:
        began.set()
        gate.wait(20)
        yield 1

    create(system, stuck)
    assert began.wait(5)
    assert system.delete("s") == []
    assert "Function stuck does not come back: it is left behind" in caplog.messages
    gate.set()


def test_functions_by_name_from_yaml(until: Until) -> None:
    seen: list[str] = []
    with StreamSystem(functions={"numbers": lambda: iter("abc"), "keep": seen.append}) as system:
        system.create("s", "input: {python: {function: numbers}}\noutput: {python: {function: keep, receives: text}}")
        until(lambda: not system.read("s").active)
        assert seen == ["a", "b", "c"]
        with pytest.raises(HeadwaterError, match="function os:getcwd is not allowed here"):
            system.create("t", "input: {python: {function: 'os:getcwd'}}\noutput: {drop: {}}")
