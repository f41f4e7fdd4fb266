"""All workloads, a module for each kind of work."""

from __future__ import annotations

from scripts.benchmarks.workload import Workload
from scripts.benchmarks.workloads import (
    api,
    beside,
    buffers,
    files,
    generated,
    hops,
    latency,
    servers,
    side_by_side,
    starts,
)

ALL: tuple[Workload, ...] = (
    *files.WORKLOADS,
    *beside.WORKLOADS,
    *generated.WORKLOADS,
    *buffers.WORKLOADS,
    *servers.WORKLOADS,
    *side_by_side.WORKLOADS,
    *latency.WORKLOADS,
    *api.WORKLOADS,
    *hops.WORKLOADS,
    *starts.WORKLOADS,
)

__all__ = ["ALL"]
