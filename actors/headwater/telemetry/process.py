"""Figures of the process itself, from the system's process file system; what a platform does not tell is left out."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

Family = tuple[str, str, str, float]
"""Name, type, help and value."""

_PROC = Path("/proc")


def process_families() -> Iterator[Family]:
    """What is known, by name."""
    usage = os.times()
    yield (
        "process_cpu_seconds_total",
        "counter",
        "Total user and system CPU time spent in seconds.",
        round(usage.user + usage.system, 6),
    )
    yield from _limits()
    yield from _network()
    try:
        yield "process_open_fds", "gauge", "Number of open file descriptors.", len(list((_PROC / "self/fd").iterdir()))
        fields = (_PROC / "self/stat").read_text().rpartition(")")[2].split()
        boot = time.time() - float((_PROC / "uptime").read_text().split()[0])
    except (OSError, ValueError):
        return
    ticks = os.sysconf("SC_CLK_TCK")
    page = os.sysconf("SC_PAGE_SIZE")
    yield "process_resident_memory_bytes", "gauge", "Resident memory size in bytes.", int(fields[21]) * page
    yield (
        "process_start_time_seconds",
        "gauge",
        "Start time of the process since unix epoch in seconds.",
        round(boot + int(fields[19]) / ticks, 2),
    )
    yield "process_virtual_memory_bytes", "gauge", "Virtual memory size in bytes.", int(fields[20])


def _limits() -> Iterator[Family]:
    try:
        import resource
    except ImportError:
        return
    yield (
        "process_max_fds",
        "gauge",
        "Maximum number of open file descriptors.",
        _limit(resource.getrlimit(resource.RLIMIT_NOFILE)[0]),
    )
    yield (
        "process_virtual_memory_max_bytes",
        "gauge",
        "Maximum amount of virtual memory available in bytes.",
        _limit(resource.getrlimit(resource.RLIMIT_AS)[0]),
    )


def _limit(value: int) -> float:
    return float(value) if value >= 0 else 18446744073709551615.0


def _network() -> Iterator[Family]:
    try:
        lines = (_PROC / "self/net/netstat").read_text().splitlines()
    except OSError:
        return
    for names, values in zip(lines[::2], lines[1::2], strict=False):
        if names.startswith("IpExt:"):
            found = dict(zip(names.split()[1:], values.split()[1:], strict=False))
            for key, word, text in (("InOctets", "receive", "received"), ("OutOctets", "transmit", "sent")):
                if key in found:
                    yield (
                        f"process_network_{word}_bytes_total",
                        "counter",
                        f"Number of bytes {text} by the process over the network.",
                        int(found[key]),
                    )
