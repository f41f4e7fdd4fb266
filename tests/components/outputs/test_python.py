"""Output `python`: a return is an ack, what is raised is a reason to reject."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from headwater import BatchFailure, ComponentError, Rejected, StreamSystem


def outcomes(system: StreamSystem, function: Any, *payloads: Any, **fields: Any) -> list[str]:
    """Send payloads into a function, and tell what became of each: nothing, or why it was rejected."""
    system.create("s", {"input": {"inproc": "in"}, "output": {"python": {"function": function, **fields}}})
    found = []
    with system.channel("in") as source:
        for future in [source.post(payload) for payload in payloads]:
            try:
                future.wait(5)
            except ComponentError as error:
                found.append(str(error))
            else:
                found.append("")
    return found


def test_a_return_is_an_ack_and_a_raise_is_none(system: StreamSystem) -> None:
    seen: list[Any] = []

    def keep(document: dict[str, int]) -> str:
        if document["a"] == 2:
            raise ValueError("two is one too many")
        seen.append(document)
        return "ignored"

    found = outcomes(system, keep, '{"a":1}', '{"a":2}', '{"a":3}')
    assert found == ["", "keep raised ValueError: two is one too many", ""]
    assert seen == [{"a": 1}, {"a": 3}]


def test_coroutine_functions(system: StreamSystem) -> None:
    seen: list[str] = []

    async def keep(text: str, suffix: str) -> None:
        await asyncio.sleep(0)
        if text == "b":
            raise Rejected("no b")
        seen.append(text + suffix)

    fields = {"receives": "text", "arguments": {"suffix": "!"}}
    assert outcomes(system, keep, "a", "b", **fields) == ["", "no b"]
    assert seen == ["a!"]


def test_only_the_messages_of_a_batch_that_failed_are_rejected(system: StreamSystem) -> None:
    seen: list[str] = []

    def keep(text: str) -> None:
        if text == "b" and "b" not in seen:
            seen.append("b")
            raise ValueError("once")
        seen.append(text)

    config = """
input:
  generate: {mapping: 'root = ["a", "b", "c"].index(counter() - 1)', count: 3, batch_size: 3, interval: ''}
output:
  python: {function: keep, receives: text}
"""
    with StreamSystem(functions={"keep": keep}) as own:
        own.create("s", config)
        while own.read("s").active:
            threading.Event().wait(0.005)
    assert seen == ["a", "b", "c", "b"]


def test_batches(system: StreamSystem) -> None:
    seen: list[list[int]] = []

    def keep(documents: list[int]) -> None:
        seen.append(documents)

    assert outcomes(system, keep, ["1", "2"], "3", batch=True) == ["", ""]
    assert seen == [[1, 2], [3]]


def test_a_batch_function_may_reject_a_part(system: StreamSystem) -> None:
    def keep(documents: list[int]) -> None:
        raise BatchFailure({documents.index(2): Rejected("no twos")})

    assert outcomes(system, keep, ["1", "2"], batch=True) == ["no twos"]


def test_batching_gathers(system: StreamSystem) -> None:
    seen: list[list[int]] = []
    found = outcomes(system, seen.append, "1", "2", "3", "4", batch=True, batching={"count": 2}, max_in_flight=1)
    assert found == ["", "", "", ""]
    assert seen == [[1, 2], [3, 4]]


@pytest.mark.parametrize("limit", [1, 3])
def test_so_many_calls_at_once(system: StreamSystem, limit: int) -> None:
    lock = threading.Lock()
    under_way = [0, 0]
    all_in = threading.Event()

    def keep(_: Any) -> None:
        with lock:
            under_way[0] += 1
            under_way[1] = max(under_way)
            if under_way[0] == limit:
                all_in.set()
        all_in.wait(5)
        with lock:
            under_way[0] -= 1

    assert outcomes(system, keep, *map(str, range(9)), max_in_flight=limit) == [""] * 9
    assert under_way[1] == limit
