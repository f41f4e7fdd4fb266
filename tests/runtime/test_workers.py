"""Worker processes: the same results as in process, in order; nothing lost when one dies; nothing left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "flow"))

from observed import Observed

from headwater.message import Message
from headwater.runtime.workers import pool as pools
from headwater.runtime.workers.crew import Load
from headwater.runtime.workers.pool import WorkerPool
from headwater.system import StreamSystem

BUSY, CALM = Load.BUSY, Load.CALM


def until(condition: Callable[[], Any], seconds: float = 20.0) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits for its parent does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


class Working(Observed):
    """A source and a target around a pipeline whose work goes out, or stays here."""

    def __init__(self, workers: int) -> None:
        super().__init__()
        self.system.close()
        self.system = StreamSystem(catalogue=self.system.catalogue, threads=4, workers=workers)
        self.pool = self.system._services.workers
        self.sent = 0
        if self.pool is not None:
            submit = self.pool.submit

            def counted(*job: Any) -> Any:
                self.sent += 1
                return submit(*job)

            self.pool.submit = counted  # type: ignore[method-assign]

    def ready(self, count: int = 1) -> WorkerPool:
        """Wait until there are workers."""
        assert self.pool is not None
        self.pool.prepare(count)
        until(lambda: self.pool is not None and self.pool.ready >= count)
        return self.pool

    def run(self, processors: str, payloads: list[Message], stream: str = "s") -> tuple[list[Any], Any]:
        """What becomes of messages, and the stream's counts."""
        seen: list[Any] = []
        self.system.create(
            stream,
            "input: {source: {}}\noutput: {target: {}, processors: [{mapping: '"
            "root = [content().string(), metadata(), error(), error_source_label(), error_source_path()]"
            "'}]}\npipeline:\n  processors:\n" + processors,
        )
        start = len(self.read)
        for message in payloads:
            self.source.put_now([message])
        self.until(lambda: len(self.acked) >= start + len(payloads), 20)
        seen = list(self.delivered)
        self.delivered.clear()
        stats = self.system.stats(stream)
        self.system.delete(stream)
        return seen, stats


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every load counts as high."""
    monkeypatch.setattr(Load, "BUSY", 0)
    monkeypatch.setattr(Load, "CALM", 0)


@pytest.fixture(scope="module")
def both() -> Iterator[tuple[Working, Working]]:
    """One system that has workers, and one that has none."""
    patch = pytest.MonkeyPatch()
    patch.setattr(Load, "BUSY", 0)
    patch.setattr(Load, "CALM", 0)
    patch.setattr(WorkerPool, "IDLE_SECONDS", 60.0)
    here, there = Working(0), Working(2)
    there.ready(2)
    yield here, there
    here.system.close()
    there.system.close()
    patch.undo()


@pytest.fixture
def working(always: None) -> Iterator[Working]:
    """A system with up to two workers; afterwards no thread, process or descriptor is left."""
    before, threads = descriptors(), set(threading.enumerate())
    made = Working(2)
    yield made
    made.gate.set()
    assert made.pool is not None
    processes = made.pool.processes
    made.system.close(timeout=2.0)
    assert made.pool.processes == []
    until(lambda: not any(map(alive, processes)))
    until(lambda: not [each for each in set(threading.enumerate()) - threads if each.is_alive()])
    assert descriptors() <= before


PAYLOADS = [
    b'{"a":1,"name":"x","n":1.50}',
    b'{"a":7}',
    b"",
    b"no json",
    b"\xff\xfe\x00",
    b'{"a":null}',
    b"[1,2,3]",
    b'"text"',
    b"17",
    b'{"a":99999999999999999999,"z":-0,"f":1e3}',
    b'{"a":"' + b"x" * 300_000 + b'"}',
    '{"a":"ü\u2028"}'.encode(),
]


def messages() -> list[Message]:
    """Payloads of all sorts, with and without metadata."""
    shared = {"topic": "t"}
    kinds: list[dict[str, Any]] = [{}, shared, {"key": "k", "n": 5, "list": [1, {"b": True}], "raw": b"\x00\x01"}]
    return [Message(payload, metadata=kinds[place % 3]) for place, payload in enumerate(PAYLOADS * 2)]


CASES = {
    "copy": "  - mapping: root = this\n",
    "nothing": "  - noop: {}\n",
    "fields": '  - mapping: |\n      root.b = this.a + 1\n      root.c = this.name.uppercase() | "none"\n',
    "failure, labelled": "  - label: first\n    mapping: root = this.a.uppercase()\n  - mapping: root.e = this.a\n",
    "throws": '  - mapping: root = if this.a == 7 { throw("no sevens") }\n',
    "deleted": "  - mapping: root = if this.a == 7 { deleted() }\n",
    "all deleted": "  - mapping: root = deleted()\n",
    "metadata": '  - mapping: |\n      meta got = @topic.or("none") + "!"\n      meta n = 5\n',
    "less metadata": "  - mapping: meta = deleted()\n",
    "raw": '  - mapping: root = this.name.or(@key).encode("base64")\n',
    "mutation": "  - mutation: |\n      root.a = this.a.string()\n      meta x = this.a\n",
    "jq": "  - jq: {query: '{b: .a}'}\n",
    "jmespath": "  - jmespath: {query: 'a'}\n",
    "grok": "  - grok: {expressions: ['%{WORD:first} %{WORD:second}']}\n",
    "compressed and back": "  - compress: {algorithm: gzip}\n  - decompress: {algorithm: gzip}\n",
    "caught": "  - try:\n    - mapping: root.b = this.a.uppercase()\n    - mapping: root.c = 1\n"
    "  - catch:\n    - mapping: root.failed = true\n",
    "cases": "  - switch:\n    - check: this.a == 1\n      processors: [{mapping: root.one = 1}]\n"
    '    - check: this.a.type() == "null"\n      processors: [{mapping: root = deleted()}]\n'
    "    - processors: [{mapping: 'root = \"other\"'}]\n",
    "each": "  - for_each: [{mapping: root.x = this.a}]\n  - processors: [{mapping: root.y = this.x}]\n",
}


@pytest.mark.parametrize("name", CASES)
def test_workers_do_what_the_stage_does(name: str, both: tuple[Working, Working]) -> None:
    here, there = both
    before = there.sent
    results = [each.run(CASES[name], messages(), name) for each in both]
    assert there.sent > before  # it did go out
    (wanted, counts), (found, theirs) = results
    assert found == wanted
    assert _without_times(theirs) == _without_times(counts)
    assert here.acked == there.acked


def _without_times(tree: Any) -> Any:
    """Counts of a stats tree."""
    if isinstance(tree, dict):
        return {
            key: _without_times(value)
            for key, value in tree.items()
            if not (isinstance(key, str) and ("latency" in key or "uptime" in key or key == "batch"))
        }
    return tree


@pytest.mark.parametrize(
    "processors",
    [
        "  - mapping: root = counter()\n",
        '  - mapping: root = count("x")\n',
        "  - mapping: root = batch_index()\n",
        "  - for_each: [{mapping: root = random_int()}]\n",
        "  - sleep: {duration: 0s}\n",
        "  - code: {}\n",
    ],
)
def test_what_keeps_state_or_uses_its_surroundings_stays(processors: str, both: tuple[Working, Working]) -> None:
    _, there = both
    before = there.sent
    found, _ = there.run(processors, [Message(b"{}") for _ in range(5)], "stays")
    assert len(found) == 5
    assert there.sent == before


def test_batches_and_parsed_documents_stay_and_keep_their_place(both: tuple[Working, Working]) -> None:
    _, there = both
    there.create("pipeline: {processors: [{mapping: 'root = this.a * 2'}]}", "order")
    start, fed = len(there.acked), []
    for number in range(300):
        payload = b'{"a":%d}' % number
        if number % 5 == 3:
            there.source.put_now([Message(payload), Message(payload, origin=1)])
            fed += [number * 2, number * 2]
        else:
            there.source.put_now([Message(None, {"a": number}) if number % 7 == 3 else Message(payload)])
            fed.append(number * 2)
    there.until(lambda: len(there.acked) == start + 300)
    assert [int(each) for each in there.delivered] == fed
    there.delivered.clear()
    there.system.delete("order")


def test_log_lines_of_workers_are_those_of_the_stage(
    both: tuple[Working, Working], caplog: pytest.LogCaptureFixture
) -> None:
    lines = []
    for each in both:
        caplog.clear()
        each.run("  - label: one\n    mapping: root = this.a.uppercase()\n", [Message(b'{"a":1}')] * 3, "log")
        lines.append(
            [
                (r.levelname, r.getMessage(), getattr(r, "fields", None))
                for r in caplog.records
                if r.levelname == "ERROR"
            ]
        )
    assert lines[0] == lines[1]
    assert len(lines[0]) == 3


def test_a_killed_worker_costs_nothing(working: Working) -> None:
    pool = working.ready(2)
    working.create("pipeline: {processors: [{mapping: 'root = this.a'}]}")
    killed = []
    for number in range(3000):
        working.source.put_now([Message(b'{"a":%d}' % number)])
        if number in (500, 1500):
            until(lambda: len(working.delivered) > 100)
            processes = pool.processes
            killed += processes
            for pid in processes[: 1 if number == 500 else 2]:
                os.kill(pid, signal.SIGKILL)
            if number == 500:
                until(lambda: pool.ready == 2)
    working.until(lambda: len(working.acked) == 3000, 20)
    assert [int(each) for each in working.delivered] == list(range(3000))
    assert working.nacked == []


def test_a_message_that_kills_its_workers_is_marked(working: Working, monkeypatch: pytest.MonkeyPatch) -> None:
    pool = working.ready(2)
    assigned: list[int] = []
    original = pool._assign

    def assign(worker: Any, job: Any) -> None:
        os.kill(worker.process.pid, signal.SIGSTOP)
        original(worker, job)
        assigned.append(worker.process.pid)
        os.kill(worker.process.pid, signal.SIGKILL)

    monkeypatch.setattr(pool, "_assign", assign)
    found, stats = working.run("  - label: one\n    mapping: root = this\n", [Message(b"{}")], "deadly")
    assert json.loads(found[0]) == ["{}", {}, pools.DEADLY, "one", "pipeline.processors.0"]
    assert len(assigned) == pools.ATTEMPTS
    assert stats["pipeline"]["processor"]["0"]["error"] == 1


def test_work_that_does_not_end_ends_with_its_stream(working: Working, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(WorkerPool, "GRACE_SECONDS", 0.1)
    monkeypatch.setattr(WorkerPool, "TICK_SECONDS", 0.02)
    pool = working.ready()
    (stuck,) = pool.processes
    working.create("pipeline: {processors: [{mapping: 'root = this'}]}")
    working.feed("1")
    working.until(lambda: working.acked == [0])
    os.kill(stuck, signal.SIGSTOP)
    working.feed("2")
    working.until(lambda: len(working.read) == 2)
    started = time.monotonic()
    assert working.system.delete("s", timeout=0.3) == []
    assert time.monotonic() - started < 2
    until(lambda: not alive(stuck))


def test_workers_end_when_nobody_needs_them(working: Working, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(WorkerPool, "TICK_SECONDS", 0.02)
    pool = working.ready(2)
    processes = pool.processes
    assert len(processes) == 2
    monkeypatch.setattr(WorkerPool, "IDLE_SECONDS", 0.05)
    until(lambda: not any(map(alive, processes)))
    assert pool.processes == []
    until(lambda: not [each for each in threading.enumerate() if each.name == "headwater-workers"])
    monkeypatch.setattr(WorkerPool, "IDLE_SECONDS", 60.0)
    working.ready()  # and come back


def test_workers_that_cannot_start_leave_the_work_here(working: Working, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    pool = working.pool
    assert pool is not None
    working.create("pipeline: {processors: [{mapping: 'root = this'}]}")
    for number in range(200):
        working.feed(str(number))
    pool.prepare(2)
    until(lambda: pool._failures >= pools.ATTEMPTS)
    working.feed("200")
    working.until(lambda: len(working.acked) == 201)
    assert working.delivered == [str(number) for number in range(201)]


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_no_worker_outlives_a_killed_parent() -> None:
    code = (
        "import sys, time\n"
        "from headwater.system import StreamSystem\n"
        "workers = StreamSystem(workers=2)._services.workers\n"
        "workers.prepare(2)\n"
        "while workers.ready < 2: time.sleep(0.01)\n"
        "print(*workers.processes, flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    processes = [int(word) for word in parent.stdout.readline().split()]
    assert len(processes) == 2
    parent.kill()
    parent.wait()
    parent.stdout.close()
    until(lambda: not any(map(alive, processes)), 5)


def test_load_is_high_only_while_the_processors_are_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0]
    monkeypatch.setattr(Load, "BUSY", BUSY)
    monkeypatch.setattr(Load, "CALM", CALM)
    monkeypatch.setattr(time, "perf_counter_ns", lambda: now[0])

    def second(load: Load, busy: float) -> bool:
        for _ in range(10):
            now[0] += 100_000_000
            load.spent(int(busy * 1e8), 1000)
        return load.worth(1000)

    load = Load()
    assert not second(load, 0.4)
    assert second(load, 0.8)
    assert second(load, 0.3)  # lower than what it began with, and still worth it
    assert not second(load, 0.2)
    assert second(load, 1.9)  # two workers
    assert not load.worth(5)  # not for so few
    now[0] += 5_000_000_000
    assert not load.lasts


@pytest.mark.parametrize(
    ("threads", "goes_out"), [("", False), ("threads: 1, ", False), ("threads: 2, ", True), ("threads: -1, ", True)]
)
def test_by_default_only_streams_that_ask_for_threads_go_out(
    threads: str, goes_out: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("headwater.system._cores", lambda: 4)
    with StreamSystem(workers=None) as system:
        system.create(
            "s",
            "input: {generate: {interval: 1h, mapping: 'root = {}'}}\noutput: {drop: {}}\n"
            f"pipeline: {{{threads}processors: [{{mapping: root = this}}]}}",
        )
        ring = system._registry.snapshot["s"].ring
        assert (ring._crew() is not None) is goes_out
    monkeypatch.setattr("headwater.system._cores", lambda: 1)
    with StreamSystem(workers=None) as system:
        assert system._services.workers is None
