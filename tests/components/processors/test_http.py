"""Processor `http`: answers in the place of messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from headwater.message import Message

Process = Callable[..., list[Message]]


def shown(messages: list[Message]) -> list[tuple[bytes, dict[str, Any], str]]:
    return [(m.content(), dict(m.metadata), "" if m.error is None else m.error.text) for m in messages]


def config(stub: Any, more: str = "") -> str:
    return f"[{{http: {{url: '{stub.url}/x', retry_period: 1ms, max_retry_backoff: 1ms, {more}}}}}]"


@pytest.mark.parametrize("parallel", ["true", "false"])
def test_each_message_is_replaced_by_its_answer(process: Process, stub: Any, parallel: str) -> None:
    stub.answers = [(200, {"X-One": "1", "Y-Two": "2"}, b"fine")]
    more = f"parallel: {parallel}, extract_headers: {{include_prefixes: [x-]}}"
    metadata = {"kept": "yes"}
    assert (
        shown(process(config(stub, more), ["a", "b"], metadata=metadata))
        == [(b"fine", {"kept": "yes", "http_status_code": 200, "x-one": "1"}, "")] * 2
    )
    assert sorted(body for *_, body in stub.requests) == [b"a", b"b"]


def test_a_message_without_a_fine_answer_stays_and_is_marked(process: Process, stub: Any) -> None:
    stub.answers = [(404, {}, b"missing")]
    assert shown(process(config(stub, "retries: 1"), "a")) == [
        (
            b"a",
            {"http_status_code": 404},
            f"{stub.url}/x: HTTP request returned unexpected response code (404): 404 Not Found, Error: missing",
        )
    ]
    assert len(stub.requests) == 2


def test_a_multipart_answer_is_a_message_a_part(process: Process, stub: Any) -> None:
    body = b"--B\r\nContent-Type: a/b\r\n\r\none\r\n--B\r\n\r\ntwo\r\n--B--\r\n"
    stub.answers = [(200, {"Content-Type": "multipart/mixed; boundary=B"}, body)]
    messages = process(config(stub, "batch_as_multipart: true"), "a", count=2)
    assert [message.content() for message in messages] == [b"one", b"two"]


def test_a_broken_multipart_answer_is_a_failure(process: Process, stub: Any) -> None:
    stub.answers = [(200, {"Content-Type": "multipart/mixed; boundary=B"}, b"--B\r\n\r\none")]
    messages = process(config(stub), "a")
    assert messages[0].error is not None
    assert messages[0].error.text == "multipart: NextPart: EOF"


def test_compressed_answers_are_unpacked(process: Process, stub: Any) -> None:
    import gzip

    stub.answers = [(200, {"Content-Encoding": "gzip"}, gzip.compress(b"plain"))]
    assert [message.content() for message in process(config(stub), "a")] == [b"plain"]


def test_a_payload_may_be_sent_instead(process: Process, stub: Any) -> None:
    process(config(stub, "payload: '<${! content() }>'"), "a")
    assert stub.requests[0][3] == b"<a>"
