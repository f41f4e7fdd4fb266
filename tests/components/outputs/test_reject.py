"""Output `reject`: senders hear the reason."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from headwater.errors import BatchFailure
from headwater.system import StreamSystem


def test_the_reason_is_made_of_the_message(deliver: Callable[..., list[str]]) -> None:
    assert deliver("output: {reject: 'no ${! content() }'}", "a", "b") == ["no a", "no b"]


def test_each_message_of_a_batch_has_a_reason_of_its_own(system: StreamSystem) -> None:
    system.create("s", "input: {inproc: in}\noutput: {reject: 'no ${! content() }'}")
    with system.channel("in") as channel:
        sent = channel.post(["a", "b"])
        with pytest.raises(BatchFailure) as caught:
            sent.wait(5)
    assert {index: str(error) for index, error in caught.value.failures.items()} == {0: "no a", 1: "no b"}
