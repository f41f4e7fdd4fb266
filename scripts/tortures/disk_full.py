"""A disk without room under a sqlite buffer and under a file output: nothing is acked that is not kept, and it goes on.

The disk is a real file system of a few megabytes in memory; where mounting is not allowed the test says so and ends.
"""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from scripts.tortures.bench import Bench, Outcome, Sender, account, stream, until

MEGABYTES = 4


def run(bench: Bench) -> Outcome:
    """Fill the disk, see that senders wait, make room, see that all goes on."""
    place = bench.folder / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        return Outcome(note="NOT RUN: a small file system cannot be mounted here")
    try:
        buffered = _under(bench, place, {"sqlite": {"path": str(place / "buffer.db")}}, str(bench.folder / "out1.txt"))
        direct = _under(bench, place, {"none": {}}, str(place / "out2.txt"))
    finally:
        subprocess.run(["umount", "-l", str(place)], check=False)
    both = Outcome(
        sent=buffered.sent + direct.sent,
        acked=buffered.acked + direct.acked,
        delivered=buffered.delivered + direct.delivered,
        lost=buffered.lost + direct.lost,
        duplicated=buffered.duplicated + direct.duplicated,
        note="under the buffer, under the output",
    )
    both.failures = [f"buffer: {each}" for each in buffered.failures] + [f"output: {each}" for each in direct.failures]
    return both


def _under(bench: Bench, place: Path, buffer: dict[str, object], path: str) -> Outcome:
    service = bench.streams("logger: {level: ERROR}")
    config = stream(
        input={"http_server": {"path": "/post", "timeout": "1s"}},
        buffer=buffer,
        output={"file": {"path": path, "codec": "lines"}},
    )
    status, answer = service.request("POST", "/streams/s", config)
    if status != 200:
        return Outcome(failures=[f"the stream was refused: {answer!r}"])
    ballast = place / "ballast"
    sender = Sender(service.port, "/s/post", 50)
    sender.start()
    failures: list[str] = []
    until(lambda: len(sender.acked) > 200, 10, "anything acked at all")
    with ballast.open("wb") as file:
        try:
            while True:
                file.write(bytes(65536))
                file.flush()
        except OSError:
            pass
    time.sleep(1.5)
    stuck = len(sender.acked)
    time.sleep(1.0)
    if len(sender.acked) > stuck + 500:
        failures.append(f"{len(sender.acked) - stuck} messages were acked while the disk was full")
    status, _ = service.request("GET", "/streams")
    if status != 200:
        failures.append(f"the API answered {status} while the disk was full")
    ballast.unlink()
    before = len(sender.acked)
    try:
        until(lambda: len(sender.acked) > before + 100, 15, "going on once there is room")
    except TimeoutError as error:
        failures.append(str(error))
    sender.finish()
    name = Path(path)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and not set(sender.acked) <= set(_numbers(name)):
        time.sleep(0.1)
    service.terminate(30)
    outcome = account(sender.sent, sender.acked, _numbers(name))
    outcome.failures = failures
    outcome.require(outcome.lost == 0, f"{outcome.lost} messages were acked and are not there")
    return outcome


def _numbers(path: Path) -> list[int]:
    """The whole lines that are numbers; a line torn by the full disk is followed by its repetition."""
    if not path.exists():
        return []
    return [int(line) for line in path.read_bytes().split(b"\n")[:-1] if line.isdigit()]
