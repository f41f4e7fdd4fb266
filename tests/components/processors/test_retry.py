"""Processor `retry`: children until they succeed."""

from __future__ import annotations

from collections.abc import Callable

from headwater.message import Message

FAST = "backoff: {initial_interval: 1ms, max_interval: 1ms}"


def test_an_attempt_starts_from_the_message_as_it_was(process: Callable[..., list[Message]]) -> None:
    processors = f"""
- retry:
    {FAST}
    processors:
      - mapping: 'root = content().string() + "+"'
      - mapping: 'root = if counter() < 3 {{ throw("again") }}'
"""
    [message] = process(processors, "x")
    assert (message.content(), message.error) == (b"x+", None)
    assert message.metadata["retry_count"] == 2
    assert message.metadata["backoff_duration"] > 0


def test_it_gives_up(process: Callable[..., list[Message]]) -> None:
    [message] = process(f'- retry: {{max_retries: 3, {FAST}, processors: [{{mapping: root = throw("never")}}]}}', "x")
    assert message.error is not None
    assert message.error.text == "failed assignment (line 1): never"
    assert message.metadata["retry_count"] == 3


def test_marks_of_before_are_taken_off(contents: Callable[..., list[str]]) -> None:
    assert contents('- mapping: root = throw("x")\n- retry: {processors: [{noop: {}}]}', "a") == ["a"]


def test_messages_are_tried_side_by_side(contents: Callable[..., list[str]]) -> None:
    processors = "- retry: {parallel: true, processors: [{sleep: {duration: 1ms}}, {mapping: root = batch_size()}]}"
    assert contents(processors, ["a", "b"]) == ["1", "1"]
