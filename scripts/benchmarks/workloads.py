"""Streams of many shapes as whole processes, each beside a yardstick that runs in turn with it.

The yardstick is a plain Python loop that does the same work, another shape of the same stream, a bare server, or, with
--compare, the same workload by another revision of this repository.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import report
from report import PROGRAM, ROOT, Result
from streams import LOOP, MAPPING, lines

WORK = "root = this\nroot.name = this.name.uppercase()\nroot.total = this.price * this.quantity"
DOCUMENT = 'root = {"name": "customer", "price": 12, "quantity": 3, "tags": ["alpha", "beta"]}'

GENERATE_LOOP = """\
import sys
for _ in range(int(sys.argv[1])):
    doc = {"name": "customer", "price": 12, "quantity": 3, "tags": ["alpha", "beta"]}
    made = dict(doc)
    made["name"] = doc["name"].upper()
    made["total"] = doc["price"] * doc["quantity"]
"""

JQ = '.name |= ascii_upcase | .total = .price * .quantity | .note = (.note // "none") | del(.internal)'

BARE = {
    "uvicorn": """\
import sys, uvicorn
async def app(scope, receive, send):
    body = b""
    more = True
    while more:
        event = await receive()
        body += event.get("body", b"")
        more = event.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})
uvicorn.run(app, port=int(sys.argv[1]), log_level="critical", loop="uvloop", http="httptools", lifespan="off")
""",
    "waitress": """\
import sys, waitress
def app(environ, start):
    body = environ["wsgi.input"].read()
    start("200 OK", [("Content-Length", str(len(body)))])
    return [body]
waitress.serve(app, host="127.0.0.1", port=int(sys.argv[1]), threads=8)
""",
}


@dataclass(frozen=True)
class Shape:
    """A stream that makes so many messages and ends.

    Attributes:
        than: The name of the shape that it is compared with, or a command that does the same work.
    """

    name: str
    count: int
    config: dict[str, Any]
    than: str | Sequence[str | Path] = ""
    aim: str = ""
    more: dict[str, float] = field(default_factory=dict)


def generate(count: int, batch: int = 1, mapping: str = DOCUMENT) -> dict[str, Any]:
    """An input that makes messages as fast as it can."""
    return {"generate": {"mapping": mapping, "interval": "", "count": count, "batch_size": batch}}


def shapes(folder: Path, count: int) -> list[Shape]:
    """All of them; what is slow gets fewer messages."""
    loop = [sys.executable, "-c", GENERATE_LOOP, str(count)]
    work = {"threads": 1, "processors": [{"mapping": WORK}]}
    source = folder / "in.jsonl"
    lines(source, count)
    cases = [{"check": f"this.quantity == {number}", "output": {"drop": {}}} for number in range(9)]
    found = [
        Shape(
            f"generate, mapping, drop, batches of {batch}",
            count,
            {"input": generate(count, batch), "pipeline": work},
            loop,
            aim,
        )
        for batch, aim in ((1, "ratio 0.4"), (20, ""), (1000, "ratio 1.0"))
    ]
    plain = found[0].name
    few = count // 4
    target = folder / "out.jsonl"
    found += [
        Shape("  the same, fanned out to three", few, {
            "input": generate(few), "pipeline": work,
            "output": {"broker": {"pattern": "fan_out", "outputs": [{"drop": {}}, {"drop": {}}, {"drop": {}}]}},
        }, plain),
        Shape("  the same, through a switch of ten", few, {
            "input": generate(few), "pipeline": work,
            "output": {"switch": {"cases": [*cases, {"output": {"drop": {}}}]}},
        }, plain),
        Shape("  the same, batched by 100", count, {
            "input": generate(count), "pipeline": work,
            "output": {"broker": {"outputs": [{"drop": {}}], "batching": {"count": 100}}},
        }, plain),
        Shape("generate, memory buffer, drop, batches of 100", count, {
            "input": generate(count, 100), "buffer": {"memory": {}},
        }),
        Shape("generate, sqlite buffer, drop, batches of 100", count, {
            "input": generate(count, 100), "buffer": {"sqlite": {"path": str(folder / "buffer.db")}},
        }, "generate, memory buffer, drop, batches of 100", "ratio 0.4"),
        Shape("generate with an id, drop", count, {"input": generate(count, 1, "root.id = uuid_v4()")}),
        Shape("generate with fake data, three jq, drop", few // 4, {
            "input": generate(few // 4, 1, 'root.name = fake("name")\nroot.mail = fake("email")'),
            "pipeline": {"threads": 1, "processors": [
                {"jq": {"query": ".name"}}, {"jq": {"query": "{n: .}"}}, {"jq": {"query": ".n"}},
            ]},
        }),
        Shape("file, mapping, file, one core", count, {
            "input": {"file": {"paths": [str(source)]}},
            "pipeline": {"threads": 1, "processors": [{"mapping": MAPPING}]},
            "output": {"file": {"path": str(target), "codec": "lines"}},
        }, [sys.executable, "-c", LOOP, source, folder / "loop.jsonl"], "ratio 0.8"),
    ]  # fmt: skip
    if shutil.which("jq"):
        script = f"jq -c '{JQ}' {source} > {folder / 'jq.jsonl'}"
        found.append(Shape("  the same, beside jq", count, found[-1].config, ["sh", "-c", script]))
    return found


class Program:
    """Headwater as it is here, or at a revision."""

    def __init__(self, revision: str = "") -> None:
        self.name = revision or "here"
        self._folder: Path | None = None
        self._command: list[str | Path] = [PROGRAM]
        self._environment = dict(os.environ)
        if revision:
            self._folder = Path(tempfile.mkdtemp(prefix="headwater-rev-"))
            subprocess.run(["git", "worktree", "add", "-q", "--detach", self._folder, revision], cwd=ROOT, check=True)
            code = "import sys; from headwater.cli import main; sys.exit(main())"
            self._command = [sys.executable, "-c", code]
            self._environment["PYTHONPATH"] = f"{self._folder / 'actors'}:{self._folder / 'api'}"

    def run(self, config: Path) -> report.Run:
        """Run a configuration to its end on one core."""
        environment = [f"{key}={value}" for key, value in self._environment.items() if key == "PYTHONPATH"]
        return report.run(["env", *environment, *self._command, "run", config], cpus={0})

    def close(self) -> None:
        """Remove what was checked out."""
        if self._folder is not None:
            subprocess.run(["git", "worktree", "remove", "--force", self._folder], cwd=ROOT, check=False)


def measure(folder: Path, shape: Shape, program: Program) -> report.Run:
    """One run of a shape."""
    for old in ("out.jsonl", "buffer.db"):
        for path in folder.glob(f"{old}*"):
            path.unlink()
    config = folder / "config.json"
    service = {"http": {"enabled": False}, "logger": {"level": "NONE"}, "output": {"drop": {}}}
    config.write_text(json.dumps({**service, **shape.config}), encoding="utf-8")
    return program.run(config)


def streams(folder: Path, count: int, runs: int, only: str, other: Program | None) -> list[Result]:
    """All shapes, each in turn with its yardstick."""
    here = Program()
    all_shapes = shapes(folder, count)
    by_name = {shape.name: shape for shape in all_shapes}
    results = []
    for shape in all_shapes:
        if only not in shape.name:
            continue
        ours: list[float] = []
        theirs: list[float] = []
        peak = 0
        cpu = 0.0
        for _ in range(runs):
            if other is not None:
                theirs.append(shape.count / measure(folder, shape, other).seconds)
            elif isinstance(shape.than, str) and shape.than:
                than = by_name[shape.than]
                theirs.append(than.count / measure(folder, than, here).seconds)
            elif shape.than:
                theirs.append(shape.count / report.run(shape.than, cpus={0}).seconds)
            run = measure(folder, shape, here)
            ours.append(shape.count / run.seconds)
            peak = max(peak, run.peak)
            cpu = run.cpu
        yardstick = sorted(theirs)[len(theirs) // 2] if theirs else 0.0
        more = {"peak_bytes": float(peak), "cpu_seconds": cpu}
        results.append(Result(shape.name, "messages/s", ours, yardstick, shape.aim, more))
    return results


def http(folder: Path, seconds: float, runs: int) -> list[Result]:
    """Requests through `http_server`, a mapping and `sync_response`, beside a bare server of the same kind."""
    if not shutil.which("wrk"):
        print("wrk is not installed: HTTP is left out", file=sys.stderr)
        return []
    results = []
    for kind in ("waitress", "uvicorn"):
        for connections in (1, 16, 256):
            ours, theirs = [], []
            for _ in range(runs):
                theirs.append(_load(folder, [sys.executable, "-c", BARE[kind]], "/", connections, seconds))
                ours.append(_load(folder, _echo(folder, kind), "/post", connections, seconds))
            bare = sorted(theirs)[len(theirs) // 2]
            aim = "ratio 0.8" if connections > 1 else ""
            results.append(Result(f"HTTP echo, {kind}, {connections} connections", "requests/s", ours, bare, aim))
    return results


def _echo(folder: Path, kind: str) -> Callable[[int], list[str | Path]]:
    def command(port: int) -> list[str | Path]:
        config = folder / "echo.json"
        text = {
            "http": {"address": f"127.0.0.1:{port}"},
            "logger": {"level": "NONE"},
            "input": {"http_server": {"path": "/post"}},
            "pipeline": {"processors": [{"mapping": "root = content()"}]},
            "output": {"sync_response": {}},
        }
        config.write_text(json.dumps(text), encoding="utf-8")
        return [PROGRAM, "run", "--server", kind, config]

    return command


def _load(
    folder: Path,
    command: Sequence[str] | Callable[[int], list[str | Path]],
    path: str,
    connections: int,
    seconds: float,
) -> float:
    """Requests a second that a server answers."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    argv = command(port) if callable(command) else [*command, str(port)]
    process = subprocess.Popen([str(word) for word in argv], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                if time.monotonic() > until:
                    raise RuntimeError(f"{argv[0]} did not come up") from None
                time.sleep(0.05)
        time.sleep(0.3)
        script = folder / "post.lua"
        script.write_text('wrk.method = "POST"\nwrk.body = \'{"name": "customer", "price": 12}\'\n', encoding="utf-8")
        address = f"http://127.0.0.1:{port}{path}"
        load = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "-s", str(script), address]
        found = subprocess.run(load, capture_output=True, text=True, check=True).stdout
        if "Non-2xx" in found:
            raise RuntimeError(found)
        return float(re.search(r"Requests/sec:\s+([\d.]+)", found)[1])  # type: ignore[index]
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def start(runs: int) -> list[Result]:
    """How long the program takes to begin."""
    version = [report.run([PROGRAM, "--version"]).seconds * 1000 for _ in range(runs)]
    return [Result("headwater --version", "ms", version, aim="under 150")]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=400_000, help="messages of a quick shape (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=3, help="runs of each; the median counts (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=3, help="of load a server gets (default: %(default)s)")
    parser.add_argument("--part", choices=("streams", "http", "start"), action="append", help="repeatable")
    parser.add_argument("--only", default="", metavar="WORDS", help="shapes with these words in their name")
    parser.add_argument("--compare", metavar="REV", help="ratios to the same workload at a revision of this repository")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results")
    args = parser.parse_args()
    parts = args.part or (["streams"] if args.only or args.compare else ["streams", "http", "start"])
    results: list[Result] = []
    other = Program(args.compare) if args.compare else None
    try:
        with tempfile.TemporaryDirectory(prefix="headwater-bench-") as name:
            folder = Path(name)
            if "streams" in parts:
                results += streams(folder, args.count, args.runs, args.only, other)
            if "http" in parts:
                results += http(folder, args.seconds, args.runs)
            if "start" in parts:
                results += start(args.runs)
    finally:
        if other is not None:
            other.close()
    report.show(results, args.json)


if __name__ == "__main__":
    main()
