"""What comes out of processors, in the form that tests compare."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from headwater.message import Message


@pytest.fixture
def contents(process: Callable[..., list[Message]]) -> Callable[..., list[str]]:
    """Send messages through processors; the payloads that come out, none of them marked as failed."""

    def send(processors: str, *payloads: Any, **options: Any) -> list[str]:
        received = process(processors, *payloads, **options)
        assert [message.error for message in received] == [None] * len(received)
        return [message.content().decode() for message in received]

    return send


@pytest.fixture
def outcomes(process: Callable[..., list[Message]]) -> Callable[..., list[tuple[str, str]]]:
    """Send messages through processors; the payloads that come out, each with the text of its mark, if there is one."""

    def send(processors: str, *payloads: Any, **options: Any) -> list[tuple[str, str]]:
        received = process(processors, *payloads, **options)
        return [(message.content().decode(), message.error.text if message.error else "") for message in received]

    return send
