"""A real Prometheus server scrapes a running Headwater."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from headwater.system import StreamSystem
from headwater_api.servers.address import bind, shown
from headwater_api.servers.waitress import Waitress

PROMETHEUS = shutil.which("prometheus")
STREAM = """
input: {generate: {mapping: 'root.id = 1', interval: '', count: 5}}
pipeline: {threads: 1, processors: [{label: up, mapping: 'root.id = this.id + 1'}]}
output: {drop: {}}
"""
CONFIG = """
global: {{scrape_interval: 200ms}}
scrape_configs:
- job_name: headwater
  static_configs: [{{targets: ['{address}']}}]
"""

pytestmark = pytest.mark.skipif(
    PROMETHEUS is None, reason="no Prometheus server: install Debian's package prometheus (scripts/services does)"
)


@pytest.fixture
def prometheus(tmp_path: Path) -> Iterator[Any]:
    """Starts a server that scrapes an address; asks it with PromQL."""
    started: list[subprocess.Popen[bytes]] = []

    def start(address: str) -> Any:
        with bind("127.0.0.1:0") as free:
            own = shown(free)
        (tmp_path / "prometheus.yml").write_text(CONFIG.format(address=address))
        assert PROMETHEUS is not None
        command = [
            PROMETHEUS,
            f"--config.file={tmp_path / 'prometheus.yml'}",
            f"--storage.tsdb.path={tmp_path / 'data'}",
            f"--web.listen-address={own}",
            "--log.level=error",
        ]
        started.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))

        def query(path: str, **parameters: str) -> Any:
            url = f"http://{own}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
            with urllib.request.urlopen(url, timeout=5) as answer:
                return json.load(answer)["data"]

        return query

    yield start
    for process in started:
        process.terminate()
        process.wait(10)


def eventually(check: Any, seconds: float = 20.0) -> Any:
    """What a check returns once it is true."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, urllib.error.URLError, AssertionError, IndexError, KeyError):
            found = check()
            if found:
                return found
        time.sleep(0.05)
    raise AssertionError("it did not come to that in time")


def test_a_prometheus_server_reads_every_series(prometheus: Any) -> None:
    with StreamSystem() as system:
        server = Waitress(system, {"address": "127.0.0.1:0"})
        try:
            query = prometheus(server.start())
            system.create("foo", STREAM)

            def value(expression: str) -> float:
                return float(query("query", query=expression)["result"][0]["value"][1])

            eventually(lambda: value('output_sent{stream="foo",path="root.output"}') == 5)
            assert value('processor_sent{label="up"}') == 5
            assert value('input_connection_up{path="root.input"}') == 1
            assert value('input_latency_ns_count{stream="foo"}') == 5
            assert value('input_latency_ns{quantile="0.99"}') > 0
            assert query("targets")["activeTargets"][0]["lastError"] == ""
            kinds = query("metadata")
            assert kinds["output_sent"][0]["type"] == "counter"
            assert kinds["output_latency_ns"][0]["type"] == "summary"
        finally:
            server.stop(1.0)
