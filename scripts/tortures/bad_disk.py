"""A disk that fails with EIO, turns read-only, or is full, under a sqlite buffer, a file output and a file cache.

Nothing is acked that is not kept, senders wait, other streams and the API do not notice, and all goes on by itself when
the disk is well again. The disk is a file system of the test's own (`_disk.py`), so the failures are the operating
system's; where it cannot be mounted the test says so and ends. `disk_full` does the same on a disk that is really full.
"""

from __future__ import annotations

import errno
import time
from pathlib import Path
from typing import Any

from scripts.tortures._disk import Disk
from scripts.tortures.bench import Bench, Outcome, Sender, Service, account, stream, until

FAULTS = (errno.EIO, errno.EROFS, errno.ENOSPC)
PLACES = ("buffer", "output", "cache")
HEALED_SECONDS = 10.0


def run(bench: Bench) -> Outcome:
    """One fault in one place after another until the time is up."""
    place = bench.folder / "disk"
    place.mkdir()
    disk = Disk()
    outcome = Outcome()
    with disk.mounted(place) as mounted:
        if not mounted:
            return Outcome(note="NOT RUN: a file system of the test's own cannot be mounted here")
        service = bench.streams(
            f"logger: {{level: WARN}}\ncache_resources: [{{label: kept, file: {{directory: {place}}}}}]"
        )
        other = stream(
            input={"http_server": {"path": "/post"}},
            pipeline={"processors": [{"mapping": "root = content().uppercase()"}]},
            output={"sync_response": {}},
        )
        status, _ = service.request("POST", "/streams/other", other)
        outcome.require(status == 200, f"create answered {status}")
        pairs = [(fault, under) for fault in FAULTS for under in PLACES]
        bench.chance.shuffle(pairs)
        rounds = 0
        slowest = 0.0
        while bench.goes_on(rounds, 4):
            fault, under = pairs[rounds % len(pairs)]
            found, waited = _round(bench, service, disk, place, fault, under, rounds)
            slowest = max(slowest, waited)
            outcome.sent += found.sent
            outcome.acked += found.acked
            outcome.delivered += found.delivered
            outcome.lost += found.lost
            outcome.duplicated += found.duplicated
            outcome.failures += [f"{errno.errorcode[fault]} under the {under}: {each}" for each in found.failures]
            rounds += 1
        outcome.require(service.process.poll() is None, "the program died")
        outcome.require("Traceback" not in service.log(), "a traceback is in the log")
        service.terminate(30)
    outcome.note = f"{rounds} faults, {disk.refused} operations failed, going again after {slowest:.2f} s at the most"
    outcome.failures = outcome.failures[:10]
    return outcome


def _round(
    bench: Bench, service: Service, disk: Disk, place: Path, fault: int, under: str, number: int
) -> tuple[Outcome, float]:
    name = f"s{number}"
    out = (place if under == "output" else bench.folder) / f"{name}.txt"
    output: dict[str, Any] = {"file": {"path": str(out), "codec": "lines"}}
    buffer: dict[str, Any] = {"none": {}}
    if under == "buffer":
        buffer = {"sqlite": {"path": str(place / f"{name}.db")}}
    if under == "cache":
        output = {"cache": {"target": "kept", "key": f"{name}-${{! content() }}"}}
    config = stream(input={"http_server": {"path": "/post", "timeout": "1s"}}, buffer=buffer, output=output)
    status, answer = service.request("POST", f"/streams/{name}", config)
    if status != 200:
        return Outcome(failures=[f"the stream was refused: {answer!r}"]), 0.0
    sender = Sender(service.port, f"/{name}/post", 10)
    sender.start()
    until(lambda: len(sender.acked) > 50, 20, "anything acked at all")
    refused = disk.refused
    disk.trouble = fault
    until(lambda: disk.refused > refused, 10, "a failure of the disk")
    time.sleep(0.3)  # what was written before may still be answered
    stuck = len(sender.acked)
    time.sleep(bench.chance.uniform(0.3, 1.0))
    failures = []
    if len(sender.acked) > stuck:
        failures.append(f"{len(sender.acked) - stuck} messages were acked while nothing could be written")
    status, _ = service.request("GET", "/streams")
    if status != 200:
        failures.append(f"the API answered {status}")
    status, body = service.request("POST", "/other/post", "fine")
    if (status, body) != (200, b"FINE"):
        failures.append(f"another stream answered {status} {body[:100]!r}")
    disk.trouble = 0
    healed = time.monotonic()
    starved = service.starved()
    before = len(sender.acked)
    while len(sender.acked) <= before and time.monotonic() < healed + 3 * HEALED_SECONDS:
        time.sleep(0.005)
    waited = time.monotonic() - healed
    if waited > HEALED_SECONDS + service.starved() - starved:
        failures.append(f"nothing was acked for {waited:.1f} s after the disk was well again")
    sender.finish()
    acked = sender.acked
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and not set(acked) <= set(_arrived(place, out, name, under)):
        time.sleep(0.1)
    status, _ = service.request("DELETE", f"/streams/{name}?timeout=2s")
    if status != 200:
        failures.append(f"DELETE answered {status}")
    outcome = account(sender.sent, acked, _arrived(place, out, name, under))
    outcome.failures = failures
    outcome.require(outcome.lost == 0, f"{outcome.lost} messages were acked and are not there")
    return outcome, waited


def _arrived(place: Path, out: Path, name: str, under: str) -> list[int]:
    """The numbers that were kept; a line that was torn is followed by its repetition."""
    if under == "cache":
        return [int(path.read_bytes()) for path in place.glob(f"{name}-*")]
    if not out.exists():
        return []
    return [int(line) for line in out.read_bytes().split(b"\n")[:-1] if line.isdigit()]
