"""Negotiated authentication: a server of the test's own that knows one user, over NTLM."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

spnego = pytest.importorskip("spnego")

Deliver = Callable[..., list[str]]


class Guarded:
    """Answers those who have said who they are.

    Attributes:
        users: Who has.
    """

    def __init__(self) -> None:
        self.users: list[str] = []
        guarded = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            context: Any = None

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"] or 0))
                word, _, token = self.headers.get("Authorization", "").partition(" ")
                if word != "Negotiate":
                    self.answer(401, "Negotiate")
                    return
                if self.context is None:
                    self.context = spnego.server(protocol="negotiate")
                try:
                    reply = self.context.step(base64.b64decode(token))
                except spnego.exceptions.SpnegoError:
                    self.context = None
                    self.answer(401, "Negotiate")
                    return
                if self.context.complete:
                    guarded.users.append(self.context.client_principal)
                    self.context = None
                    self.answer(200, "")
                else:
                    self.answer(401, "Negotiate " + base64.b64encode(reply).decode())

            def answer(self, status: int, challenge: str) -> None:
                self.send_response(status)
                if challenge:
                    self.send_header("WWW-Authenticate", challenge)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def guarded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Guarded]:
    (tmp_path / "users").write_text("DOM:me:hush\n")
    monkeypatch.setenv("NTLM_USER_FILE", str(tmp_path / "users"))
    made = Guarded()
    yield made
    made.close()


def config(guarded: Guarded, negotiate: str) -> str:
    return f"output: {{http_client: {{url: '{guarded.url}', retries: 0, negotiate: {{{negotiate}}}}}}}"


@pytest.mark.parametrize("more", ["", "user_only_for_fallback: true,"])
def test_the_user_is_named_on_demand(deliver: Deliver, guarded: Guarded, more: str) -> None:
    user = "user: {domain: DOM, name: me, password: hush}"
    assert deliver(config(guarded, f"enabled: true, {more} {user}"), "a", "b") == ["", ""]
    assert set(guarded.users) <= {"DOM\\me"}
    assert guarded.users


def test_a_wrong_password_is_told(deliver: Deliver, guarded: Guarded) -> None:
    (outcome,) = deliver(config(guarded, "enabled: true, user: {domain: DOM, name: me, password: wrong}"), "a")
    assert "(401)" in outcome
    assert guarded.users == []


def test_it_is_off_unless_asked_for(deliver: Deliver, guarded: Guarded) -> None:
    (outcome,) = deliver(config(guarded, "enabled: false"), "a")
    assert "(401)" in outcome
