"""The exporter `prometheus`: text for scrapers, a gateway, a file, the process's own registry."""

from __future__ import annotations

import base64
import http.server
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from headwater.telemetry.exporter import Exporter

Open = Callable[[str], Exporter]


class Gateway(http.server.BaseHTTPRequestHandler):
    """Keeps what is pushed."""

    pushed: list[tuple[str, str, str, bytes]]

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.pushed.append((self.command, self.path, self.headers.get("Authorization", ""), body))
        self.send_response(202)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def gateway() -> Iterator[tuple[str, list[tuple[str, str, str, bytes]]]]:
    pushed: list[tuple[str, str, str, bytes]] = []
    handler = type("Handler", (Gateway,), {"pushed": pushed})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", pushed
    server.shutdown()
    server.server_close()
    thread.join()


def test_prometheus_serves_text(counted: Open) -> None:
    made = counted("prometheus: {}\n")
    assert made.serves_http
    shown = made.expose()
    assert shown.compressible
    assert b'input_received{label="",path="root.input",stream="foo"} 5\n' in shown.body


def test_prometheus_histograms_have_their_own_buckets(counted: Open) -> None:
    made = counted("prometheus: {use_histogram_timing: true, histogram_buckets: [0.001, 1]}\n")
    body = made.expose().body.decode()
    assert 'input_latency_ns_bucket{label="",path="root.input",stream="foo",le="0.001"} 0\n' in body
    assert 'input_latency_ns_bucket{label="",path="root.input",stream="foo",le="1"} 1\n' in body
    assert 'le="0.005"' in counted("prometheus: {use_histogram_timing: true}\n").expose().body.decode()


def test_prometheus_offers_other_quantiles(counted: Open) -> None:
    made = counted("prometheus: {summary_quantiles_objectives: [{quantile: 0.25, error: 0.1}]}\n")
    body = made.expose().body.decode()
    assert 'quantile="0.25"} 1.5e+06\n' in body
    assert 'quantile="0.5"' not in body


def test_prometheus_pushes_to_a_gateway_and_writes_a_file(counted: Open, gateway: Any, tmp_path: Path) -> None:
    address, pushed = gateway
    file = tmp_path / "metrics.txt"
    made = counted(
        f"prometheus:\n  push_url: {address}\n  push_interval: 10ms\n  push_job_name: my job\n"
        f"  push_basic_auth: {{username: u, password: p}}\n  file_output_path: {file}\n"
    )
    made.start()
    made.close()
    method, path, authorization, body = pushed[-1]
    assert (method, path) == ("PUT", "/metrics/job/my%20job")
    assert authorization == "Basic " + base64.b64encode(b"u:p").decode()
    assert b"input_received{" in body
    assert b"input_received{" in file.read_bytes()


def test_a_gateway_that_is_not_there_is_logged(counted: Open, caplog: pytest.LogCaptureFixture) -> None:
    made = counted("prometheus: {push_url: 'http://127.0.0.1:1', push_interval: 1h}\n")
    made.start()
    made.close()
    assert any(line.startswith("Failed to push metrics: ") for line in caplog.messages)


def test_prometheus_may_show_its_series_in_the_default_registry(counted: Open) -> None:
    from prometheus_client import REGISTRY, generate_latest

    made = counted("prometheus: {use_default_registry: true}\n")
    made.start()
    assert b"input_received{" in generate_latest(REGISTRY)
    made.close()
    assert b"input_received{" not in generate_latest(REGISTRY)
