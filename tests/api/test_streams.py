"""The streams API in process: what is asked, what is answered, what is left as it was."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from headwater.system import StreamSystem
from headwater_api.resources.base import BODY_LIMIT

Client = Any

IDLE = "input: {generate: {mapping: 'root = {}', interval: 1h}}\noutput: {drop: {}}\n"
OTHER = "input: {generate: {mapping: 'root = {}', interval: 2h}}\noutput: {drop: {}}\n"
MISSING = "input: {generate: {mapping: 'root = {}', interval: 1h}}\noutput: {cache: {target: nope_cache, key: a}}\n"
LINTY = IDLE + "nope: 1\n"
PLAIN = "text/plain; charset=utf-8"


def interval(client: Client, stream: str) -> str:
    found: str = client.get(f"/streams/{stream}").json["config"]["input"]["generate"]["interval"]
    return found


def test_a_stream_lives_from_post_to_delete(client: Client) -> None:
    assert client.get("/streams").json == {}
    created = client.post("/streams/foo", body=IDLE)
    assert (created.status_code, created.content, created.headers.get("content-type")) == (200, b"", None)
    listed = client.get("/streams")
    assert listed.headers["content-type"] == "application/json"
    assert set(listed.json["foo"]) == {"active", "uptime", "uptime_str"}
    read = client.get("/streams/foo")
    assert list(json.loads(read.text)) == ["active", "uptime", "uptime_str", "config"]
    assert read.json["config"] == {
        "input": {"generate": {"mapping": "root = {}", "interval": "1h"}},
        "output": {"drop": {}},
    }
    assert client.put("/streams/foo", body=OTHER).status_code == 200
    assert interval(client, "foo") == "2h"
    assert client.patch("/streams/foo", body='{"input":{"generate":{"interval":"3h"}}}').status_code == 200
    assert interval(client, "foo") == "3h"
    assert client.delete("/streams/foo").status_code == 200
    assert client.get("/streams").json == {}


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_unknown_streams_are_404(client: Client, method: str) -> None:
    answer = client.ask(method, "/streams/nope", body=IDLE)
    assert (answer.status_code, answer.text) == (404, "Stream not found\n")
    assert answer.headers["content-type"] == PLAIN
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_an_id_is_taken_once(client: Client) -> None:
    client.post("/streams/foo", body=IDLE)
    answer = client.post("/streams/foo", body=IDLE)
    assert (answer.status_code, answer.text) == (400, "Stream already exists\n")


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        ("input: [unclosed", 400, "Error: yaml: "),
        (
            "input: {nope: {}}\noutput: {drop: {}}\n",
            400,
            "Error: (1,1) unable to infer input type from candidates: [nope]",
        ),
        (
            "input: {generate: {mapping: '${NOT_SET_HERE}'}}\n",
            400,
            "Error: required environment variables were not set",
        ),
        (MISSING, 502, "Error: failed to init output <no label> path root.output: "),
    ],
)
def test_configurations_that_cannot_be_used_are_refused_in_words(
    client: Client, body: str, status: int, text: str
) -> None:
    answer = client.post("/streams/foo", body=body)
    assert answer.status_code == status
    assert answer.text.startswith(text)
    assert answer.text.endswith("\n")
    assert client.get("/streams").json == {}


def test_lints_are_json_and_logged(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "headwater"):
        answer = client.post("/streams/foo", body=LINTY)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/json"
    assert answer.text == '{"lint_errors":["(3,1) field nope not recognised"]}'
    assert "Stream 'foo' config: (3,1) field nope not recognised" in caplog.messages
    assert client.post("/streams/foo", body=LINTY, params={"chilled": "TRUE"}).status_code == 400
    assert client.post("/streams/foo", body=LINTY, params={"chilled": "true"}).status_code == 200


def test_build_failures_are_logged(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    client.post("/streams/foo", body=MISSING)
    assert any(line.startswith("Streams CRUD Error: failed to init output") for line in caplog.messages)


def test_a_replacement_that_cannot_be_built_leaves_the_old_stream_running(client: Client) -> None:
    client.post("/streams/foo", body=IDLE)
    assert client.put("/streams/foo", body=MISSING).status_code == 502
    assert client.patch("/streams/foo", body='{"output":{"reject":"x"}}').status_code == 400
    read = client.get("/streams/foo").json
    assert read["active"]
    assert read["config"]["output"] == {"drop": {}}


def test_the_set_is_replaced_as_a_whole(client: Client) -> None:
    for stream in ("gone", "kept"):
        client.post(f"/streams/{stream}", body=IDLE)
    body = json.dumps(
        {"kept": {"input": {"generate": {"mapping": "root = 1", "interval": "2h"}}, "output": {"drop": {}}}}
    )
    assert client.post("/streams", body=body).status_code == 200
    assert list(client.get("/streams").json) == ["kept"]
    assert interval(client, "kept") == "2h"


def test_what_fails_of_a_set_is_400_and_the_rest_applies(client: Client) -> None:
    body = f"good:\n  {IDLE.replace(chr(10), chr(10) + '  ')}\nbad:\n  {MISSING.replace(chr(10), chr(10) + '  ')}\n"
    answer = client.post("/streams", body=body)
    assert answer.status_code == 400
    assert answer.text.startswith("Error: failed to create stream: failed to init output")
    assert list(client.get("/streams").json) == ["good"]


def test_lints_of_a_set_name_their_stream_and_nothing_is_applied(client: Client) -> None:
    answer = client.post("/streams", body=f"a:\n  {LINTY.replace(chr(10), chr(10) + '  ')}\n")
    assert answer.json == {"lint_errors": ["stream 'a': (4,1) field nope not recognised"]}
    assert client.get("/streams").json == {}


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "DERP", "LOCK"])
def test_other_verbs_on_the_collection_are_400(client: Client, method: str) -> None:
    answer = client.ask(method, "/streams")
    assert answer.status_code == 400
    assert answer.text == ("" if method == "HEAD" else "Error: method not supported\n")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("OPTIONS", "/streams/foo"),
        ("DERP", "/streams/foo"),
        ("POST", "/streams/foo/stats"),
        ("GET", "/resources/cache/x"),
    ],
)
def test_other_verbs_elsewhere_are_400_and_named(client: Client, method: str, path: str) -> None:
    answer = client.ask(method, path)
    assert (answer.status_code, answer.text) == (400, f"Error: verb not supported: {method}\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2s", 2.0), ("0s", 0.0), ("-1s", 0.0), ("1h1m", 3660.0), ("banana", None), ("5", None), ("", None)],
)
def test_timeouts_are_durations_and_others_are_ignored(
    client: Client, system: StreamSystem, monkeypatch: pytest.MonkeyPatch, text: str, expected: float | None
) -> None:
    asked: list[float | None] = []

    def delete(stream: str, *, timeout: float | None = None) -> list[str]:
        asked.append(timeout)
        return []

    monkeypatch.setattr(system, "delete", delete)
    assert client.delete("/streams/foo", params={"timeout": text}).status_code == 200
    assert asked == [expected]


def test_a_body_over_the_limit_is_413(client: Client) -> None:
    assert client.post("/streams/foo", body=b"#" * (BODY_LIMIT + 1)).status_code == 413
    assert client.post("/streams", body=b"#" * (BODY_LIMIT + 1)).status_code == 413


def test_stats_are_a_tree(client: Client) -> None:
    client.post("/streams/foo", body=IDLE)
    answer = client.get("/streams/foo/stats")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json["input"]["running"] == 1
    assert answer.json["uptime"].endswith("s")
    assert client.get("/streams/nope/stats").status_code == 404


def test_resources_are_posted(client: Client) -> None:
    assert client.post("/streams/foo", body=MISSING).status_code == 502
    assert client.post("/resources/cache/nope_cache", body="memory: {}").content == b""
    assert client.post("/streams/foo", body=MISSING).status_code == 200
    lints = client.post("/resources/cache/x", body="memory:\n  nope: 1\n")
    assert lints.json == {"lint_errors": ["(2,1) field nope not recognised"]}
    refused = client.post("/resources/nope/x", body="memory: {}")
    assert refused.status_code == 400
    assert refused.text == (
        "Var `type` must be set to one of `cache`, `input`, `output`, `processor` or `rate_limit`\n"
    )


def test_a_crash_of_the_engine_is_500_without_a_stack(
    client: Client, system: StreamSystem, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def crash() -> None:
        raise ValueError("secret detail")

    monkeypatch.setattr(system, "list", crash)
    answer = client.get("/streams")
    assert (answer.status_code, answer.text) == (500, "Internal Server Error\n")
    assert "secret detail" in caplog.text


PYTHON = "input: {inproc: i}\npipeline: {processors: [{python: {function: 'html:escape'}}]}\noutput: {drop: {}}\n"


def test_functions_that_nobody_listed_are_refused_with_the_way_to_mend_it(client: Client) -> None:
    client.post("/streams/foo", body=IDLE)
    patch = json.dumps({"pipeline": {"processors": [{"python": {"function": "html:escape"}}]}})
    for answer in (
        client.post("/streams/bar", body=PYTHON),
        client.post("/streams/bar", body=PYTHON, params={"chilled": "true"}),
        client.put("/streams/foo", body=PYTHON),
        client.patch("/streams/foo", body=patch),
        client.post("/streams", body=json.dumps({"bar": json.loads(patch)})),
        client.post("/resources/processor/bar", body="python: {function: 'html:escape'}"),
        client.post("/resources/processor/bar", body="python: {function: 'html:escape'}", params={"chilled": "true"}),
    ):
        assert answer.status_code == 400, answer.text
        assert "html:escape is not allowed here: start Headwater with --allow-python html:escape" in answer.text
    assert "pipeline" not in client.get("/streams/foo").json["config"]
