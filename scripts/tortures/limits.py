"""64 file descriptors: a stream that gets none says so, and the API lives."""

from __future__ import annotations

import subprocess

from scripts.tortures.bench import Bench, Outcome, stream

DESCRIPTORS = 64


def run(bench: Bench) -> Outcome:
    """Ask for more files than there may be."""
    service = bench.streams("logger: {level: INFO}")
    outcome = Outcome()
    subprocess.run(["prlimit", "--pid", str(service.process.pid), f"--nofile={DESCRIPTORS}:{DESCRIPTORS}"], check=True)
    for number in range(DESCRIPTORS + 20):
        config = stream(
            input={"http_server": {"path": "/post", "timeout": "300ms"}},
            output={"file": {"path": str(bench.folder / f"out{number}.txt"), "codec": "lines"}},
        )
        status, answer = service.request("POST", f"/streams/s{number}", config)
        outcome.require(status in (200, 502), f"create answered {status} {answer[:100]!r}")
    refused = 0
    for number in range(DESCRIPTORS + 20):
        status, answer = service.request("POST", f"/s{number}/post", "x")
        outcome.sent += 1
        if status == 200:
            outcome.acked += 1
        else:
            refused += 1
            outcome.require(status in (408, 502, 503), f"a post answered {status} {answer[:100]!r}")
    status, _ = service.request("GET", "/streams")
    outcome.require(status == 200, f"GET /streams answered {status}")
    outcome.require(refused > 0, "no stream ran out of descriptors: the limit was not reached")
    outcome.require("too many open files" in service.log(), "the reason is not in the log")
    for number in range(DESCRIPTORS + 20):
        status, _ = service.request("DELETE", f"/streams/s{number}?timeout=500ms")
        outcome.require(status == 200, f"delete answered {status}")
    status, _ = service.request("POST", "/streams/after", stream(input={"inproc": "x"}, output={"drop": {}}))
    outcome.require(status == 200, f"create after all that answered {status}")
    outcome.delivered = sum(1 for path in bench.folder.glob("out*.txt") if path.read_text() == "x\n")
    outcome.lost = outcome.acked - outcome.delivered
    outcome.require(outcome.lost <= 0, f"{outcome.lost} messages were acked and are not there")
    outcome.note = f"{refused} of {outcome.sent} refused for want of a descriptor"
    outcome.failures = outcome.failures[:10]
    return outcome
