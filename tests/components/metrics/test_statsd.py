"""The exporter `statsd`, against a real socket."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any, cast

import pytest

from headwater.errors import ConfigError
from headwater.telemetry.exporter import Exporter
from headwater.telemetry.metrics import Metrics

Open = Callable[[str], Exporter]
LABELS = {"label": "", "path": "root.input", "stream": "foo"}


@pytest.mark.parametrize(
    ("tag_format", "tags", "suffix"),
    [
        ("none", "", ""),
        ("datadog", "", "|#label:,path:root.input,stream:foo"),
        ("influxdb", ",label=,path=root.input,stream=foo", ""),
    ],
)
def test_statsd_sends_what_was_added(counted: Open, tag_format: str, tags: str, suffix: str) -> None:
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


def test_statsd_samples_many_timings_and_splits_packets(exporter: Open) -> None:
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


@pytest.mark.parametrize("address", ["localhost", "localhost:statsd"])
def test_an_address_needs_a_port(exporter: Open, address: str) -> None:
    with pytest.raises(ConfigError, match="missing port"):
        exporter(f"statsd: {{address: '{address}'}}\n")
