"""Exporters as a configuration asks for them, against real peers."""

from __future__ import annotations

import base64
import http.server
import logging
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from headwater.components.catalogue import Catalogue
from headwater.components.resources import Resources
from headwater.config.document import parse_document
from headwater.config.infer import infer
from headwater.errors import ConfigError
from headwater.telemetry.exporter import Exporter, open_exporter
from headwater.telemetry.logs import Log
from headwater.telemetry.metrics import MetricRegistry, Metrics

LABELS = {"label": "", "path": "root.input", "stream": "foo"}


def exporter(text: str) -> Exporter:
    config = infer(parse_document(text), "metrics", "root.metrics", Catalogue(entry_points=False))
    resources = Resources(
        cast("Any", None), log=Log(logging.getLogger("headwater")), metrics=Metrics((MetricRegistry(),))
    )
    return open_exporter(config, resources)


def counted(text: str) -> Exporter:
    made = exporter(text)
    metrics = Metrics((made.registry,), LABELS)
    metrics.counter("input_received").add(5)
    metrics.timing("input_latency_ns").observe(1_500_000)
    metrics.gauge("buffer_active").set(2)
    return made


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


def test_prometheus_serves_text() -> None:
    made = counted("prometheus: {}\n")
    assert made.serves_http
    shown = made.expose()
    assert shown.compressible
    assert b'input_received{label="",path="root.input",stream="foo"} 5\n' in shown.body


def test_prometheus_histograms_have_their_own_buckets() -> None:
    made = counted("prometheus: {use_histogram_timing: true, histogram_buckets: [0.001, 1]}\n")
    body = made.expose().body.decode()
    assert 'input_latency_ns_bucket{label="",path="root.input",stream="foo",le="0.001"} 0\n' in body
    assert 'input_latency_ns_bucket{label="",path="root.input",stream="foo",le="1"} 1\n' in body
    assert 'le="0.005"' in counted("prometheus: {use_histogram_timing: true}\n").expose().body.decode()


def test_prometheus_offers_other_quantiles() -> None:
    made = counted("prometheus: {summary_quantiles_objectives: [{quantile: 0.25, error: 0.1}]}\n")
    body = made.expose().body.decode()
    assert 'quantile="0.25"} 1.5e+06\n' in body
    assert 'quantile="0.5"' not in body


def test_prometheus_pushes_to_a_gateway_and_writes_a_file(gateway: Any, tmp_path: Path) -> None:
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


def test_a_gateway_that_is_not_there_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    made = counted("prometheus: {push_url: 'http://127.0.0.1:1', push_interval: 1h}\n")
    made.start()
    made.close()
    assert any(line.startswith("Failed to push metrics: ") for line in caplog.messages)


def test_prometheus_may_show_its_series_in_the_default_registry() -> None:
    from prometheus_client import REGISTRY, generate_latest

    made = counted("prometheus: {use_default_registry: true}\n")
    made.start()
    assert b"input_received{" in generate_latest(REGISTRY)
    made.close()
    assert b"input_received{" not in generate_latest(REGISTRY)


def test_json_api_serves_json() -> None:
    shown = counted("json_api: {}\n").expose()
    assert shown.content_type == "application/json"
    assert not shown.compressible
    assert b'"input_received{label=\\"\\",path=\\"root.input\\",stream=\\"foo\\"}":5' in shown.body


def test_none_serves_nothing() -> None:
    assert not counted("none: {}\n").serves_http


def test_a_mapping_renames_and_leaves_out() -> None:
    made = counted(
        "json_api: {}\n"
        "mapping: |\n"
        '  root = if this.has_prefix("input_r") { "my_" + this } else { deleted() }\n'
        "  meta path = deleted()\n"
    )
    assert made.expose().body == b'{"my_input_received{label=\\"\\",stream=\\"foo\\"}":5}'


def test_a_mapping_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError, match="failed to init metrics mapping"):
        exporter("json_api: {}\nmapping: 'root = = 1'\n")


def test_a_mapping_that_fails_leaves_the_name_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    made = counted("json_api: {}\nmapping: 'root = this.nope.uppercase()'\n")
    assert b'"input_received{' in made.expose().body
    assert any(line.startswith("Failed to apply path mapping on 'input_received'") for line in caplog.messages)


def test_the_logger_writes_a_line_a_series_at_the_end(caplog: pytest.LogCaptureFixture) -> None:
    made = counted("logger: {push_interval: 1h}\n")
    made.start()
    with caplog.at_level(logging.INFO, "headwater"):
        made.close()
    fields = {record.fields["name"]: record.fields for record in caplog.records if hasattr(record, "fields")}
    assert fields["input_received"]["value"] == 5
    assert fields["input_received"]["stream"] == "foo"
    assert fields["input_latency_ns"]["p99"] == 1_500_000
    assert fields["input_latency_ns"]["count"] == 1


def test_the_logger_may_begin_anew_each_time(caplog: pytest.LogCaptureFixture) -> None:
    made = cast("Any", counted("logger: {flush_metrics: true}\n"))
    with caplog.at_level(logging.INFO, "headwater"):
        made.push()
        made.push()
    values = [record.fields["value"] for record in caplog.records if record.fields.get("name") == "input_received"]
    assert values == [5, 0]


@pytest.mark.parametrize(
    ("tag_format", "tags", "suffix"),
    [
        ("none", "", ""),
        ("datadog", "", "|#label:,path:root.input,stream:foo"),
        ("influxdb", ",label=,path=root.input,stream=foo", ""),
    ],
)
def test_statsd_sends_what_was_added(tag_format: str, tags: str, suffix: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.1", 0))
        peer.settimeout(5)
        made = counted(
            f"statsd: {{address: '127.0.0.1:{peer.getsockname()[1]}', flush_period: 1h, tag_format: {tag_format}}}\n"
        )
        cast("Any", made).push()
        assert peer.recv(2_000).decode().split("\n") == [
            f"buffer_active{tags}:2|g{suffix}",
            f"input_latency_ns{tags}:1.5|ms{suffix}",
            f"input_received{tags}:5|c{suffix}",
        ]
        Metrics((made.registry,), LABELS).counter("input_received").add(2)
        made.close()
        assert peer.recv(2_000).decode().split("\n")[-1] == f"input_received{tags}:2|c{suffix}"


def test_statsd_samples_many_timings_and_splits_packets() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.1", 0))
        peer.settimeout(5)
        made = exporter(f"statsd: {{address: '127.0.0.1:{peer.getsockname()[1]}', flush_period: 1h}}\n")
        timing = Metrics((made.registry,), LABELS).timing("input_latency_ns")
        for _ in range(1_000):
            timing.observe(1_000_000)
        made.close()
        lines: list[str] = []
        while len(lines) < 100:
            packet = peer.recv(2_000)
            assert len(packet) <= 1432
            lines += packet.decode().split("\n")
    assert lines == ["input_latency_ns:1|ms|@0.1"] * 100


@pytest.mark.parametrize("text", ["statsd: {address: localhost}\n", "logger: {push_interval: never}\n"])
def test_values_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        exporter(text)
