"""Show that an installed Headwater works: `python smoke.py PATH/TO/headwater`. Needs the standard library alone."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

CONFIG = """\
input:
  stdin: {}
pipeline:
  threads: 1
  processors:
    - mapping: |
        root = this
        root.name = this.name.uppercase()
output:
  stdout: {}
"""

STREAM = """\
input:
  http_server: {path: /post}
pipeline:
  processors:
    - mapping: root = content().uppercase()
output:
  sync_response: {}
"""


def ran(command: list[str], given: str = "") -> str:
    done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, f"{command}: status {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


def answer(url: str, data: bytes | None = None) -> tuple[int, bytes]:
    with urllib.request.urlopen(urllib.request.Request(url, data=data), timeout=10) as response:
        return response.status, response.read()


def check_run(program: str, folder: Path) -> None:
    config = folder / "config.yaml"
    config.write_text(CONFIG, encoding="utf-8")
    assert ran([program, "lint", str(config)]) == ""
    lines = ran([program, "run", str(config)], '{"name":"ada"}\n{"name":"grace"}\n').splitlines()
    assert [json.loads(line) for line in lines] == [{"name": "ADA"}, {"name": "GRACE"}], lines


def check_streams(program: str, server: str, folder: Path) -> None:
    address_file = folder / "log"
    with open(address_file, "w", encoding="utf-8") as log:
        command = [program, "streams", "--server", server, "--set", "http.address=127.0.0.1:0"]
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    try:
        base = ""
        until = time.monotonic() + 30
        while not base:
            running = process.poll() is None and time.monotonic() < until
            assert running, address_file.read_text(encoding="utf-8")
            text = address_file.read_text(encoding="utf-8")
            found = [word for word in text.replace('"', " ").split() if word.startswith("http://127.0.0.1:")]
            base = found[0].rstrip("/") if found else ""
            time.sleep(0.05)
        assert answer(f"{base}/ping") == (200, b"pong")
        assert answer(f"{base}/streams/up", STREAM.encode()) == (200, b"")
        assert answer(f"{base}/up/post", b"hello") == (200, b"HELLO")
        assert json.loads(answer(f"{base}/streams")[1])["up"]["active"] is True
        assert b"input_received" in answer(f"{base}/metrics")[1]
    finally:
        process.terminate()
        assert process.wait(30) == 0, address_file.read_text(encoding="utf-8")


def main() -> None:
    program = sys.argv[1]
    print(ran([program, "--version"]).strip())
    with tempfile.TemporaryDirectory() as folder:
        check_run(program, Path(folder))
        for server in ("waitress", "uvicorn"):
            check_streams(program, server, Path(folder))
    print("the installed program works")


if __name__ == "__main__":
    main()
