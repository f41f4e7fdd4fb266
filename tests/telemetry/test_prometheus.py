"""The Prometheus text: exactly what a scraper of the reference would read."""

import math

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from headwater.telemetry.flat import flat_json
from headwater.telemetry.metrics import MetricRegistry, Metrics
from headwater.telemetry.percentiles import percentile, quantile
from headwater.telemetry.prometheus import Collector, PrometheusText
from headwater.telemetry.text import number_text, quote_ascii


@pytest.fixture
def registry() -> MetricRegistry:
    return MetricRegistry()


def component(registry: MetricRegistry, stream: str, path: str = "root.input") -> Metrics:
    return Metrics((registry,), {"label": "", "path": path, "stream": stream})


def test_text_is_as_the_reference_writes_it(registry: MetricRegistry) -> None:
    component(registry, "foo").counter("input_received").add(5)
    component(registry, "bar").counter("input_received").add(2_000_000)
    latency = component(registry, "foo").timing("input_latency_ns")
    for nanoseconds in (100, 207_410, 47_597_618):
        latency.observe(nanoseconds)
    component(registry, "foo", "root.buffer").gauge("buffer_active").set(1.5)
    assert PrometheusText(registry).render().decode() == (
        "# HELP buffer_active Headwater Gauge metric\n"
        "# TYPE buffer_active gauge\n"
        'buffer_active{label="",path="root.buffer",stream="foo"} 1.5\n'
        "# HELP input_latency_ns Headwater Timing metric\n"
        "# TYPE input_latency_ns summary\n"
        'input_latency_ns{label="",path="root.input",stream="foo",quantile="0.5"} 207410\n'
        'input_latency_ns{label="",path="root.input",stream="foo",quantile="0.9"} 4.7597618e+07\n'
        'input_latency_ns{label="",path="root.input",stream="foo",quantile="0.99"} 4.7597618e+07\n'
        'input_latency_ns_sum{label="",path="root.input",stream="foo"} 4.7805128e+07\n'
        'input_latency_ns_count{label="",path="root.input",stream="foo"} 3\n'
        "# HELP input_received Headwater Counter metric\n"
        "# TYPE input_received counter\n"
        'input_received{label="",path="root.input",stream="bar"} 2e+06\n'
        'input_received{label="",path="root.input",stream="foo"} 5\n'
    )


def test_a_summary_without_observations_has_no_quantiles(registry: MetricRegistry) -> None:
    component(registry, "foo").timing("input_latency_ns")
    text = PrometheusText(registry).render().decode()
    assert 'quantile="0.5"} NaN\n' in text
    assert 'input_latency_ns_sum{label="",path="root.input",stream="foo"} 0\n' in text
    assert 'input_latency_ns_count{label="",path="root.input",stream="foo"} 0\n' in text


def test_quantiles_look_back_ten_minutes(registry: MetricRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1_000.0]
    monkeypatch.setattr("headwater.telemetry.prometheus.time.monotonic", lambda: now[0])
    latency = component(registry, "foo").timing("input_latency_ns")
    latency.observe(5)
    text = PrometheusText(registry)
    assert 'quantile="0.5"} 5\n' in text.render().decode()
    now[0] += 300
    latency.observe(9)
    assert 'quantile="0.5"} 5\n' in text.render().decode()
    now[0] += 301
    assert 'quantile="0.5"} 9\n' in text.render().decode()
    now[0] += 301
    assert 'quantile="0.5"} NaN\n' in text.render().decode()
    assert 'input_latency_ns_count{label="",path="root.input",stream="foo"} 2\n' in text.render().decode()


def test_histograms_are_in_seconds() -> None:
    registry = MetricRegistry(buckets=(0.001, 0.1, 1))
    latency = component(registry, "foo").timing("input_latency_ns")
    for nanoseconds in (205_182, 1_000_000, 2_000_000, 1_500_000_000):
        latency.observe(nanoseconds)
    assert PrometheusText(registry).render().decode() == (
        "# HELP input_latency_ns Headwater Timing metric\n"
        "# TYPE input_latency_ns histogram\n"
        'input_latency_ns_bucket{label="",path="root.input",stream="foo",le="0.001"} 2\n'
        'input_latency_ns_bucket{label="",path="root.input",stream="foo",le="0.1"} 3\n'
        'input_latency_ns_bucket{label="",path="root.input",stream="foo",le="1"} 3\n'
        'input_latency_ns_bucket{label="",path="root.input",stream="foo",le="+Inf"} 4\n'
        'input_latency_ns_sum{label="",path="root.input",stream="foo"} 1.503205182\n'
        'input_latency_ns_count{label="",path="root.input",stream="foo"} 4\n'
    )


def test_label_values_are_escaped_and_read_back(registry: MetricRegistry) -> None:
    odd = 'é"\\\n'
    component(registry, odd).counter("input_received").add(5)
    family = next(iter(text_string_to_metric_families(PrometheusText(registry).render().decode())))
    assert family.samples[0].labels["stream"] == odd


def test_process_figures_are_added_when_asked_for(registry: MetricRegistry) -> None:
    text = PrometheusText(registry).render(process=True).decode()
    names = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}
    assert {"process_cpu_seconds_total", "process_open_fds", "process_resident_memory_bytes"} <= names


def test_an_embedding_application_finds_the_series_in_its_registry(registry: MetricRegistry) -> None:
    component(registry, "foo").counter("input_received").add(5)
    component(registry, "foo").timing("input_latency_ns").observe(7)
    host = CollectorRegistry()
    host.register(Collector(registry))  # type: ignore[arg-type]
    text = generate_latest(host).decode()
    assert 'input_received{label="",path="root.input",stream="foo"} 5.0' in text
    assert 'input_latency_ns_count{label="",path="root.input",stream="foo"} 1.0' in text
    assert "input_received_total" not in text


def test_flat_json_has_names_with_labels_as_keys(registry: MetricRegistry) -> None:
    component(registry, 'é"q').counter("input_received").add(5)
    latency = component(registry, "foo").timing("input_latency_ns")
    for nanoseconds in (1, 2, 4):
        latency.observe(nanoseconds)
    assert flat_json(registry).decode() == (
        r'{"input_latency_ns{label=\"\",path=\"root.input\",stream=\"foo\"}":{"p50":2,"p90":4,"p99":4},'
        r'"input_received{label=\"\",path=\"root.input\",stream=\"\\u00e9\\\"q\"}":5}'
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (5, "5"),
        (999_999, "999999"),
        (1_000_000, "1e+06"),
        (4.7597618e07, "4.7597618e+07"),
        (9.4030529e07, "9.4030529e+07"),
        (0.003205182, "0.003205182"),
        (0.00001, "1e-05"),
        (-1.5, "-1.5"),
        (0.25, "0.25"),
        (123456.75, "123456.75"),
        (1e300, "1e+300"),
        (math.inf, "+Inf"),
        (math.nan, "NaN"),
    ],
)
def test_numbers(value: float, text: str) -> None:
    assert number_text(value) == text


def test_quoted_labels_are_ascii() -> None:
    assert quote_ascii('a"\\\n\x01é😀') == r'"a\"\\\n\x01\u00e9\U0001f600"'


def test_percentiles_are_interpolated() -> None:
    assert percentile([], 0.5) == 0
    assert percentile([10, 20], 0.5) == 15
    assert percentile([10, 20, 30, 40], 0.9) == 40
    assert percentile([10, 20, 30, 40], 0.5) == 25
    assert quantile([10, 20, 30, 40], 0.5) == 20
