"""Service endpoints, paths, and what stands in front of everything: other origins, credentials, shutdown."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import bcrypt
import pytest

from headwater.errors import ConfigError
from headwater.system import StreamSystem
from headwater_api import HttpSettings
from headwater_api.paths import cleaned, location, without_root

Client = Any
Made = Any

IDLE = "input: {generate: {mapping: 'root = {}', interval: 1h}}\noutput: {drop: {}}\n"


def basic(credentials: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(credentials.encode()).decode()}


def test_ping_version_endpoints_look_at_no_verb(client: Client) -> None:
    for method in ("GET", "POST", "DELETE", "DERP"):
        assert client.ask(method, "/ping").text == "pong"
        assert list(client.ask(method, "/version").json) == ["version", "built"]
    described = client.get("/endpoints")
    assert described.headers["content-type"] == "text/plain; charset=utf-8"
    assert {"/streams", "/streams/{id}", "/streams/{id}/stats", "/resources/{type}/{id}", "/ready"} <= set(
        described.json
    )


def test_ready_names_what_is_not_connected(client: Client, system: StreamSystem, monkeypatch: Any) -> None:
    assert (client.get("/ready").status_code, client.get("/ready").text) == (200, "OK")
    monkeypatch.setattr(system, "ready", lambda: ("a", "b"))
    answer = client.get("/ready")
    assert (answer.status_code, answer.text) == (503, "streams a, b are not connected\n")


def test_a_deleted_stream_is_told_from_one_that_never_was(client: Client) -> None:
    client.post("/streams/foo", body=IDLE)
    client.delete("/streams/foo")
    answer = client.get("/foo/ready")
    assert answer.status_code == 503
    assert json.loads(answer.text) == {"error": "stream terminated", "statuses": []}
    assert client.get("/bar/ready").status_code == 404


def test_everything_is_under_the_root_path_too(made: Made) -> None:
    client = made({"root_path": "svc/"})
    assert client.get("/svc/streams").json == {}
    assert client.get("/streams").json == {}
    assert client.get("/benthos/streams").status_code == 404
    assert client.get("/svc").status_code == 404


def test_without_the_api_readiness_stays(made: Made) -> None:
    client = made({}, streams_api=False)
    assert client.get("/streams").status_code == 404
    assert client.post("/streams/foo", body=IDLE).status_code == 404
    assert client.get("/ready").status_code == 200


def test_one_stream_alone_is_ready_by_its_connections(made: Made, system: StreamSystem) -> None:
    client = made({}, only_stream="")
    system.create("", IDLE)
    assert client.get("/streams").status_code == 404
    assert set(client.get("/ready").json) == {"statuses"}


@pytest.mark.parametrize(
    "path", ["/", "/nope", "/streams/", "/streams/foo/", "/Streams", "/streams/foo/stats/", "/metrics/"]
)
def test_paths_are_exact(client: Client, path: str) -> None:
    client.post("/streams/foo", body=IDLE)
    answer = client.get(path)
    assert (answer.status_code, answer.text) == (404, "404 page not found\n")


@pytest.mark.parametrize(
    ("path", "clean"),
    [
        ("/streams", None),
        ("//streams", "/streams"),
        ("/streams//foo", "/streams/foo"),
        ("/a/../b", "/b"),
        ("/a/./b/", "/a/b/"),
        ("/a/b/..", "/a"),
        ("/..", "/"),
        ("/a.b/.c", None),
        ("/two words", None),
    ],
)
def test_paths_are_cleaned(path: str, clean: str | None) -> None:
    assert cleaned(path) == clean


def test_redirects_keep_the_query_and_quote_the_path() -> None:
    assert location("/streams/two words", "a=1&b") == "/streams/two%20words?a=1&b"
    assert location("/é", "") == "/%C3%A9"
    assert without_root("/svc/a", "/svc") == "/a"
    assert without_root("/svcs/a", "/svc") == "/svcs/a"
    assert without_root("/svc", "/svc") == "/svc"


def test_a_host_application_may_mount_it_anywhere(client: Client) -> None:
    mounted = {"SCRIPT_NAME": "/flow"}
    assert client.get("/streams", env=mounted).json == {}
    assert client.get("//streams", env=mounted).headers["location"] == "/flow/streams"


def test_a_slash_that_was_encoded_is_a_slash(client: Client) -> None:
    assert client.get("/streams/a%2Fb").status_code == 404
    answer = client.get("/streams/%2Fx")
    assert (answer.status_code, answer.headers["location"], answer.content) == (301, "/streams/x", b"")


@pytest.mark.parametrize("stream", ["two%20words", "Foo-Bar.v1_2", "%C3%A9", "a%25b"])
def test_ids_are_decoded(client: Client, stream: str) -> None:
    assert client.post(f"/streams/{stream}", body=IDLE).status_code == 200
    assert client.get(f"/streams/{stream}").status_code == 200


def test_metrics_follow_the_exporter(client: Client, system: StreamSystem) -> None:
    client.post("/streams/foo", body=IDLE)
    for path in ("/metrics", "/stats", "/benthos/metrics"):
        answer = client.get(path)
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
        assert 'input_received{label="",path="root.input",stream="foo"} ' in answer.text
    assert client.get("/metrics", headers={"Accept-Encoding": "gzip"}).headers["content-encoding"] == "gzip"
    assert "content-encoding" not in client.get("/streams", headers={"Accept-Encoding": "gzip"}).headers


def test_debug_endpoints_are_there_when_asked_for(made: Made) -> None:
    assert made({}).get("/debug/stack").status_code == 404
    client = made({"debug_endpoints": True}, config={"http": {"address": "x"}})
    assert client.get("/debug/config/json").json == {"http": {"address": "x"}}
    assert client.get("/debug/config/yaml").text == "http:\n  address: x\n"
    assert "test_debug_endpoints_are_there" in client.get("/debug/stack").text
    assert "builtins.dict" in client.get("/debug/pprof/heap").text
    assert client.get("/debug/pprof/profile", params={"seconds": "0.05"}).status_code == 200
    assert client.get("/debug/pprof/nope").status_code == 404


# -- credentials


def digest(algorithm: str, salt: bytes = b"salt") -> str:
    if algorithm == "bcrypt":
        return base64.b64encode(bcrypt.hashpw(b"secret", bcrypt.gensalt(4))).decode()
    if algorithm == "scrypt":
        made = hashlib.scrypt(b"secret", salt=salt, n=32768, r=8, p=1, dklen=32, maxmem=1 << 26)
        return base64.b64encode(made).decode()
    return base64.b64encode(hashlib.new(algorithm, b"secret").digest()).decode()


@pytest.mark.parametrize("algorithm", ["md5", "sha256", "bcrypt", "scrypt"])
def test_every_endpoint_asks_for_credentials(made: Made, algorithm: str) -> None:
    section = {
        "enabled": True,
        "username": "admin",
        "password_hash": digest(algorithm),
        "algorithm": algorithm,
        "salt": base64.b64encode(b"salt").decode(),
    }
    client = made({"basic_auth": section})
    for path in ("/streams", "/ping", "/ready", "/metrics"):
        answer = client.get(path)
        assert (answer.status_code, answer.text) == (401, "Unauthorized\n")
        assert answer.headers["www-authenticate"] == 'Basic realm="restricted", charset="UTF-8"'
    assert client.get("/nope").status_code == 404
    assert client.get("/streams", headers=basic("admin:secret")).status_code == 200
    assert client.get("/streams", headers=basic("admin:secret")).status_code == 200
    for wrong in ("admin:wrong", "other:secret", "admin", ""):
        assert client.get("/streams", headers=basic(wrong)).status_code == 401
    assert client.get("/streams", headers={"Authorization": "Bearer x"}).status_code == 401


def test_a_digest_that_is_no_base64_is_500(made: Made) -> None:
    client = made({"basic_auth": {"enabled": True, "username": "a", "password_hash": "not base64!"}})
    answer = client.get("/streams", headers=basic("a:b"))
    assert (answer.status_code, answer.text) == (500, "Internal Server Error\n")


@pytest.mark.parametrize(
    ("section", "text"),
    [
        ({"basic_auth": {"enabled": True, "username": "a"}}, "both username and password_hash are required"),
        (
            {"basic_auth": {"enabled": True, "username": "a", "password_hash": "b", "algorithm": "sha1"}},
            "algorithm should be one of md5, sha256, bcrypt, or scrypt",
        ),
        ({"cors": {"enabled": True}}, "bad CORS configuration: must specify at least one allowed origin"),
        ({"cert_file": "x"}, "both cert_file and key_file must be specified, or neither"),
        ({"key_file": "x"}, "both cert_file and key_file must be specified, or neither"),
    ],
)
def test_settings_that_make_no_sense_are_refused(section: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        HttpSettings.of(section)


# -- other origins


@pytest.mark.parametrize(
    ("headers", "status", "expected"),
    [
        (
            {"Origin": "foo", "Access-Control-Request-Method": "PUT"},
            200,
            {"access-control-allow-origin": "foo", "access-control-allow-methods": "PUT"},
        ),
        ({"Origin": "foo", "Access-Control-Request-Method": "POST"}, 200, {"access-control-allow-origin": "foo"}),
        ({"Origin": "nope", "Access-Control-Request-Method": "POST"}, 200, {}),
        ({"Origin": "foo", "Access-Control-Request-Method": "TRACE"}, 405, {}),
        ({"Origin": "foo"}, 400, {}),
        (
            {
                "Origin": "foo",
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "Accept, Content-Type",
            },
            403,
            {},
        ),
    ],
)
def test_preflights(made: Made, headers: dict[str, str], status: int, expected: dict[str, str]) -> None:
    client = made({"cors": {"enabled": True, "allowed_origins": ["foo", "bar"]}})
    answer = client.options("/version", headers=headers)
    assert answer.status_code == status
    shown = {key: value for key, value in answer.headers.items() if key.startswith("access-control")}
    assert shown == expected


def test_answers_to_other_origins_are_marked(made: Made) -> None:
    client = made({"cors": {"enabled": True, "allowed_origins": ["foo", "bar"]}})
    marked = client.get("/streams", headers={"Origin": "bar"})
    assert marked.headers["access-control-allow-origin"] == "bar"
    assert "access-control-allow-origin" not in client.get("/streams", headers={"Origin": "nope"}).headers
    anyone = made({"cors": {"enabled": True, "allowed_origins": ["*"]}})
    assert anyone.get("/nope", headers={"Origin": "x"}).headers["access-control-allow-origin"] == "*"


def test_during_shutdown_everything_is_503(client: Client, system: StreamSystem) -> None:
    system.closing = True
    for path in ("/streams", "/ping", "/nope"):
        answer = client.get(path)
        assert (answer.status_code, answer.text) == (503, "Service unavailable\n")
