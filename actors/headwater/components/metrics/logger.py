"""Write metrics to the log."""

from __future__ import annotations

from headwater.components.catalogue import component
from headwater.components.resources import Resources
from headwater.config.fields import boolean, spec, text
from headwater.config.view import Config
from headwater.durations import InvalidDuration, parse_seconds
from headwater.errors import ConfigError
from headwater.telemetry.exporter import PushingExporter
from headwater.telemetry.metrics import Counter, Series, Timing
from headwater.telemetry.percentiles import percentile

SPEC = spec(
    "metrics",
    "logger",
    text("push_interval", "How often metrics are written; without it once, at the end.", optional=True),
    boolean("flush_metrics", "Whether counters and timings start anew after each time.", default=False),
    status="beta",
    summary="Write all metrics to the log, as one line each.",
    examples=(("Every minute", "metrics:\n  logger:\n    push_interval: 1m\n"),),
)


@component(SPEC)
class LoggerMetrics(PushingExporter):
    """Writes lines at level info."""

    def __init__(self, config: Config, resources: Resources) -> None:
        super().__init__()
        self.log = resources.log
        self._flush = config.boolean("flush_metrics")
        self._before: dict[object, int] = {}
        interval = config.optional_text("push_interval")
        if interval:
            try:
                self.interval = parse_seconds(interval)
            except InvalidDuration as error:
                raise ConfigError(f"failed to parse push interval: {error}") from None

    def push(self) -> None:
        """Write a line a series."""
        before = self._before
        now: dict[object, int] = {}
        for name, labels, series in self.registry.items():
            passed = before.get((name, labels), 0) if self._flush else 0
            if isinstance(series, Counter | Timing):
                now[name, labels] = series.count if isinstance(series, Timing) else series.value
            values = _values(series, passed)
            self.log.info(f"{series.kind.capitalize()} metric", **dict(labels), name=name, **values)
        self._before = now


def _values(series: Series, passed: int) -> dict[str, float]:
    """What is said of a series, less what was said before."""
    if isinstance(series, Timing):
        ordered = sorted(series.since(passed))
        percentiles = {f"p{share}": percentile(ordered, share / 100) for share in (50, 90, 99)}
        return {"count": series.count - passed, **percentiles}
    return {"value": series.value - passed}
