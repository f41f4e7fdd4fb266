"""No thread to be had: a stream that needs one says so and comes back by itself; the API and the others go on.

The operating system refuses: the process may have so little more memory that no stack fits into it.
"""

from __future__ import annotations

import subprocess
import threading
import time
from pathlib import Path

from scripts.tortures.bench import Bench, Outcome, Service, stream, until

STREAMS = 20
ROOM = 4 * 1024 * 1024
"""Bytes that the process may still take: less than a stack, plenty for anything else."""


def run(bench: Bench) -> Outcome:
    """Refuse threads while streams begin that need them; then let them have some."""
    service = bench.streams("logger: {level: INFO}")
    outcome = Outcome()
    served = stream(
        input={"http_server": {"path": "/post"}},
        pipeline={"processors": [{"mapping": "root = content().uppercase()"}]},
        output={"sync_response": {}},
    )
    status, _ = service.request("POST", "/streams/other", served)
    outcome.require(status == 200, f"create answered {status}")
    service.request("POST", "/other/post", "warm")
    _limit(service, size(service) + ROOM)
    stop = threading.Event()
    asked = [0]

    def beside() -> None:
        while not stop.wait(0.005):
            status, body = service.request("POST", "/other/post", "fine")
            outcome.require((status, body) == (200, b"FINE"), f"the other stream answered {status} {body[:100]!r}")
            asked[0] += 1

    thread = threading.Thread(target=beside)
    thread.start()
    started = set()
    for number in range(STREAMS):
        config = stream(
            input={"http_server": {"path": "/post", "timeout": "300ms"}},
            output={"file": {"path": str(bench.folder / f"out{number}.txt"), "codec": "lines"}},
        )
        status, answer = service.request("POST", f"/streams/s{number}", config)
        outcome.require(status in (200, 502), f"create answered {status} {answer[:100]!r}")
        if status == 200:
            started.add(number)
    refused = 0
    for number in started:
        status, answer = service.request("POST", f"/s{number}/post", f"{number}")
        outcome.sent += 1
        outcome.acked += status == 200
        refused += status != 200
        outcome.require(status in (200, 408, 502, 503), f"a post answered {status} {answer[:100]!r}")
    status, _ = service.request("GET", "/streams")
    outcome.require(status == 200, f"GET /streams answered {status}")
    outcome.require(refused > 0 or len(started) < STREAMS, "threads were to be had: the limit was not reached")
    outcome.require("can't start new thread" in service.log(), "the reason is not in the log")
    _limit(service, None)
    again = 0
    for number in started:
        deadline = time.monotonic() + 40
        while (status := service.request("POST", f"/s{number}/post", f"{number}")[0]) != 200:
            if time.monotonic() > deadline:
                break
            time.sleep(0.05)
        outcome.sent += 1
        outcome.acked += status == 200
        again += status == 200
        outcome.require(status == 200, f"s{number} answers {status} now that there are threads")
    stop.set()
    thread.join()
    for number in started:
        status, _ = service.request("DELETE", f"/streams/s{number}?timeout=2s")
        outcome.require(status == 200, f"delete answered {status}")
    outcome.require(service.process.poll() is None, "the program died")
    lines = [path.read_text().count("\n") for path in bench.folder.glob("out*.txt")]
    outcome.delivered = sum(lines)
    outcome.lost = max(0, outcome.acked - outcome.delivered)
    outcome.require(outcome.lost == 0, f"{outcome.lost} messages were acked and are not there")
    outcome.note = f"{refused} of {len(started)} refused for want of a thread, {again} back; {asked[0]} beside them"
    outcome.failures = outcome.failures[:10]
    return outcome


def size(service: Service) -> int:
    """The address space of a service in bytes."""
    return int(Path(f"/proc/{service.process.pid}/statm").read_text().split()[0]) * 4096


def _limit(service: Service, most: int | None) -> None:
    bound = "unlimited" if most is None else str(most)
    subprocess.run(["prlimit", "--pid", str(service.process.pid), f"--as={bound}:unlimited"], check=True)
    if most is not None:
        until(lambda: size(service) <= most, 10, "less memory than the limit")
