"""Memory runs out in a stage: its stream tells of it and lives, as do the API and the streams beside it.

The operating system refuses: the process may take so many bytes and no more, and a mapping asks for more than that.
"""

from __future__ import annotations

import subprocess
import threading

from scripts.tortures.bench import Bench, Outcome, stream
from scripts.tortures.no_threads import size

ROOM = 24 * 1024 * 1024
"""Bytes that the process may still take; the mapping wants some times as many."""
GREEDY = "root.n = range(0, content().number() * 1000).map_each(n -> n.string()).length()"


def run(bench: Bench) -> Outcome:
    """Ask for too much again and again, then for little."""
    service = bench.streams("logger: {level: INFO}")
    outcome = Outcome()

    def served(mapping: str) -> str:
        return stream(
            input={"http_server": {"path": "/post", "timeout": "60s"}},
            pipeline={
                "threads": 1,
                "processors": [{"mapping": mapping}, {"catch": [{"mapping": "root = error()"}]}],
            },
            output={"sync_response": {}},
        )

    for name, mapping in (("greedy", GREEDY), ("other", "root = content().uppercase()")):
        status, answer = service.request("POST", f"/streams/{name}", served(mapping))
        outcome.require(status == 200, f"create answered {status} {answer[:200]!r}")
        service.request("POST", f"/{name}/post", "1")
    subprocess.run(["prlimit", "--pid", str(service.process.pid), f"--as={size(service) + ROOM}:unlimited"], check=True)
    stop = threading.Event()
    asked = [0]

    def beside() -> None:
        while not stop.wait(0.01):
            status, body = service.request("POST", "/other/post", "fine")
            outcome.require((status, body) == (200, b"FINE"), f"the other stream answered {status} {body[:100]!r}")
            asked[0] += 1

    thread = threading.Thread(target=beside)
    thread.start()
    refused = rounds = 0
    while bench.goes_on(rounds, 3):
        status, body = service.request("POST", "/greedy/post", "3000", timeout=60)
        refused += b"out of memory" in body
        outcome.require(status in (200, 502, 503), f"the greedy stream answered {status} {body[:100]!r}")
        status, body = service.request("POST", "/greedy/post", "1", timeout=30)
        outcome.require((status, body) == (200, b'{"n":1000}'), f"asked for little it answered {status} {body[:100]!r}")
        rounds += 1
    stop.set()
    thread.join()
    subprocess.run(["prlimit", "--pid", str(service.process.pid), "--as=unlimited:unlimited"], check=True)
    status, body = service.request("POST", "/greedy/post", "3000", timeout=60)
    outcome.require((status, body) == (200, b'{"n":3000000}'), f"with memory it answered {status} {body[:100]!r}")
    status, _ = service.request("GET", "/streams")
    outcome.require(status == 200, f"GET /streams answered {status}")
    outcome.require(refused > 0, "memory was to be had: the limit was not reached")
    for name in ("greedy", "other"):
        status, _ = service.request("DELETE", f"/streams/{name}")
        outcome.require(status == 200, f"delete answered {status}")
    outcome.note = f"{refused} of {rounds} ran out of memory; {asked[0]} beside them"
    outcome.failures = outcome.failures[:10]
    return outcome
