"""Percentiles of samples."""

from __future__ import annotations

import math
from collections.abc import Sequence


def percentile(ordered: Sequence[int], share: float) -> float:
    """The value below which that share of a sorted sample lies, interpolated; 0 without samples."""
    count = len(ordered)
    if not count:
        return 0.0
    position = share * (count + 1)
    if position < 1:
        return float(ordered[0])
    if position >= count:
        return float(ordered[-1])
    below = int(position)
    return ordered[below - 1] + (position - below) * (ordered[below] - ordered[below - 1])


def quantile(ordered: Sequence[int], share: float) -> float:
    """The observation at that share of a sorted sample, as Prometheus summaries have it; NaN without samples."""
    if not ordered:
        return float("nan")
    return float(ordered[min(len(ordered), max(1, math.ceil(share * len(ordered)))) - 1])
