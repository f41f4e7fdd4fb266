"""Input `http_client`: polls, pages, streams."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from headwater.message import Batch

Texts = Callable[..., list[list[str]]]


def config(url: str, **fields: Any) -> dict[str, Any]:
    quick = {"retry_period": "10ms", "max_retry_backoff": "20ms"}
    return {"input": {"http_client": {"url": url, **quick, **fields}}}


def test_answers_are_messages(texts: Texts, stub: Any) -> None:
    stub.answers = [(200, {}, b"one"), (200, {}, b"two"), (200, {}, b"rest")]
    assert texts(config(stub.url + "/x"), 2) == [["one"], ["two"]]
    assert stub.requests[0][:2] == ("GET", "/x")
    assert stub.requests[0][3] == b""


def test_empty_answers_are_left_out(texts: Texts, stub: Any) -> None:
    stub.answers = [(200, {}, b""), (200, {}, b"two")]
    assert texts(config(stub.url), 1) == [["two"]]


def test_empty_answers_are_kept_where_that_is_asked_for(texts: Texts, stub: Any) -> None:
    stub.answers = [(200, {}, b""), (200, {}, b"two")]
    assert texts(config(stub.url, drop_empty_bodies=False), 2) == [[""], ["two"]]


def test_failures_are_tried_again(texts: Texts, stub: Any) -> None:
    stub.answers = [(500, {}, b"no"), (500, {}, b"no"), (200, {}, b"yes")]
    assert texts(config(stub.url, retries=2), 1) == [["yes"]]


def test_a_source_that_fails_is_asked_again_after_all(texts: Texts, stub: Any) -> None:
    stub.answers = [(500, {}, b"no")] * 3 + [(200, {}, b"yes")]
    assert texts(config(stub.url, retries=0), 1) == [["yes"]]


def test_the_answer_before_leads_to_the_next_page(texts: Texts, stub: Any) -> None:
    stub.answers = [(200, {}, b'{"next":"p2"}'), (200, {}, b'{"next":"p3"}'), (200, {}, b'{"next":"p4"}')]
    texts(config(stub.url + '/${! this.next.catch("p1") }'), 3)
    assert [request[1] for request in stub.requests[:3]] == ["/p1", "/p2", "/p3"]


def test_a_payload_is_sent(texts: Texts, stub: Any) -> None:
    stub.answers = [(200, {}, b"ok")]
    texts(config(stub.url, verb="POST", payload='{"q":1}'), 1)
    assert (stub.requests[0][0], stub.requests[0][3]) == ("POST", b'{"q":1}')


def test_status_and_headers_are_metadata(read: Callable[..., list[Batch]], stub: Any) -> None:
    stub.answers = [(200, {"X-Kept": "a", "X-Other": "b"}, b"one")]
    ((message,),) = read(config(stub.url, extract_headers={"include_prefixes": ["x-k"]}), 1)
    assert message.metadata == {"http_status_code": 200, "x-kept": "a"}


def test_the_parts_of_an_answer_are_a_batch(texts: Texts, stub: Any) -> None:
    body = b"--B\r\n\r\none\r\n--B\r\n\r\ntwo\r\n--B--\r\n"
    stub.answers = [(200, {"Content-Type": "multipart/mixed; boundary=B"}, body)]
    assert texts(config(stub.url), 1) == [["one", "two"]]


def test_a_stream_is_cut_and_ends(texts: Texts, stub: Any) -> None:
    stub.answers = [(200, {}, b"a\nb\nc")]
    assert texts(config(stub.url, stream={"enabled": True, "reconnect": False})) == [["a"], ["b"], ["c"]]


def test_a_stream_is_opened_again(texts: Texts, stub: Any) -> None:
    stub.answers = [(200, {}, b"a\n"), (200, {}, b"b\n"), (200, {}, b"c\n")]
    assert texts(config(stub.url, stream={"enabled": True}), 3) == [["a"], ["b"], ["c"]]


def test_a_stream_with_another_scanner(texts: Texts, stub: Any) -> None:
    stub.answers = [(200, {}, b'{"a":1}{"b":2}')]
    stream = {"enabled": True, "reconnect": False, "scanner": {"json_documents": {}}}
    assert texts(config(stub.url, stream=stream)) == [['{"a":1}'], ['{"b":2}']]
