"""The page to try mappings, in a real Chromium that is driven as a person would."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium")
DRIVER = shutil.which("chromedriver")
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="Debian's chromium and chromium-driver are not installed"
)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def _process(argv: list[str], port: int) -> Iterator[None]:
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 30
        while True:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port)).close()
                break
            assert process.poll() is None, f"{argv[0]} ended with {process.returncode}"
            assert time.monotonic() < deadline, f"{argv[0]} did not come up"
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(20)


class Browser:
    """A session of the WebDriver protocol."""

    def __init__(self, port: int, profile: Path) -> None:
        self._port = port
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
        flags += ["--no-first-run", "--disable-component-update", f"--user-data-dir={profile}"]
        options = {"binary": CHROMIUM, "args": flags}
        wanted = {"capabilities": {"alwaysMatch": {"browserName": "chrome", "goog:chromeOptions": options}}}
        self._path = "/session/" + self._ask("POST", "/session", wanted)["sessionId"]

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        try:
            connection.request(method, path, None if body is None else json.dumps(body))
            answer = json.loads(connection.getresponse().read())["value"]
        finally:
            connection.close()
        assert not (isinstance(answer, dict) and "error" in answer), answer
        return answer

    def go(self, url: str) -> None:
        """Open a page."""
        self._ask("POST", f"{self._path}/url", {"url": url})

    def _element(self, name: str) -> str:
        found = self._ask("POST", f"{self._path}/element", {"using": "css selector", "value": f"#{name}"})
        return f"{self._path}/element/{found[ELEMENT]}"

    def text(self, name: str) -> str:
        """What an element shows."""
        text: str = self._ask("GET", f"{self._element(name)}/text")
        return text

    def type(self, name: str, text: str) -> None:
        """Replace what is in a text area by typing."""
        element = self._element(name)
        self._ask("POST", f"{element}/clear", {})
        self._ask("POST", f"{element}/value", {"text": text})

    def until(self, name: str, part: str) -> None:
        """Wait until an element shows something."""
        deadline = time.monotonic() + 15
        while part not in self.text(name):
            assert time.monotonic() < deadline, f"#{name} shows {self.text(name)!r}, not {part!r}"
            time.sleep(0.05)

    def close(self) -> None:
        """Close the window."""
        self._ask("DELETE", self._path)


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    port = _free_port()
    with _process([str(DRIVER), f"--port={port}"], port):
        made = Browser(port, tmp_path / "profile")
        yield made
        made.close()


def test_a_mapping_is_tried_and_its_errors_are_shown_at_their_place(browser: Browser) -> None:
    port = _free_port()
    program = os.path.join(os.path.dirname(sys.executable), "headwater")
    with _process([program, "blobl", "server", "--host", "127.0.0.1", "--port", str(port)], port):
        browser.go(f"http://127.0.0.1:{port}/")
        browser.until("output", '"name": "ALICE"')
        browser.type("mapping", "root.count = this.tags.length()")
        browser.until("output", '"count": 2')
        browser.type("mapping", "root.count = this.tags.nope()")
        browser.until("output", "unrecognised method 'nope'")
        assert browser.text("place") == "line 1, column 30"
        browser.type("mapping", "root.count = this.tags.length()")
        browser.type("input", '{"tags": []}')
        browser.until("output", '"count": 0')
