"""Whole processes: files through streams, latency, the API's speed, memory a stream.

Where a figure has a ratio, it is the one to a plain single-threaded Python loop with orjson that does the same work,
run in turn with it.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import report
from report import PROGRAM, Result

MAPPING = """\
root = this
root.name = this.name.uppercase()
root.total = this.price * this.quantity
root.note = this.note | "none"
root.internal = deleted()
"""

LOOP = """\
import sys
import orjson
loads, dumps = orjson.loads, orjson.dumps
with open(sys.argv[1], "rb") as source, open(sys.argv[2], "wb") as target:
    for line in source:
        doc = loads(line)
        doc["name"] = doc["name"].upper()
        doc["total"] = doc["price"] * doc["quantity"]
        note = doc.get("note")
        doc["note"] = note if note is not None else "none"
        doc.pop("internal", None)
        target.write(dumps(doc) + b"\\n")
"""

COPY = """\
import sys
with open(sys.argv[1], "rb") as source, open(sys.argv[2], "wb") as target:
    for line in source:
        target.write(line.rstrip(b"\\n") + b"\\n")
"""

IDLE = {"input": {"generate": {"mapping": "root = {}", "interval": "1h"}}, "output": {"drop": {}}}


def lines(path: Path, count: int) -> None:
    """Write JSON lines of about 200 bytes."""
    rng = random.Random(7)
    with open(path, "w", encoding="utf-8") as file:
        for number in range(count):
            row = {
                "id": number,
                "name": f"customer {rng.randrange(10**6)}",
                "price": rng.randrange(1, 1000),
                "quantity": rng.randrange(1, 20),
                "tags": ["alpha", "beta", "gamma"],
                "address": {"street": f"{rng.randrange(500)} Long Road", "city": "Bristol", "zip": "BS1 4DJ"},
                "internal": "x" * 12,
            }
            file.write(json.dumps(row, separators=(",", ":")) + "\n")


def sample(path: Path) -> tuple[int, list[object]]:
    """How many lines a file has, and the documents of some."""
    with open(path, "rb") as file:
        content = file.read().splitlines()
    return len(content), [json.loads(line) for line in content[:: len(content) // 100 or 1]]


def stream(source: Path, target: Path, processors: list[object], threads: int = 1) -> str:
    """A configuration from file to file."""
    return json.dumps(
        {
            "http": {"enabled": False},
            "input": {"file": {"paths": [str(source)], "scanner": {"lines": {}}}},
            "pipeline": {"threads": threads, "processors": processors},
            "output": {"file": {"path": str(target), "codec": "lines"}},
        }
    )


def files(folder: Path, count: int, runs: int) -> list[Result]:
    """Files through a mapping, and through nothing, beside the loop."""
    source, target = folder / "in.jsonl", folder / "out.jsonl"
    lines(source, count)
    results = []
    for name, code, processors, aim in (
        ("file, mapping, file", LOOP, [{"mapping": MAPPING}], "ratio 0.6"),
        ("file, file", COPY, [], ""),
    ):
        config = folder / "config.json"
        config.write_text(stream(source, target, list(processors)), encoding="utf-8")
        ours, theirs, peak = [], [], 0
        for _ in range(runs):
            theirs.append(count / report.run([sys.executable, "-c", code, source, target], cpus={0}).seconds)
            expected = sample(target)
            target.unlink()
            run = report.run([PROGRAM, "run", config], cpus={0})
            ours.append(count / run.seconds)
            peak = max(peak, run.peak)
            if sample(target) != expected:
                raise RuntimeError(f"{name}: the output is not that of the loop")
            target.unlink()
        loop = statistics.median(theirs)
        results.append(Result(f"{name}, one core", "messages/s", ours, loop, aim, {"peak_bytes": peak}))
        results.append(
            Result(f"  the same in a plain loop ({'copy' if code is COPY else 'orjson'})", "messages/s", theirs)
        )
    return results


def latency(folder: Path, seconds: float, runs: int) -> list[Result]:
    """From the making of a message to the output's door, at 1,000 messages a second."""
    medians, tails = [], []
    for _ in range(runs):
        target, config = folder / "latency", folder / "latency.json"
        target.unlink(missing_ok=True)
        text = {
            "http": {"enabled": False},
            "input": {
                "generate": {
                    "mapping": "root.t = timestamp_unix_nano()",
                    "interval": "1ms",
                    "count": int(seconds * 1000),
                }
            },
            "pipeline": {"threads": 1, "processors": [{"mapping": "root = this"}]},
            "output": {
                "file": {"path": str(target), "codec": "lines"},
                "processors": [{"mapping": "root = timestamp_unix_nano() - this.t"}],
            },
        }
        config.write_text(json.dumps(text), encoding="utf-8")
        report.run([PROGRAM, "run", config])
        values = sorted(int(line) for line in target.read_text(encoding="utf-8").split())
        medians.append(values[len(values) // 2] / 1e6)
        tails.append(values[len(values) * 99 // 100] / 1e6)
    return [
        Result("latency at 1,000 messages/s, p50", "ms", medians, aim="under 0.3"),
        Result("latency at 1,000 messages/s, p99", "ms", tails, aim="under 2"),
    ]


class Connection:
    """A kept-alive connection to the API that does as little as possible itself."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._rest = b""

    def ask(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        """Send a request; the status and the body of the answer."""
        head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        self._socket.sendall(head + body)
        data = self._rest
        while b"\r\n\r\n" not in data:
            data += self._more()
        head, _, data = data.partition(b"\r\n\r\n")
        length = next(
            (int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
        )
        while len(data) < length:
            data += self._more()
        self._rest = data[length:]
        return int(head.split(b" ", 2)[1]), data[:length]

    def _more(self) -> bytes:
        more = self._socket.recv(1 << 16)
        if not more:
            raise RuntimeError("the server closed the connection")
        return more


@contextlib.contextmanager
def server(folder: Path, kind: str) -> Iterator[tuple[int, int]]:
    """A running server; its port and its process id."""
    log = folder / "server.log"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with open(log, "wb") as out:
        command = [str(PROGRAM), "streams", "--server", kind, "--set", f"http.address=127.0.0.1:{port}"]
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
    try:
        until = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                if time.monotonic() > until or process.poll() is not None:
                    raise RuntimeError(log.read_text(encoding="utf-8")) from None
                time.sleep(0.02)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(30)


def resident(pid: int) -> int:
    """Bytes of memory that a process has."""
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def processor_seconds(pid: int) -> float:
    """CPU seconds that a process has used."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        values = file.read().rpartition(")")[2].split()
    return (int(values[11]) + int(values[12])) / os.sysconf("SC_CLK_TCK")


def wanted(answer: tuple[int, bytes]) -> bytes:
    """The body of an answer that has to be 200."""
    if answer[0] != 200:
        raise RuntimeError(f"status {answer[0]}: {answer[1].decode(errors='replace')}")
    return answer[1]


def rate(connection: Connection, requests: list[tuple[str, str, bytes]]) -> float:
    """Requests a second, one after the other."""
    started = time.perf_counter()
    for request in requests:
        wanted(connection.ask(*request))
    return len(requests) / (time.perf_counter() - started)


def api(folder: Path, kind: str, runs: int, many: int) -> list[Result]:
    """The API's speed, and what idle streams cost."""
    listing, creating, deleting, sizes, idle = [], [], [], [], []
    body = json.dumps(IDLE).encode()
    for _ in range(runs):
        with server(folder, kind) as (port, pid):
            connection = Connection(port)
            for number in range(100):
                wanted(connection.ask("POST", f"/streams/s{number}", body))
            listing.append(rate(connection, [("GET", "/streams", b"")] * 1000))
            before = resident(pid)
            creating.append(rate(connection, [("POST", f"/streams/t{n}", body) for n in range(many)]))
            sizes.append((resident(pid) - before) / many / 1000)
            used, started = processor_seconds(pid), time.monotonic()
            time.sleep(2)
            idle.append(100 * (processor_seconds(pid) - used) / (time.monotonic() - started))
            deleting.append(rate(connection, [("DELETE", f"/streams/t{n}", b"") for n in range(many)]))
    return [
        Result(f"GET /streams with 100 streams, {kind}", "requests/s", listing),
        Result(f"create a stream over REST, {kind}", "streams/s", creating, aim="850"),
        Result(f"delete a stream over REST, {kind}", "streams/s", deleting, aim="1500"),
        Result("memory of an idle stream", "KB", sizes, aim="under 60"),
        Result(f"{many + 100} idle streams", "% of a core", idle, aim="under 5"),
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=1_000_000, help="lines of the files (default: %(default)s)")
    parser.add_argument("--streams", type=int, default=1000, help="idle streams (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=3, help="runs of each; the median counts (default: %(default)s)")
    parser.add_argument("--server", default="waitress", help="waitress or uvicorn (default: %(default)s)")
    parser.add_argument("--only", choices=("files", "latency", "api"), action="append", help="a part; repeatable")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results")
    args = parser.parse_args()
    parts = args.only or ["files", "latency", "api"]
    results: list[Result] = []
    with tempfile.TemporaryDirectory(prefix="headwater-bench-") as name:
        folder = Path(name)
        if "files" in parts:
            results += files(folder, args.lines, args.runs)
        if "latency" in parts:
            results += latency(folder, 5, args.runs)
        if "api" in parts:
            results += api(folder, args.server, args.runs, args.streams)
    report.show(results, args.json)


if __name__ == "__main__":
    main()
