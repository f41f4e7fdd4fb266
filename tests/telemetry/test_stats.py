"""The nested stats of a stream."""

from headwater.telemetry.metrics import MetricRegistry, Metrics
from headwater.telemetry.stats import stats_tree


def test_config_paths_and_names_become_levels() -> None:
    life = MetricRegistry().life()
    metrics = Metrics((life,), {"label": "", "stream": "foo"})
    source = metrics.having(path="root.input")
    source.counter("input_received").add(5)
    source.counter("input_connection_up").add()
    for nanoseconds in (1_000, 68_210):
        source.timing("input_latency_ns").observe(nanoseconds)
    metrics.having(path="root.pipeline.processors.0").counter("processor_sent").add(5)
    metrics.having(path="root.pipeline.processors.1.catch.0").counter("processor_error").add(2)
    metrics.having(path="root.output.broker.outputs.1").counter("output_batch_sent").add(4)
    metrics.having(path="root.output.broker.outputs.1").counter("output_error").add(1)
    metrics.having(path="root.output.batching").counter("batch_created", mechanism="size").add(3)
    assert stats_tree(life, 5_003_117_402, True) == {
        "input": {
            "running": 1,
            "count": 2,
            "received": 5,
            "batch": {"received": 2},
            "connection": {"up": 1},
            "latency": 68210,
            "latency_readable": "68.21µs",
            "latency_p50": 34605,
            "latency_p90": 68210,
            "latency_p99": 68210,
        },
        "pipeline": {"processor": {"0": {"sent": 5}, "1": {"catch": {"0": {"error": 2}}}}},
        "output": {
            "running": 1,
            "broker": {"outputs": {"1": {"count": 5, "batch": {"sent": 4}, "error": 1}}},
            "batching": {"created": {"size": 3}},
        },
        "uptime": "5.003117402s",
    }


def test_a_number_in_the_way_of_a_level_is_kept() -> None:
    life = MetricRegistry().life()
    metrics = Metrics((life,), {"label": "", "stream": "foo"})
    metrics.having(path="root.pipeline.processors.0").counter("hits").add(1)
    metrics.having(path="root.pipeline.processors.0.hits").counter("processor_sent").add(2)
    tree = stats_tree(life, 0, False)
    assert tree["pipeline"]["processor"]["0"]["hits"] == {"total": 1, "sent": 2}
    assert tree["input"] == {"running": 0}
