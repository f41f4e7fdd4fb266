"""Streams to put components into: messages in over one channel, out over another."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml

from headwater.errors import ComponentError
from headwater.message import Message
from headwater.system import StreamSystem


@pytest.fixture
def system() -> Iterator[StreamSystem]:
    """A system of its own for each test."""
    with StreamSystem(stop_timeout=2.0) as made:
        yield made


@pytest.fixture
def deliver(system: StreamSystem) -> Callable[..., list[str]]:
    """Make a stream of an output (and more), send it messages, and tell what became of each: nothing, or a failure.

    A list is sent as one batch.
    """

    def send(config: str, *payloads: str | list[str], metadata: dict[str, Any] | None = None) -> list[str]:
        system.create("under-test", {"input": {"inproc": "in"}, **yaml.safe_load(config)})
        outcomes = []
        with system.channel("in") as channel:
            sent = [channel.post(payload, metadata) for payload in payloads]
            for future in sent:
                try:
                    future.wait(5)
                except ComponentError as error:
                    outcomes.append(str(error))
                else:
                    outcomes.append("")
        return outcomes

    return send


@pytest.fixture
def process(system: StreamSystem) -> Callable[..., list[Message]]:
    """Make a stream of processors, send it messages, and tell what comes out."""

    def send(
        processors: str, *payloads: str | list[str], count: int | None = None, metadata: dict[str, Any] | None = None
    ) -> list[Message]:
        system.create(
            "under-test",
            {
                "input": {"inproc": "in"},
                "pipeline": {"threads": 1, "processors": yaml.safe_load(processors)},
                "output": {"inproc": "out"},
            },
        )
        wanted = sum(len(each) if isinstance(each, list) else 1 for each in payloads) if count is None else count
        received: list[Message] = []
        with system.channel("in") as source, system.channel("out") as sink:
            sent = [source.post(payload, metadata) for payload in payloads]
            while len(received) < wanted:
                batch = sink.receive(timeout=5)
                received.extend(batch.batch)
                batch.ack()
            for future in sent:
                future.wait(5)
        return received

    return send


@pytest.fixture
def until() -> Callable[[Callable[[], Any]], Any]:
    """Wait for something to become true, for a short while."""

    def wait(condition: Callable[[], Any], seconds: float = 5.0) -> Any:
        deadline = time.monotonic() + seconds
        while not (value := condition()):
            assert time.monotonic() < deadline, "it did not come about in time"
            time.sleep(0.005)
        return value

    return wait
