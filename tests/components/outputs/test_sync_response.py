"""Output `sync_response`: every caller gets what is his."""

from __future__ import annotations

from collections.abc import Callable

from headwater.components.responses import respond
from headwater.message import Context, Message, ResponseStore


def test_callers_of_a_joined_batch_get_their_own_messages() -> None:
    one, two = Context(ResponseStore()), Context(ResponseStore())
    assert respond([Message(b"a", context=one), Message(b"b", context=two), Message(b"c", context=one), Message(b"d")])
    assert one.responses is not None
    assert two.responses is not None
    assert [[message.content() for message in batch] for batch in one.responses.batches] == [[b"a", b"c"]]
    assert [[message.content() for message in batch] for batch in two.responses.batches] == [[b"b"]]


def test_where_nobody_waits_messages_are_rejected(deliver: Callable[..., list[str]]) -> None:
    assert not respond([Message(b"a")])
    assert (
        deliver("output: {sync_response: {}}", "a", ["b", "c"]) == ["result store not found within batch context"] * 2
    )
