"""Output `reject`: senders hear the reason."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from headwater.errors import ConfigError, Rejected
from headwater.system import StreamSystem


def test_the_reason_is_made_of_the_message(deliver: Callable[..., list[str]]) -> None:
    assert deliver("output: {reject: 'no ${! content() }'}", "a", "b") == ["no a", "no b"]


def test_a_batch_has_the_reason_of_its_first_message(system: StreamSystem) -> None:
    system.create("s", "input: {inproc: in}\noutput: {reject: 'no ${! content() }'}")
    with system.channel("in") as channel:
        sent = channel.post(["a", "b"])
        with pytest.raises(Rejected, match="no a"):
            sent.wait(5)


def test_a_reason_that_cannot_be_made_is_said(deliver: Callable[..., list[str]]) -> None:
    assert deliver("output: {reject: '${! throw(\"x\") }'}", "a") == ["reject message interpolation error: x"]


def test_there_must_be_a_reason(system: StreamSystem) -> None:
    with pytest.raises(ConfigError, match="an error message must be provided"):
        system.create("s", "input: {inproc: in}\noutput: {reject: ''}")
