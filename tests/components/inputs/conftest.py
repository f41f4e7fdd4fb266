"""Inputs in streams: what they read, in batches, and what they are told about it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from headwater.errors import TimedOut
from headwater.message import Batch
from headwater.system import StreamSystem

Read = Callable[..., list[Batch]]


@pytest.fixture
def read(system: StreamSystem) -> Read:
    """Make a stream of an input (and more) and take what it gives, until it ends or so many batches have come.

    `reject` says whether a batch is rejected at this look at it.
    """

    def take(
        config: str | dict[str, Any],
        count: int | None = None,
        reject: Callable[[Batch], bool] = lambda batch: False,
        seconds: float = 5.0,
    ) -> list[Batch]:
        parsed = yaml.safe_load(config) if isinstance(config, str) else config
        received: list[Batch] = []
        deadline = time.monotonic() + seconds
        with system.channel("out") as sink:
            system.create("under-test", {**parsed, "output": {"inproc": "out"}}, chilled=True)
            while count is None or len(received) < count:
                try:
                    batch = sink.receive(timeout=0.02)
                except TimedOut:
                    if not system.read("under-test").active:
                        break
                    assert time.monotonic() < deadline, f"still there after {seconds} s, with {received}"
                    continue
                if reject(batch.batch):
                    batch.reject("not now")
                else:
                    received.append(batch.batch)
                    batch.ack()
        return received

    return take


@pytest.fixture
def texts(read: Read) -> Callable[..., list[list[str]]]:
    """As `read`, with the payloads as texts."""

    def take(*args: Any, **named: Any) -> list[list[str]]:
        return [[message.content().decode() for message in batch] for batch in read(*args, **named)]

    return take
