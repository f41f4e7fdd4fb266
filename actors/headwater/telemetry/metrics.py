"""Counters, gauges and timings: plain numbers that components add to and exporters read.

A series is a name and a set of labels; whoever asks for the same series gets the same object. Adding takes no lock: a
series is written by one stage's turns (where several threads share one, such as a resource's, a lost increment is the
price).

A stream has a registry of its own, a *life*, which starts at zero each time the stream is built. The system's registry
shows the sum over all lives of a stream, so its counters only ever grow while the stream is there:

    life = system_registry.life()
    metrics = Metrics((life,), {"stream": "foo", "path": "root.input", "label": ""})
    ...
    life.close()                                # this life is over; what it counted stays in the sums
    system_registry.drop(stream="foo")          # the stream is gone; its series go after a last scrape
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, TypeVar, cast

Labels = tuple[tuple[str, str], ...]
"""Label names and values, sorted by name."""

Key = tuple[str, Labels]

Rename = Callable[[str, dict[str, str]], tuple[str, dict[str, str]] | None]
"""A metrics mapping: other name and labels for a series, or None to leave it out."""

RETENTION: Final = 300.0
"""Seconds for which the series of a dropped stream are still shown, so that a scraper sees their last values."""

INDEXED: Final = "stream"
"""The label by which series are dropped, so that doing so looks at none but theirs."""

RETAINED: Final = 64
"""Dropped streams whose series are still shown, at the most."""


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
        count = self.count
        sample = self.sample
        if count < self.SAMPLE:
            sample.append(nanoseconds)
        else:
            sample[count % self.SAMPLE] = nanoseconds
        self.count = count + 1

    # HOT: once a chunk
    def observe_many(self, nanoseconds: int, count: int) -> None:
        """Note that so many things of a chunk took this long each."""
        self.latest = nanoseconds
        self.total += nanoseconds * count
        self.count += count
        sample = self.sample
        new = min(self.SAMPLE - len(sample), count)
        if new:
            sample.extend([nanoseconds] * new)
        old = min(self.SAMPLE, count - new)
        if old:
            end = self.count % self.SAMPLE
            sample[max(0, end - old) : end] = [nanoseconds] * min(end, old)
            if old > end:
                sample[end - old :] = [nanoseconds] * (old - end)

    def since(self, count: int) -> list[int]:
        """What is known of the durations that followed the first `count`, the latest first."""
        known = len(self.sample)
        first = max(count, self.count - known)
        return [self.sample[index % self.SAMPLE] for index in range(self.count - 1, first - 1, -1)]


class BucketTiming(Timing):
    """A timing that also counts its durations by upper bounds in seconds."""

    __slots__ = ("_bounds", "bounds", "buckets")

    def __init__(self, bounds: Sequence[float] = ()) -> None:
        super().__init__()
        self.bounds = tuple(sorted(bounds))
        self._bounds = [bound * 1e9 for bound in self.bounds]
        self.buckets = [0] * (len(self.bounds) + 1)

    def observe(self, nanoseconds: int) -> None:
        """Note a duration."""
        super().observe(nanoseconds)
        self.buckets[bisect_left(self._bounds, nanoseconds)] += 1

    def observe_many(self, nanoseconds: int, count: int) -> None:
        """Note that so many things of a chunk took this long each."""
        super().observe_many(nanoseconds, count)
        self.buckets[bisect_left(self._bounds, nanoseconds)] += count


Series = Counter | Gauge | Timing
S = TypeVar("S", Counter, Gauge, Timing)


class _Entry:
    """What a registry knows of a series: the objects that are counting, and what those before them counted."""

    __slots__ = ("living", "past")

    def __init__(self, series: Series) -> None:
        self.living: list[Series] = [series]
        self.past: Series | None = None

    def now(self) -> Series:
        """The series as it is to be shown."""
        if self.past is None and len(self.living) == 1:
            return self.living[0]
        return _sum([self.past] if self.past is not None else [], self.living)

    def end(self, series: Series) -> None:
        """A life is over: keep what it counted."""
        if series in self.living:
            self.living.remove(series)
            self.past = _sum([series] if self.past is None else [self.past, series], [])


def _sum(past: Sequence[Series], living: Sequence[Series]) -> Series:
    """The series of several lives as one. Gauges of lives that are over say nothing any more."""
    parts = [*past, *living]
    first = parts[0]
    if isinstance(first, Counter):
        counter = Counter()
        counter.value = sum(cast(Counter, part).value for part in parts)
        return counter
    if isinstance(first, Gauge):
        gauge = Gauge()
        gauge.value = sum(cast(Gauge, part).value for part in living)
        return gauge
    timing = BucketTiming(first.bounds) if isinstance(first, BucketTiming) else Timing()
    for part in cast("list[Timing]", parts):
        timing.count += part.count
        timing.total += part.total
        timing.latest = part.latest or timing.latest
        timing.sample += reversed(part.since(0))
        if isinstance(timing, BucketTiming) and isinstance(part, BucketTiming):
            timing.buckets = [a + b for a, b in zip(timing.buckets, part.buckets, strict=True)]
    newest = timing.sample[-Timing.SAMPLE :]
    if timing.count > len(newest):
        # Rotated into the places that `observe` and `since` expect of a sample that is full (and it is, with so many).
        shift = timing.count % Timing.SAMPLE
        newest = newest[-shift:] + newest[:-shift] if shift else newest
    timing.sample = newest
    return timing


class MetricRegistry:
    """All series of a system, or those of one life of a stream.

    Args:
        rename: The metrics mapping.
        buckets: Upper bounds in seconds by which timings are counted; none for timings without buckets.
        parent: The registry that shows the sums of this one and others.
        now: The time, for series that are shown a while longer.
    """

    def __init__(
        self,
        rename: Rename | None = None,
        *,
        buckets: Sequence[float] = (),
        parent: MetricRegistry | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lock = threading.Lock()
        self._entries: dict[Key, _Entry] = {}
        self._dropped: dict[frozenset[tuple[str, str]], tuple[float, list[Key]]] = {}
        self._by_label: dict[tuple[str, str], dict[Key, None]] = {}
        self._rename = rename
        self._buckets = tuple(buckets)
        self._parent = parent
        self._now = now

    def life(self) -> MetricRegistry:
        """A registry whose series start at zero, and which adds to this one until it is closed."""
        return MetricRegistry(self._rename, buckets=self._buckets, parent=self, now=self._now)

    def close(self) -> None:
        """End a life: its series stay as they are, and what they counted stays in the sums."""
        parent, self._parent = self._parent, None
        if parent is None:
            return
        with self._lock:
            entries = list(self._entries.items())
        with parent._lock:
            for key, entry in entries:
                shown = parent._entries.get(key)
                if shown is not None:
                    shown.end(entry.living[0])

    def series(self, kind: type[S], name: str, labels: Mapping[str, str]) -> S:
        """The series of that name and labels, made when it is new.

        A series that the metrics mapping leaves out, or whose name is taken by another kind, is counted and never
        shown.
        """
        if self._rename is not None:
            renamed = self._rename(name, dict(labels))
            if renamed is None:
                return kind()
            name, labels = renamed
        key = (name, tuple(sorted(labels.items())))
        with self._lock:
            entry = self._entries.get(key)
            if entry is None or not entry.living:
                made = self._new(kind)
                self._add(key, entry, made)
            elif isinstance(entry.living[-1], kind):
                return entry.living[-1]
            else:
                return kind()
        if self._parent is not None:
            self._parent._join(key, made)
        return made

    def _new(self, kind: type[S]) -> S:
        if self._buckets and issubclass(kind, Timing):
            return BucketTiming(self._buckets)
        return kind()

    def _join(self, key: Key, series: Series) -> None:
        """Show a series of a life."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None or not entry.living:
                self._add(key, entry, series)
            elif entry.living[-1].kind == series.kind:
                entry.living.append(series)

    def _add(self, key: Key, entry: _Entry | None, series: Series) -> None:
        if entry is None or (entry.past is not None and entry.past.kind != series.kind):
            self._entries[key] = _Entry(series)
            if entry is None:
                for label in key[1]:
                    if label[0] == INDEXED:
                        self._by_label.setdefault(label, {})[key] = None
        else:
            entry.living.append(series)

    def _forget(self, key: Key) -> None:
        del self._entries[key]
        for label in key[1]:
            keys = self._by_label.get(label)
            if keys is not None:
                keys.pop(key, None)
                if not keys:
                    del self._by_label[label]

    def drop(self, **labels: str) -> None:
        """Forget all series that have these labels, after a last while in which they are still shown.

        Those that somebody asks for anew in that while stay, and count on.
        """
        wanted = frozenset(labels.items())
        now = self._now()
        with self._lock:
            indexed = next((label for label in wanted if label[0] == INDEXED), None)
            candidates = self._entries if indexed is None else self._by_label.get(indexed, ())
            keys = [key for key in candidates if wanted <= set(key[1])]
            for key in keys:
                entry = self._entries[key]
                for series in tuple(entry.living):
                    entry.end(series)
            self._dropped.pop(wanted, None)
            if keys:
                self._dropped[wanted] = (now + RETENTION, keys)
            self._sweep(now)

    def _sweep(self, now: float) -> None:
        """Forget what was dropped long enough ago."""
        while self._dropped:
            wanted, (due, keys) = next(iter(self._dropped.items()))
            if due > now and len(self._dropped) <= RETAINED:
                return
            del self._dropped[wanted]
            for key in keys:
                entry = self._entries.get(key)
                if entry is not None and not entry.living:
                    self._forget(key)

    def items(self) -> list[tuple[str, Labels, Series]]:
        """All series, sorted by name and labels."""
        with self._lock:
            if self._dropped:
                self._sweep(self._now())
            shown = [(name, labels, entry.now()) for (name, labels), entry in self._entries.items()]
        return sorted(shown, key=lambda item: item[:2])

    def __len__(self) -> int:
        """How many series are being counted; those that were dropped and are still shown are none of them."""
        with self._lock:
            return sum(1 for entry in self._entries.values() if entry.living)

    def __iter__(self) -> Iterator[tuple[str, Labels, Series]]:
        return iter(self.items())


class Metrics:
    """Where one component gets its series: the registry it shows up in, and the labels that all its series carry.

    A stream's components have the registry of the stream's life, those of shared resources the system's.
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

    def _make(self, kind: type[S], name: str, labels: Mapping[str, str]) -> S:
        if not self._registries:
            return kind()
        return self._registries[0].series(kind, name, {**self._labels, **labels})
