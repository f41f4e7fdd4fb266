"""The stats of one stream as the nested object of its `/stats`: config path and metric name become levels.

    {"input": {"received": 5, "connection": {"up": 1, ...}, "latency": 68210, "latency_readable": "68.21µs", ...},
     "pipeline": {"processor": {"0": {"count": 5, "sent": 5, ...}}}, "output": {...}, "uptime": "5.003117402s"}

Counters and gauges are whole numbers. A timing is its latest observation in nanoseconds, with siblings for people and
percentiles.
"""

from __future__ import annotations

from typing import Any, Final

from headwater.durations import format_duration
from headwater.telemetry.metrics import MetricRegistry, Series, Timing
from headwater.telemetry.percentiles import percentile

Tree = dict[str, Any]

NAMES: Final[dict[str, tuple[str, ...]]] = {
    "input_received": ("received",),
    "input_connection_up": ("connection.up",),
    "input_connection_failed": ("connection.failed",),
    "input_connection_lost": ("connection.lost",),
    "input_latency_ns": ("latency",),
    "buffer_received": ("received",),
    "buffer_batch_received": ("batch.received", "write.count"),
    "buffer_sent": ("sent",),
    "buffer_batch_sent": ("batch.sent", "read.count"),
    "buffer_active": ("backlog",),
    "buffer_latency_ns": ("latency",),
    "processor_received": ("received",),
    "processor_batch_received": ("batch.received", "count"),
    "processor_sent": ("sent",),
    "processor_batch_sent": ("batch.sent",),
    "processor_error": ("error",),
    "processor_latency_ns": ("latency",),
    "output_sent": ("sent",),
    "output_batch_sent": ("batch.sent",),
    "output_error": ("error",),
    "output_rejected": ("rejected",),
    "output_latency_ns": ("batch.latency",),
    "output_connection_up": ("connection.up",),
    "output_connection_failed": ("connection.failed",),
    "output_connection_lost": ("connection.lost",),
    "batch_created": ("created",),
}
"""Where in its component's object a series goes; other names go by themselves."""

_SECTIONS: Final = frozenset({"input", "pipeline", "output"})
_COMMON_LABELS: Final = frozenset({"label", "path", "stream"})


def stats_tree(registry: MetricRegistry, uptime_ns: int, running: bool) -> Tree:
    """The stats of a stream.

    Args:
        registry: The registry of the stream's life.
        uptime_ns: How long it has been running, or ran.
        running: Whether it has not ended.
    """
    tree: Tree = {"input": {"running": int(running)}, "output": {"running": int(running)}}
    for name, labels, series in registry.items():
        known = dict(labels)
        place = _levels(known.get("path", ""))
        more = [value for key, value in labels if key not in _COMMON_LABELS]
        for dotted in NAMES.get(name, (name,)):
            _put(tree, [*place, *dotted.split("."), *more], series)
        if name == "input_latency_ns" and isinstance(series, Timing):
            _put_number(tree, [*place, "batch", "received"], series.count)
            _put_number(tree, [*place, "count"], series.count)
        elif name in ("output_batch_sent", "output_error") and not isinstance(series, Timing):
            _put_number(tree, [*place, "count"], int(series.value))
    tree["uptime"] = format_duration(uptime_ns)
    return tree


def _levels(path: str) -> list[str]:
    """The levels of a config path: ``root.pipeline.processors.0`` is pipeline, processor, 0."""
    parts = [part for part in path.removeprefix("root").split(".") if part]
    if len(parts) > 1 and parts[0] in _SECTIONS and parts[1] == "processors":
        parts[1] = "processor"
    return parts


def _put(tree: Tree, place: list[str], series: Series) -> None:
    if not isinstance(series, Timing):
        _at(tree, place[:-1])[place[-1]] = int(series.value)
        return
    level = _at(tree, place[:-1])
    name = place[-1]
    ordered = sorted(series.since(0))
    level[name] = series.latest
    level[f"{name}_readable"] = format_duration(series.latest)
    for share in (50, 90, 99):
        value = percentile(ordered, share / 100)
        level[f"{name}_p{share}"] = int(value) if value.is_integer() else value


def _put_number(tree: Tree, place: list[str], value: int) -> None:
    """Add to a number that comes of several series."""
    level = _at(tree, place[:-1])
    level[place[-1]] = level.get(place[-1], 0) + value


def _at(tree: Tree, place: list[str]) -> Tree:
    """The object at a place, made where there is none; a number in the way goes into it."""
    for part in place:
        below = tree.setdefault(part, {})
        if not isinstance(below, dict):
            below = tree[part] = {"total": below}
        tree = below
    return tree
