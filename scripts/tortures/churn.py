"""Create, run, replace, delete: threads, descriptors and series end where they began, and no path is ever refused."""

from __future__ import annotations

import time

from scripts.tortures.bench import Bench, Outcome, stream

MEGABYTES = 20
WARM = 200


def run(bench: Bench) -> Outcome:
    """Churn over the API until the time is up."""
    service = bench.streams("logger: {level: NONE}\nmetrics: {prometheus: {}}")
    config = stream(
        input={"http_server": {"path": "/post"}},
        pipeline={"processors": [{"mapping": "root = content().uppercase()"}]},
        output={"sync_response": {}},
    )
    outcome = Outcome()

    def cycle(number: int) -> None:
        name = f"s{number % 100}"
        status, _ = service.request("POST", f"/streams/{name}", config)
        outcome.require(status == 200, f"create answered {status}")
        status, body = service.request("POST", f"/{name}/post", "a")
        outcome.require((status, body) == (200, b"A"), f"the new path answered {status} {body!r}")
        if number % 3 == 0:
            status, _ = service.request("PUT", f"/streams/{name}", config)
            outcome.require(status == 200, f"replace answered {status}")
            status, body = service.request("POST", f"/{name}/post", "b")
            outcome.require((status, body) == (200, b"B"), f"the path after its PUT answered {status} {body!r}")
        status, _ = service.request("DELETE", f"/streams/{name}")
        outcome.require(status == 200, f"delete answered {status}")

    def settled() -> tuple[int, int, int]:
        time.sleep(0.3)
        return service.threads(), service.descriptors(), service.resident()

    for number in range(WARM):
        cycle(number)
    before = settled()
    cycles = 0
    while bench.goes_on(cycles) and not outcome.failures:
        cycle(cycles)
        cycles += 1
    after = settled()
    grown = (after[2] - before[2]) / 1e6
    outcome.note = (
        f"{cycles} cycles; threads {before[0]} and {after[0]}, descriptors {before[1]} and {after[1]}, "
        f"memory {grown:+.1f} MB"
    )
    outcome.require(after[0] <= before[0], f"threads: {before[0]} before, {after[0]} after")
    outcome.require(after[1] <= before[1], f"descriptors: {before[1]} before, {after[1]} after")
    outcome.require(grown <= MEGABYTES, f"memory grew by {grown:.1f} MB")
    outcome.failures = outcome.failures[:10]
    return outcome
