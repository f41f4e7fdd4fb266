"""Push metrics to a StatsD server."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

from headwater.components.catalogue import component
from headwater.components.resources import Resources
from headwater.config.fields import choice, duration, spec, text
from headwater.config.view import Config
from headwater.errors import ConfigError
from headwater.telemetry.exporter import PushingExporter
from headwater.telemetry.metrics import Gauge, Labels, Series, Timing
from headwater.telemetry.text import number_text

SPEC = spec(
    "metrics",
    "statsd",
    text("address", "Host and port of the server."),
    duration("flush_period", "How often metrics are sent.", default="100ms"),
    choice("tag_format", ("none", "datadog", "influxdb"), "How labels are written.", default="none"),
    summary="Push metrics to a StatsD server over UDP.",
    description="Counters are sent as what was added since the last time, timings in milliseconds.",
    examples=(("Datadog", "metrics:\n  statsd:\n    address: localhost:8125\n    tag_format: datadog\n"),),
)

PACKET = 1432
"""Bytes of a datagram that passes common networks whole."""

TIMINGS = 100
"""Single durations sent of a series each time; of more, a sample with its rate."""


@component(SPEC)
class Statsd(PushingExporter):
    """Sends datagrams."""

    def __init__(self, config: Config, resources: Resources) -> None:
        super().__init__()
        self.log = resources.log
        self.interval = config.duration("flush_period") or 0.1
        host, separator, port = config.text("address").rpartition(":")
        if not separator or not port.isdecimal():
            raise ConfigError(f"address {config.text('address')}: missing port in address")
        self._address = (host.strip("[]") or "localhost", int(port))
        self._format = FORMATS.get(config.text("tag_format"))
        if self._format is None:
            raise ConfigError(f"tag format '{config.text('tag_format')}' was not recognised")
        self._before: dict[object, int] = {}
        self._socket: socket.socket | None = None

    def push(self) -> None:
        """Send what has changed since the last time."""
        packet = b""
        for line in self._lines():
            if packet and len(packet) + 1 + len(line) > PACKET:
                self._send(packet)
                packet = b""
            packet = packet + b"\n" + line if packet else line
        if packet:
            self._send(packet)

    def close(self) -> None:
        """Send for the last time and close the socket."""
        super().close()
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _lines(self) -> Iterator[bytes]:
        assert self._format is not None
        now: dict[object, int] = {}
        for name, labels, series in self.registry.items():
            passed = self._before.get((name, labels), 0)
            if not isinstance(series, Gauge):
                now[name, labels] = series.count if isinstance(series, Timing) else series.value
            for value in _values(series, passed):
                yield self._format(name, labels, value).encode()
        self._before = now

    def _send(self, packet: bytes) -> None:
        if self._socket is None:
            family, kind, protocol, _, address = socket.getaddrinfo(*self._address, type=socket.SOCK_DGRAM)[0]
            made = socket.socket(family, kind, protocol)
            try:
                made.connect(address)
            except OSError:
                made.close()
                raise
            self._socket = made
        self._socket.send(packet)


def _values(series: Series, passed: int) -> Iterator[str]:
    """Values with their type."""
    if isinstance(series, Timing):
        count = series.count - passed
        sample = series.since(max(passed, series.count - TIMINGS))
        rate = f"|@{number_text(round(len(sample) / count, 6))}" if len(sample) < count else ""
        for nanoseconds in reversed(sample):
            yield f"{number_text(nanoseconds / 1e6)}|ms{rate}"
    elif isinstance(series, Gauge):
        yield f"{number_text(series.value)}|g"
    elif series.value > passed:
        yield f"{series.value - passed}|c"


def _plain(name: str, labels: Labels, value: str) -> str:
    return f"{name}:{value}"


def _datadog(name: str, labels: Labels, value: str) -> str:
    return f"{name}:{value}|#{','.join(f'{key}:{_clean(text)}' for key, text in labels)}"


def _influxdb(name: str, labels: Labels, value: str) -> str:
    return f"{name}{''.join(f',{key}={_clean(text)}' for key, text in labels)}:{value}"


def _clean(text: str) -> str:
    """A label's value without what has a meaning in the protocol."""
    return "".join("_" if character in ",|:#=\n" else character for character in text)


FORMATS: dict[str, Callable[[str, Labels, str], str]] = {"none": _plain, "datadog": _datadog, "influxdb": _influxdb}
