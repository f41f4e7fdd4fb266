"""All series as one flat JSON object, the shape of the process-wide JSON endpoint."""

from __future__ import annotations

from typing import Any

import orjson

from headwater.telemetry.metrics import MetricRegistry, Series, Timing
from headwater.telemetry.percentiles import percentile
from headwater.telemetry.text import flat_name


def flat(registry: MetricRegistry) -> dict[str, Any]:
    """Name with labels to number, or to percentiles in nanoseconds for timings."""
    return {flat_name(name, labels): _value(series) for name, labels, series in registry.items()}


def flat_json(registry: MetricRegistry) -> bytes:
    """The flat object as JSON with sorted keys."""
    return orjson.dumps(flat(registry), option=orjson.OPT_SORT_KEYS)


def _value(series: Series) -> Any:
    if isinstance(series, Timing):
        ordered = sorted(series.since(0))
        return {f"p{share}": _plain(percentile(ordered, share / 100)) for share in (50, 90, 99)}
    return _plain(series.value)


def _plain(value: float) -> float:
    return int(value) if float(value).is_integer() else value
