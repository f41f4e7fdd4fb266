"""Processor `cache`: storing and fetching."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from headwater.message import Message
from headwater.system import StreamSystem

Process = Callable[..., list[Message]]


def shown(messages: list[Message]) -> list[tuple[bytes, str]]:
    return [(m.content(), "" if m.error is None else m.error.text) for m in messages]


@pytest.fixture
def kept(system: StreamSystem) -> None:
    system.set_resource("cache", "kept", "memory: {init_values: {a: one}}")


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize(
    ("operator", "results"),
    [
        ("get", [(b"one", ""), (b"b", "operator failed for key 'b': key does not exist")]),
        ("exists", [(b"true", ""), (b"false", "")]),
        ("add", [(b"a", "key already exists: a"), (b"b", "")]),
        ("set", [(b"a", ""), (b"b", "")]),
        ("delete", [(b"a", ""), (b"b", "")]),
    ],
)
def test_operators(process: Process, operator: str, results: list[Any]) -> None:
    config = f"[{{cache: {{resource: kept, operator: {operator}, key: '${{! content() }}', value: v}}}}]"
    assert shown(process(config, "a", "b")) == results


@pytest.mark.usefixtures("kept")
def test_what_is_set_can_be_fetched(process: Process) -> None:
    config = """
    - cache: {resource: kept, operator: set, key: k, value: '<${! content() }>', ttl: 1m}
    - cache: {resource: kept, operator: get, key: k}
    """
    assert shown(process(config, "a")) == [(b"<a>", "")]


@pytest.mark.usefixtures("kept")
def test_failing_interpolations_mark_the_message(process: Process) -> None:
    config = "[{cache: {resource: kept, operator: set, key: k, value: v, ttl: '${! content() }'}}]"
    assert shown(process(config, "soon")) == [(b"soon", 'ttl must be a duration: time: invalid duration "soon"')]


def test_the_cache_has_to_be_there(process: Process) -> None:
    with pytest.raises(Exception, match="cache resource 'nowhere' was not found"):
        process("[{cache: {resource: nowhere, operator: get, key: k}}]", "a")
