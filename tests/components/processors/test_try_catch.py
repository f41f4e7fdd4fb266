"""Processor `try_catch`: children until one fails, and others for what failed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from headwater.message import Message

PROCESSORS = """
- try_catch:
    processors:
      - mapping: 'root = if this.a == 2 { throw("boom") } else { this }'
      - mapping: root = this.merge({"after":true})
    catch:
      - mapping: 'root = {"what": @error.what, "path": @error.path, "errored": errored()}'
"""


def test_what_failed_is_told_in_metadata(contents: Callable[..., list[str]]) -> None:
    assert contents(PROCESSORS, '{"a":1}', ['{"a":2}', '{"a":3}']) == [
        '{"a":1,"after":true}',
        '{"errored":false,"path":"pipeline.processors.0.try_catch.processors.0","what":"failed assignment (line 1): '
        'boom"}',
        '{"a":3,"after":true}',
    ]


def test_a_failure_while_catching_is_a_new_one(outcomes: Callable[..., Any]) -> None:
    processors = '- try_catch: {processors: [{mapping: root = throw("a")}], catch: [{mapping: root = throw("b")}]}'
    assert outcomes(processors, "x") == [("x", "failed assignment (line 1): b")]


def test_without_catch_the_failure_is_written_down(process: Callable[..., list[Message]]) -> None:
    [message] = process('- try_catch: {processors: [{mapping: root = throw("a")}], error_metadata: why}', "x")
    assert message.error is None
    assert message.metadata["why"]["what"] == "failed assignment (line 1): a"


def test_children_that_wait(contents: Callable[..., list[str]]) -> None:
    processors = PROCESSORS.replace("processors:\n", "processors:\n      - sleep: {duration: 1ms}\n", 1)
    assert contents(processors, ['{"a":2}', '{"a":3}'])[1] == '{"a":3,"after":true}'
