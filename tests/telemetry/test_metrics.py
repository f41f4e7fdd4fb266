"""Series, lives and sums."""

from headwater.telemetry.metrics import RETENTION, BucketTiming, Counter, Gauge, MetricRegistry, Metrics, Timing

LABELS = {"label": "", "path": "root.output", "stream": "foo"}


def shown(registry: MetricRegistry) -> dict[str, float]:
    return {name: series.value for name, _, series in registry.items() if not isinstance(series, Timing)}


def test_who_asks_for_the_same_series_gets_the_same_object() -> None:
    metrics = Metrics((MetricRegistry(),), LABELS)
    assert metrics.counter("output_sent") is metrics.counter("output_sent")
    assert metrics.counter("output_sent", mechanism="count") is not metrics.counter("output_sent")


def test_a_name_taken_by_another_kind_is_counted_and_not_shown() -> None:
    registry = MetricRegistry()
    registry.series(Counter, "x", LABELS).add(2)
    registry.series(Gauge, "x", LABELS).set(9)
    assert shown(registry) == {"x": 2}


def test_a_life_starts_at_zero_and_the_sum_counts_on() -> None:
    system = MetricRegistry()
    first = system.life()
    first.series(Counter, "output_sent", LABELS).add(5)
    first.close()
    second = system.life()
    counter = second.series(Counter, "output_sent", LABELS)
    assert shown(second) == {"output_sent": 0}
    assert shown(system) == {"output_sent": 5}
    counter.add(3)
    assert shown(second) == {"output_sent": 3}
    assert shown(system) == {"output_sent": 8}
    assert shown(first) == {"output_sent": 5}


def test_two_lives_side_by_side_are_summed_and_keep_their_gauges_apart() -> None:
    system = MetricRegistry()
    old, new = system.life(), system.life()
    old.series(Gauge, "buffer_active", LABELS).set(7)
    new.series(Gauge, "buffer_active", LABELS).set(2)
    new.series(Timing, "output_latency_ns", LABELS).observe(10)
    old.series(Timing, "output_latency_ns", LABELS).observe(20)
    assert shown(system) == {"buffer_active": 9}
    old.close()
    assert shown(system) == {"buffer_active": 2}
    timing = next(series for _, _, series in system.items() if isinstance(series, Timing))
    assert (timing.count, timing.total, sorted(timing.since(0))) == (2, 30, [10, 20])


def test_series_of_a_dropped_stream_are_shown_for_a_last_scrape_and_then_go() -> None:
    now = [0.0]
    system = MetricRegistry(now=lambda: now[0])
    life = system.life()
    life.series(Counter, "output_sent", LABELS).add(5)
    life.close()
    system.drop(stream="foo")
    assert len(system) == 0
    assert shown(system) == {"output_sent": 5}
    now[0] = RETENTION + 1
    assert shown(system) == {}
    assert not system._entries
    assert not system._dropped


def test_a_stream_of_the_same_id_counts_on_where_the_dropped_one_left_off() -> None:
    now = [0.0]
    system = MetricRegistry(now=lambda: now[0])
    for _ in range(2):
        life = system.life()
        life.series(Counter, "output_sent", LABELS).add(5)
        life.close()
        system.drop(stream="foo")
    life = system.life()
    life.series(Counter, "output_sent", LABELS).add(1)
    now[0] = RETENTION * 3
    assert shown(system) == {"output_sent": 11}


def test_ten_thousand_dropped_streams_leave_no_more_than_the_last_few() -> None:
    system = MetricRegistry()
    for index in range(10_000):
        life = system.life()
        life.series(Counter, "output_sent", {**LABELS, "stream": f"s{index}"}).add()
        life.close()
        system.drop(stream=f"s{index}")
    assert len(system) == 0
    assert len(system.items()) <= 64


def test_a_mapping_renames_and_leaves_out() -> None:
    def rename(name: str, labels: dict[str, str]) -> tuple[str, dict[str, str]] | None:
        return (f"my_{name}", {"stream": labels["stream"]}) if name.startswith("input") else None

    system = MetricRegistry(rename)
    metrics = Metrics((system.life(),), LABELS)
    metrics.counter("input_received").add(2)
    metrics.counter("output_sent").add(2)
    assert [(name, labels) for name, labels, _ in system.items()] == [("my_input_received", (("stream", "foo"),))]


def test_a_timing_keeps_its_latest_sample() -> None:
    timing = Timing()
    for value in range(5_000):
        timing.observe(value)
    assert timing.since(0) == list(range(4_999, 4_999 - 1028, -1))
    assert timing.since(4_998) == [4_999, 4_998]
    assert timing.since(5_000) == []


def test_the_sum_of_long_lives_keeps_the_newest_sample() -> None:
    system = MetricRegistry()
    for start in (0, 10_000):
        life = system.life()
        timing = life.series(Timing, "t", LABELS)
        for value in range(start, start + 1_500):
            timing.observe(value)
        life.close()
    total = system.items()[0][2]
    assert isinstance(total, Timing)
    assert total.count == 3_000
    assert total.since(0)[0] == 11_499
    assert total.since(0)[-1] == 11_499 - 1027


def test_buckets_count_by_upper_bound() -> None:
    system = MetricRegistry(buckets=(0.001, 1))
    timing = system.series(Timing, "t", LABELS)
    assert isinstance(timing, BucketTiming)
    for nanoseconds in (1, 1_000_000, 1_000_001, 2_000_000_000):
        timing.observe(nanoseconds)
    assert timing.buckets == [2, 1, 1]
