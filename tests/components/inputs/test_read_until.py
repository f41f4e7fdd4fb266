"""Input `read_until`: checks, idleness, restarts, and nothing lost at the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from headwater.errors import BuildError
from headwater.message import Batch
from headwater.system import StreamSystem

Read = Callable[..., list[Batch]]
Texts = Callable[..., list[list[str]]]


def config(count: int = 10, child: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    source = child or {"generate": {"count": count, "interval": "", "mapping": "root = counter()"}}
    return {"input": {"read_until": {"input": source, **fields}}}


def test_the_message_that_meets_the_check_is_the_last(read: Read) -> None:
    batches = read(config(check="this == 2"))
    assert [[message.content() for message in batch] for batch in batches] == [[b"1"], [b"2"]]
    assert "benthos_read_until" not in batches[0][0].metadata
    assert batches[1][0].metadata["benthos_read_until"] == "final"


def test_a_check_that_is_never_met_lets_the_child_end(texts: Texts) -> None:
    assert texts(config(3, check="this == 99")) == [["1"], ["2"], ["3"]]


def test_a_check_that_fails_is_not_met(texts: Texts) -> None:
    assert texts(config(2, check='this.uppercase() == "X"')) == [["1"], ["2"]]


def test_only_the_first_message_of_a_batch_is_looked_at(texts: Texts) -> None:
    child = {"generate": {"count": 8, "batch_size": 4, "interval": "", "mapping": "root = counter()"}}
    assert texts(config(child=child, check="this == 5")) == [["1", "2", "3", "4"], ["5", "6", "7", "8"]]


def test_nothing_comes_for_too_long(texts: Texts) -> None:
    child = {"generate": {"interval": "1h", "mapping": 'root = "x"'}}
    assert texts(config(child=child, idle_timeout="50ms")) == [["x"]]


def test_a_child_that_ends_is_opened_again(texts: Texts) -> None:
    assert len(texts(config(2, check="counter() >= 5", restart_input=True))) == 5


def test_restarts_leave_nothing_behind(read: Read, system: StreamSystem) -> None:
    read(config(1, check="counter() >= 6", restart_input=True))
    supervisor = system._find("under-test")
    assert len(supervisor.ring.assembly.inputs) == 1


def test_what_is_rejected_after_the_end_comes_again(texts: Texts) -> None:
    seen: list[bytes] = []

    def twice(batch: Batch) -> bool:
        seen.append(batch[0].content())
        return seen.count(batch[0].content()) <= 2

    assert sorted(texts(config(check="this == 3"), reject=twice)) == [["1"], ["2"], ["3"]]


def test_there_has_to_be_an_end(system: StreamSystem) -> None:
    with pytest.raises(BuildError, match="it is required to set either check or idle_timeout"):
        system.create("s", {**config(), "output": {"drop": {}}})
