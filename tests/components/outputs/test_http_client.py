"""Output `http_client`: what is sent, what is tried again, what comes back."""

from __future__ import annotations

import base64
import logging
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from headwater.components.http_requests import decode_multipart, media_type
from headwater.system import StreamSystem

Deliver = Callable[..., list[str]]
QUICK = "retry_period: 1ms, max_retry_backoff: 2ms"


def config(stub: Any, more: str = "", path: str = "/x") -> str:
    return f"output: {{http_client: {{url: '{stub.url}{path}', max_in_flight: 1, {QUICK}, {more}}}}}"


def test_messages_are_posted_one_by_one(deliver: Deliver, stub: Any) -> None:
    assert deliver(config(stub), "a", ["b", "c"]) == ["", ""]
    assert [(method, path, body) for method, path, _, body in stub.requests] == [
        ("POST", "/x", b"a"),
        ("POST", "/x", b"b"),
        ("POST", "/x", b"c"),
    ]
    assert stub.requests[0][2]["content-type"] == "application/octet-stream"


def test_address_verb_headers_and_metadata_follow_the_message(deliver: Deliver, stub: Any) -> None:
    more = "verb: PUT, headers: {x-is: '${! json(\"n\") }', Content-Type: text/x}, metadata: {include_prefixes: [k]}"
    assert deliver(
        config(stub, more, path='/${! json("n") }?q=${! "a b".escape_url_query() }'),
        '{"n":7}',
        metadata={"keep": "yes", "other": "no"},
    ) == [""]
    method, path, headers, body = stub.requests[0]
    assert (method, path, body) == ("PUT", "/7?q=a+b", b'{"n":7}')
    assert headers["x-is"] == "7"
    assert headers["content-type"] == "text/x"
    assert headers["keep"] == "yes"
    assert "other" not in headers


def test_a_batch_may_be_one_multipart_request(deliver: Deliver, stub: Any) -> None:
    assert deliver(config(stub, "batch_as_multipart: true"), ["a", "b"]) == [""]
    kind, parameters = media_type(stub.requests[0][2]["content-type"])
    assert kind == "multipart/form-data"
    assert [body for _, body in decode_multipart(stub.requests[0][3], parameters["boundary"])] == [b"a", b"b"]


def test_a_multipart_body_may_be_made_of_parts(deliver: Deliver, stub: Any) -> None:
    part = "{content_type: text/plain, content_disposition: 'form-data; name=\"it\"', body: '<${! content() }>'}"
    assert deliver(config(stub, f"multipart: [{part}]"), "a") == [""]
    _, parameters = media_type(stub.requests[0][2]["content-type"])
    assert decode_multipart(stub.requests[0][3], parameters["boundary"]) == [
        ({"Content-Type": "text/plain", "Content-Disposition": 'form-data; name="it"'}, b"<a>")
    ]


def test_failures_are_tried_again_and_then_told(deliver: Deliver, stub: Any) -> None:
    stub.answers = [(500, {}, b"no"), (429, {}, b"slow"), (200, {}, b""), (503, {}, b"down")]
    assert deliver(config(stub, "retries: 2"), "a", "b") == [
        "",
        f"{stub.url}/x: HTTP request returned unexpected response code (503): 503 Service Unavailable, Error: down",
    ]
    assert len(stub.requests) == 6


def test_some_statuses_are_not_tried_again_and_some_are_fine(deliver: Deliver, stub: Any) -> None:
    stub.answers = [(418, {}, b"tea"), (404, {}, b"")]
    outcomes = deliver(config(stub, "retries: 3, drop_on: [418], successful_on: [404]"), "a", "b")
    assert outcomes[0].startswith(f"{stub.url}/x: HTTP request returned unexpected response code (418): 418 ")
    assert outcomes[1] == ""
    assert len(stub.requests) == 2


@pytest.mark.parametrize(
    ("status", "verbs"), [(302, ["POST", "GET"]), (307, ["POST", "POST"]), (308, ["POST", "POST"])]
)
def test_redirects_are_followed(deliver: Deliver, stub: Any, status: int, verbs: list[str]) -> None:
    stub.answers = [(status, {"Location": "/y"}, b""), (200, {}, b"")]
    assert deliver(config(stub), "a") == [""]
    assert [method for method, *_ in stub.requests] == verbs
    assert [body for *_, body in stub.requests] == [b"a", b"a" if verbs[1] == "POST" else b""]


def test_redirects_have_an_end(deliver: Deliver, stub: Any) -> None:
    stub.answers = [(302, {"Location": "/x"}, b"")]
    assert deliver(config(stub, "retries: 0"), "a") == [
        f'{stub.url}/x: Post "{stub.url}/x": stopped after 10 redirects'
    ]


def test_redirects_may_be_taken_as_answers(deliver: Deliver, stub: Any) -> None:
    stub.answers = [(302, {"Location": "/y"}, b"")]
    assert deliver(config(stub, "follow_redirects: false"), "a") == [""]
    assert len(stub.requests) == 1


def test_nobody_listens(deliver: Deliver) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    assert deliver(f"output: {{http_client: {{url: 'http://{address}/', retries: 0}}}}", "a") == [
        f'http://{address}/: Post "http://{address}/": dial tcp {address}: connect: connection refused'
    ]


def test_an_answer_that_takes_too_long(deliver: Deliver) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        assert deliver(f"output: {{http_client: {{url: '{url}', retries: 0, timeout: 50ms}}}}", "a") == [
            f'{url}: Post "{url}": context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
        ]


def test_addresses_have_a_scheme(deliver: Deliver) -> None:
    assert deliver("output: {http_client: {url: 'nowhere/x', retries: 0}}", "a") == [
        'nowhere/x: Post "nowhere/x": unsupported protocol scheme ""'
    ]


def test_basic_authentication(deliver: Deliver, stub: Any) -> None:
    more = "basic_auth: {enabled: true, username: me, password: secret}"
    assert deliver(config(stub, more), "a") == [""]
    assert stub.requests[0][2]["authorization"] == "Basic " + base64.b64encode(b"me:secret").decode()


def test_oauth_signs_each_request(deliver: Deliver, stub: Any) -> None:
    more = "oauth: {enabled: true, consumer_key: ck, consumer_secret: cs, access_token: at, access_token_secret: as}"
    assert deliver(config(stub, more), "a") == [""]
    header = stub.requests[0][2]["authorization"]
    assert header.startswith("OAuth ")
    for part in ('oauth_consumer_key="ck"', 'oauth_token="at"', "oauth_signature="):
        assert part in header


def test_oauth2_fetches_a_token_once(deliver: Deliver, stub: Any) -> None:
    token = b'{"access_token":"t1","token_type":"bearer","expires_in":3600}'
    stub.answers = [(200, {"Content-Type": "application/json"}, token), (200, {}, b"")]
    more = (
        f"oauth2: {{enabled: true, client_key: me, client_secret: s, token_url: '{stub.url}/token', "
        "scopes: [a, b], endpoint_params: {audience: [them]}}"
    )
    assert deliver(config(stub, more), "a", "b") == ["", ""]
    assert [path for _, path, *_ in stub.requests] == ["/token", "/x", "/x"]
    assert stub.requests[0][3] == b"grant_type=client_credentials&scope=a+b&audience=them"
    assert stub.requests[1][2]["authorization"] == stub.requests[2][2]["authorization"] == "Bearer t1"


def test_digest_authentication_answers_the_challenge(deliver: Deliver, stub: Any) -> None:
    challenge = 'Digest realm="r", nonce="n", qop="auth", algorithm=MD5'
    stub.answers = [(401, {"WWW-Authenticate": challenge}, b""), (200, {}, b"")]
    more = "digest_auth: {enabled: true, username: me, password: secret}"
    assert deliver(config(stub, more), "a") == [""]
    assert stub.requests[1][2]["authorization"].startswith('Digest username="me"')


def test_tokens_are_signed_with_a_key(deliver: Deliver, stub: Any, tmp_path: Any) -> None:
    import jwt
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ed25519

    key = ed25519.Ed25519PrivateKey.generate()
    path = tmp_path / "key.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    more = f"jwt: {{enabled: true, private_key_file: '{path}', signing_method: EdDSA, claims: {{sub: me}}}}"
    assert deliver(config(stub, more), "a") == [""]
    scheme, _, token = stub.requests[0][2]["authorization"].partition(" ")
    assert scheme == "Bearer"
    assert jwt.decode(token, key.public_key(), ["EdDSA"]) == {"sub": "me"}


def test_a_rate_limit_has_to_be_there(deliver: Deliver, stub: Any) -> None:
    with pytest.raises(Exception, match="rate limit resource 'nowhere' was not found"):
        deliver(config(stub, "rate_limit: nowhere"), "a")


def test_interpolations_that_fail_are_told(deliver: Deliver, stub: Any) -> None:
    outcomes = deliver(config(stub, "retries: 0, headers: {x: '${! json(\"a\").uppercase() }'}"), '{"a":1}')
    assert outcomes[0].startswith("header 'x' interpolation error: ")
    assert stub.requests == []


def test_requests_may_go_through_a_proxy(deliver: Deliver, stub: Any) -> None:
    more = f"proxy_url: '{stub.url}', retries: 0"
    assert deliver(f"output: {{http_client: {{url: 'http://example.invalid/x', {more}}}}}", "a") == [""]
    assert stub.requests[0][1] == "http://example.invalid/x"


def test_requests_wait_for_the_rate_limit(system: StreamSystem, deliver: Deliver, stub: Any) -> None:
    system.set_resource("rate_limit", "slow", "local: {count: 1, interval: 40ms}")
    started = time.monotonic()
    assert deliver(config(stub, "rate_limit: slow"), "a", "b", "c") == [""] * 3
    assert time.monotonic() - started >= 0.07


def test_requests_and_responses_may_be_logged(deliver: Deliver, stub: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    more = "dump_request_log_level: INFO, basic_auth: {enabled: true, username: me, password: secret}"
    assert deliver(config(stub, more), "a") == [""]
    record = next(record for record in caplog.records if record.message == "HTTP request and response")
    fields = record.__dict__["fields"]
    assert (fields["method"], fields["request_body"], fields["status"]) == ("POST", "a", 200)
    assert "secret" not in str(fields)


def test_a_connection_that_breaks_is_told(deliver: Deliver) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"

        def hang_up() -> None:
            connection, _ = server.accept()
            connection.recv(1000)
            connection.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        assert deliver(f"output: {{http_client: {{url: '{url}', retries: 0}}}}", "a") == [f'{url}: Post "{url}": EOF']
        thread.join()


def test_passwords_in_addresses_are_used_and_not_told(deliver: Deliver, stub: Any) -> None:
    stub.answers = [(500, {}, b"no")]
    url = f"http://me:secret@{stub.address}/x"
    (outcome,) = deliver(f"output: {{http_client: {{url: '{url}', retries: 0}}}}", "a")
    assert stub.requests[0][2]["authorization"] == "Basic " + base64.b64encode(b"me:secret").decode()
    assert outcome.startswith(f"http://me:xxxxx@{stub.address}/x: HTTP request returned unexpected response code (500)")


def test_requests_are_measured_and_counted(system: StreamSystem, deliver: Deliver, stub: Any) -> None:
    stub.answers = [(500, {}, b""), (200, {}, b"")]
    assert deliver(config(stub), "a") == [""]
    series: dict[str, Any] = {name: each for name, _, each in system.metrics if name.startswith("http_request_")}
    assert {name: each.value for name, each in series.items() if "code" in name} == {
        "http_request_code_2xx": 1,
        "http_request_code_5xx": 1,
    }
    assert series["http_request_latency_ns"].count == 2
