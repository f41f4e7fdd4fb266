"""Counters, gauges and timings: plain numbers that components add to and exporters read.

A series is a name and a set of labels; whoever asks for the same series gets the same object. Adding takes no lock: a series
is written by one stage's turns (where several threads share one, such as a resource's, a lost increment is the price).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar, cast

Labels = tuple[tuple[str, str], ...]
"""Label names and values, sorted by name."""

Rename = Callable[[str, dict[str, str]], tuple[str, dict[str, str]] | None]
"""A metrics mapping: other name and labels for a series, or None to leave it out."""


class Counter:
    """A number that only grows."""

    kind = "counter"
    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0

    def add(self, count: int = 1) -> None:
        """Count."""
        self.value += count


class Gauge:
    """A number that goes up and down."""

    kind = "gauge"
    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value: float = 0

    def set(self, value: float) -> None:
        """Say what it is now."""
        self.value = value

    def add(self, amount: float) -> None:
        """Move it."""
        self.value += amount


class Timing:
    """Durations in nanoseconds: the latest, their count and sum, and a sample for percentiles."""

    kind = "timing"
    __slots__ = ("count", "latest", "sample", "total")

    SAMPLE = 1028

    def __init__(self) -> None:
        self.count = 0
        self.total = 0
        self.latest = 0
        self.sample: list[int] = []

    def observe(self, nanoseconds: int) -> None:
        """Note a duration."""
        self.latest = nanoseconds
        self.total += nanoseconds
        self.count += 1
        sample = self.sample
        if len(sample) < self.SAMPLE:
            sample.append(nanoseconds)
        else:
            sample[self.count % self.SAMPLE] = nanoseconds

    def observe_many(self, nanoseconds: int, count: int) -> None:
        """Note that `count` things took this long each; they weigh as one in the sample."""
        if count > 0:
            self.observe(nanoseconds)
            self.total += nanoseconds * (count - 1)
            self.count += count - 1


Series = Counter | Gauge | Timing
S = TypeVar("S", Counter, Gauge, Timing)


class MetricRegistry:
    """All series of a system."""

    def __init__(self, rename: Rename | None = None) -> None:
        self._lock = threading.Lock()
        self._series: dict[tuple[str, Labels], Series] = {}
        self._rename = rename

    def series(self, kind: type[S], name: str, labels: Mapping[str, str]) -> S:
        """The series of that name and labels, made when it is new.

        A series that the metrics mapping leaves out, or whose name is taken by another kind, is counted and never shown.
        """
        if self._rename is not None:
            renamed = self._rename(name, dict(labels))
            if renamed is None:
                return kind()
            name, labels = renamed
        key = (name, tuple(sorted(labels.items())))
        with self._lock:
            found = self._series.get(key)
            if found is None:
                found = self._series[key] = kind()
            elif not isinstance(found, kind):
                return kind()
            return cast(S, found)

    def drop(self, **labels: str) -> None:
        """Forget all series that have these labels."""
        wanted = set(labels.items())
        with self._lock:
            for key in [key for key in self._series if wanted <= set(key[1])]:
                del self._series[key]

    def items(self) -> list[tuple[str, Labels, Series]]:
        """All series, sorted by name and labels."""
        with self._lock:
            entries = list(self._series.items())
        return sorted(((name, labels, series) for (name, labels), series in entries), key=lambda item: item[:2])

    def __len__(self) -> int:
        return len(self._series)

    def __iter__(self) -> Iterator[tuple[str, Labels, Series]]:
        return iter(self.items())


class Metrics:
    """Where one component gets its series: the registries it shows up in, and the labels that all its series carry.

    A stream's components show up in the system's registry and in the stream's own (its `/stats`), which starts at zero each
    time the stream is built; both hold the same objects unless the system's counts on from an earlier life of the stream.
    """

    __slots__ = ("_labels", "_registries")

    def __init__(self, registries: tuple[MetricRegistry, ...] = (), labels: Mapping[str, str] | None = None) -> None:
        self._registries = registries
        self._labels = dict(labels or {})

    def having(self, **labels: str) -> Metrics:
        """The same registries with more labels."""
        return Metrics(self._registries, {**self._labels, **labels})

    def counter(self, name: str, **labels: str) -> Counter:
        """A counter of this component."""
        return self._make(Counter, name, labels)

    def gauge(self, name: str, **labels: str) -> Gauge:
        """A gauge of this component."""
        return self._make(Gauge, name, labels)

    def timing(self, name: str, **labels: str) -> Timing:
        """A timing of this component."""
        return self._make(Timing, name, labels)

    def _make(self, kind: type[Any], name: str, labels: Mapping[str, str]) -> Any:
        if not self._registries:
            return kind()
        return self._registries[0].series(kind, name, {**self._labels, **labels})
