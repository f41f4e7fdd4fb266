"""An output of ten messages a second behind an input that never pauses: memory stays as it is."""

from __future__ import annotations

import time

from scripts.tortures.bench import Bench, Outcome, stream

GROWTH = 0.05


def run(bench: Bench) -> Outcome:
    """Watch the resident memory."""
    service = bench.streams("logger: {level: NONE}")
    config = stream(
        input={"generate": {"mapping": "root.pad = range(0, 200).map_each(n -> n)", "interval": ""}},
        pipeline={"threads": 1, "processors": [{"mapping": "root = this"}]},
        output={"drop": {}, "processors": [{"sleep": {"duration": "100ms"}}]},
    )
    status, answer = service.request("POST", "/streams/s", config)
    if status != 200:
        return Outcome(failures=[f"the stream was refused: {answer!r}"])
    time.sleep(min(3.0, bench.seconds / 4))
    first = service.resident()
    most = first
    while bench.left > 0.5:
        time.sleep(0.2)
        most = max(most, service.resident())
    growth = most / first - 1
    outcome = Outcome(note=f"{first / 1e6:.1f} MB at first, {growth:+.1%} at the most")
    outcome.require(growth < GROWTH, f"memory grew by {growth:.1%}")
    status, _ = service.request("DELETE", "/streams/s?timeout=2s")
    outcome.require(status == 200, f"DELETE answered {status}")
    return outcome
