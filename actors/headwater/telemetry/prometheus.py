"""The registry in the Prometheus text format, and as a collector for the registry of an embedding application.

Names are written as they are: no ``_total``, no ``_created``. So the text is our own; `prometheus_client` would append
them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Final

from headwater.telemetry.metrics import BucketTiming, Labels, MetricRegistry, Series, Timing
from headwater.telemetry.percentiles import quantile
from headwater.telemetry.text import number_text

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8; escaping=underscores"
WINDOW: Final = 600.0
"""Seconds that the quantiles of a summary look back."""

QUANTILES: Final = (0.5, 0.9, 0.99)
BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_HELP: Final = {"counter": "Counter", "gauge": "Gauge", "summary": "Timing", "histogram": "Timing"}

Sample = tuple[str, list[tuple[str, str]], float]
"""A name's suffix, labels and a number."""


class PrometheusText:
    """Writes a registry; remembers how far each timing was at earlier times, so that summaries look back ten minutes
    only.
    """

    def __init__(self, registry: MetricRegistry, quantiles: Sequence[float] = QUANTILES) -> None:
        self.registry = registry
        self.quantiles = tuple(quantiles)
        self._marks: dict[tuple[str, Labels], list[tuple[float, int]]] = {}
        self._lock = threading.Lock()

    def render(self, process: bool = False) -> bytes:
        """The text; with `process` also what is known of the process itself."""
        lines: list[str] = []
        for name, kind, samples in self.families():
            lines.append(f"# HELP {name} Headwater {_HELP[kind]} metric")
            lines.append(f"# TYPE {name} {kind}")
            lines.extend(_line(name + suffix, labels, value) for suffix, labels, value in samples)
        if process:
            from headwater.telemetry.process import process_families

            for name, kind, text, value in process_families():
                lines += [f"# HELP {name} {text}", f"# TYPE {name} {kind}", f"{name} {number_text(value)}"]
        return ("\n".join(lines) + "\n").encode() if lines else b""

    def families(self) -> Iterator[tuple[str, str, list[Sample]]]:
        """Name, Prometheus type and samples of each family, by name."""
        items = self.registry.items()
        with self._lock:
            self._mark(items)
            for name, group in groupby(items, key=lambda item: item[0]):
                series = list(group)
                kind = series[0][2].kind
                samples: list[Sample] = []
                for _, labels, one in series:
                    if one.kind == kind:
                        samples.extend(self._samples(name, labels, one))
                yield name, self._type(series[0][2]), samples

    @staticmethod
    def _type(series: Series) -> str:
        if isinstance(series, BucketTiming):
            return "histogram"
        return "summary" if isinstance(series, Timing) else series.kind

    def _samples(self, name: str, labels: Labels, series: Series) -> Iterable[Sample]:
        base = list(labels)
        if not isinstance(series, Timing):
            yield "", base, series.value
        elif isinstance(series, BucketTiming):
            total = 0
            for bound, count in zip((*series.bounds, float("inf")), series.buckets, strict=True):
                total += count
                yield "_bucket", [*base, ("le", number_text(bound))], total
            yield "_sum", base, series.total / 1e9
            yield "_count", base, total
        else:
            recent = sorted(series.since(self._from(name, labels)))
            for share in self.quantiles:
                yield "", [*base, ("quantile", number_text(share))], quantile(recent, share)
            yield "_sum", base, series.total
            yield "_count", base, series.count

    def _mark(self, items: Sequence[tuple[str, Labels, Series]]) -> None:
        """Note how many observations each timing has by now; forget what is gone or too long ago."""
        now = time.monotonic()
        marks: dict[tuple[str, Labels], list[tuple[float, int]]] = {}
        for name, labels, series in items:
            if isinstance(series, Timing) and not isinstance(series, BucketTiming):
                known = self._marks.get((name, labels), [])
                while len(known) > 1 and known[1][0] <= now - WINDOW:
                    known.pop(0)
                if not known or (known[-1][1] != series.count and known[-1][0] < now - 10):
                    known.append((now, series.count))
                marks[name, labels] = known
        self._marks = marks

    def _from(self, name: str, labels: Labels) -> int:
        """The number of observations that lie further back than the window."""
        time_of_first, count = self._marks[name, labels][0]
        return count if time_of_first <= time.monotonic() - WINDOW else 0


def _line(name: str, labels: Iterable[tuple[str, str]], value: float) -> str:
    text = ",".join(f'{key}="{_escape(content)}"' for key, content in labels)
    return f"{name}{{{text}}} {number_text(value)}" if text else f"{name} {number_text(value)}"


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


class Collector:
    """Shows a system's series in a `prometheus_client` registry.

    prometheus_client.REGISTRY.register(Collector(system.metrics))

    Counters go by their own names, without ``_total``, so their type reads as unknown there.
    """

    def __init__(self, registry: MetricRegistry, quantiles: Sequence[float] = QUANTILES) -> None:
        self._text = PrometheusText(registry, quantiles)

    def describe(self) -> Iterable[Metric]:
        """Nothing: series come and go with streams."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """All families."""
        from prometheus_client.metrics_core import Metric

        for name, kind, samples in self._text.families():
            family = Metric(name, f"Headwater {kind} metric", "unknown" if kind == "counter" else kind)
            for suffix, labels, value in samples:
                family.add_sample(name + suffix, dict(labels), value)
            yield family
