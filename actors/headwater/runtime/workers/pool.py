"""The worker processes of a system: who gets which job, and what happens when one dies.

One thread starts them, reads their answers and ends them; it runs only while there are any. Jobs are written by whoever
hands them in, as far as the pipe takes them. A job is kept until it is answered, so the death of a worker loses
nothing.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import selectors
import threading
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, Final

from headwater.runtime.workers.protocol import Close, Done, Open, Ready, Unable, Work, frame
from headwater.telemetry.logs import Log

if TYPE_CHECKING:  # imported with the first worker: most systems never have one
    from headwater.runtime.workers.process import Worker

DEPTH: Final = 2
"""Jobs that a worker has at once: one that it works on, one that it need not wait for."""

ATTEMPTS: Final = 3
"""Workers that may die of a job before it is given up; and those that may die before they are ready."""

DEADLY: Final = "worker processes ended while they processed the message"


class Job:
    """Messages on their way through a worker.

    Attributes:
        answer: What came back; None where they have to be processed here.
        deadly: That it was given up because workers died of it.
        done: Whether it is over, one way or another.
    """

    __slots__ = ("answer", "attempts", "client", "deadly", "done", "frame", "number")

    def __init__(self, client: Client, number: int, payloads: list[bytes], extras: bytes) -> None:
        self.client = client
        self.number = number
        self.frame = frame(Work(client.key, number, payloads, extras))
        self.attempts = 0
        self.answer: Done | None = None
        self.deadly = False
        self.done = False


class Client:
    """A chain of processors that workers have, and whom to tell of what they did with it.

    Attributes:
        broken: Why workers cannot make the chain, where they cannot.
        released_at: When it was let go of.
    """

    __slots__ = ("broken", "deliver", "frame", "key", "released_at")

    def __init__(self, key: int, question: Open, deliver: Callable[[], None]) -> None:
        self.key = key
        self.frame = frame(question)
        self.deliver = deliver
        self.broken = ""
        self.released_at: float | None = None


class WorkerPool:
    """Worker processes that the streams of a system share.

    Args:
        limit: The most processes.
        log: Told of deaths.
        asked_for: Whether only streams whose configuration has `pipeline.threads` may use them.
    """

    IDLE_SECONDS = 5.0
    """Without work for so long they are ended."""

    GRACE_SECONDS = 1.0
    """How long a job of a stream that is gone may go on before its worker is killed."""

    HANG_SECONDS = 60.0
    """How long a job may take at all."""

    TICK_SECONDS = 0.25

    def __init__(self, limit: int, log: Log, *, asked_for: bool = False) -> None:
        self.limit = limit if os.name == "posix" else 0
        self.asked_for = asked_for
        self.ready = 0
        self._log = log
        self._lock = threading.Lock()
        self._workers: list[Worker] = []
        self._waiting: deque[Job] = deque()
        self._numbers = itertools.count()
        self._wanted = 0
        self._failures = 0
        self._used = 0.0
        self._thread: threading.Thread | None = None
        self._running = False
        self._bell = -1
        self._closed = False

    @property
    def processes(self) -> list[int]:
        """The ids of the processes that are there."""
        with self._lock:
            return [worker.process.pid for worker in self._workers]

    # -- asked by the stages

    def client(self, question: Callable[[int], Open], deliver: Callable[[], None]) -> Client:
        """Take on a chain. `deliver` is called, on another thread, when a job of it is done."""
        key = next(self._numbers)
        return Client(key, question(key), deliver)

    def prepare(self, count: int) -> None:
        """Start workers, so many at the most, if there are none yet."""
        with self._lock:
            if self._closed or self._failures >= ATTEMPTS:
                return
            self._used = monotonic()
            self._wanted = max(self._wanted, min(count, self.limit))
            self._ring()

    def submit(self, client: Client, payloads: list[bytes], extras: bytes) -> Job:
        """Have messages processed."""
        job = Job(client, next(self._numbers), payloads, extras)
        with self._lock:
            self._used = monotonic()
            if not self.ready:
                job.done = True
                return job
            worker = min(
                (each for each in self._workers if each.ready and len(each.jobs) < DEPTH),
                key=lambda each: len(each.jobs),
                default=None,
            )
            if worker is None:
                self._waiting.append(job)
            else:
                self._assign(worker, job)
        return job

    def release(self, client: Client) -> None:
        """Let go of a chain; what is under way of it is forgotten."""
        with self._lock:
            client.released_at = monotonic()
            self._waiting = deque(job for job in self._waiting if job.client is not client)
            for worker in self._workers:
                if client.key in worker.opened:
                    worker.opened.discard(client.key)
                    worker.send(frame(Close(client.key)))

    def close(self) -> None:
        """End all workers, by force where they do not end by themselves, and wait for it."""
        with self._lock:
            self._closed = True
            thread = self._thread
            if self._running:
                self._ring()
        if thread is not None:
            thread.join(timeout=2 * self.GRACE_SECONDS + 1)

    # -- with the lock

    # HOT: once a chunk
    def _assign(self, worker: Worker, job: Job) -> None:
        if not worker.jobs:
            worker.head_since = monotonic()
        worker.jobs[job.number] = job
        client = job.client
        if client.key not in worker.opened:
            worker.opened.add(client.key)
            worker.send(client.frame)
        worker.send(job.frame)
        if worker.writing and not worker.watched:
            self._ring()

    def _fill(self, worker: Worker) -> None:
        while self._waiting and len(worker.jobs) < DEPTH:
            self._assign(worker, self._waiting.popleft())

    def _ring(self) -> None:
        """Have the thread look around; start it where there is none."""
        if not self._running:
            self._running = True
            source, self._bell = os.pipe()
            os.set_blocking(source, False)
            os.set_blocking(self._bell, False)
            self._thread = threading.Thread(
                target=self._run, args=(source, self._bell), name="headwater-workers", daemon=True
            )
            self._thread.start()
        else:
            with contextlib.suppress(BlockingIOError):
                os.write(self._bell, b"!")

    # -- on the thread

    def _run(self, source: int, bell: int) -> None:
        selector = selectors.DefaultSelector()
        selector.register(source, selectors.EVENT_READ)
        try:
            while self._look_around(selector):
                for key, events in selector.select(self.TICK_SECONDS):
                    if key.fd == source:
                        os.read(source, 4096)
                    elif events & selectors.EVENT_WRITE:
                        with self._lock:
                            key.data.flush()
                    else:
                        self._receive(selector, key.data)
        finally:
            selector.close()
            os.close(source)
            os.close(bell)

    def _look_around(self, selector: selectors.BaseSelector) -> bool:
        """Start, watch and end workers as it is needed; whether to go on."""
        now = monotonic()
        with self._lock:
            busy = self._waiting or any(worker.jobs for worker in self._workers)
            ends = self._closed or (not busy and now - self._used > self.IDLE_SECONDS)
            if not ends:
                missing = self._wanted - len(self._workers)
                for worker in self._workers:
                    if worker.writing is not worker.watched:
                        worker.watched = worker.writing
                        if worker.watched:
                            selector.register(worker.sink, selectors.EVENT_WRITE, worker)
                        else:
                            selector.unregister(worker.sink)
                overdue = [worker for worker in self._workers if self._overdue(worker, now)]
            else:
                # From here on nobody finds a worker, nor this thread: the next one starts afresh.
                workers, self._workers = self._workers, []
                self.ready = 0
                self._wanted = 0
                orphans = [job for worker in workers for job in worker.jobs.values()] + list(self._waiting)
                self._waiting.clear()
                self._running = False
        if ends:
            self._deliver(orphans)
            self._end(workers)
            return False
        for worker in overdue:
            self._died(selector, worker)
        for _ in range(missing):
            self._start(selector)
        return True

    def _overdue(self, worker: Worker, now: float) -> bool:
        if not worker.jobs:
            return False
        if now - worker.head_since > self.HANG_SECONDS:
            return True
        head = next(iter(worker.jobs.values()))
        released = head.client.released_at
        return released is not None and now - max(released, worker.head_since) > self.GRACE_SECONDS

    def _end(self, workers: list[Worker]) -> None:
        for worker in workers:
            worker.hang_up()
        until = monotonic() + self.GRACE_SECONDS
        for worker in workers:
            worker.end(max(0.01, until - monotonic()))

    def _start(self, selector: selectors.BaseSelector) -> None:
        from headwater.runtime.workers.process import Worker

        try:
            worker = Worker()
        except OSError as error:
            self._failed(f"cannot be started: {error}")
            return
        with self._lock:
            self._workers.append(worker)
        selector.register(worker.source, selectors.EVENT_READ, worker)

    def _failed(self, reason: str) -> None:
        """A worker did not come to life; after some of them no more are tried."""
        with self._lock:
            self._failures += 1
            orphans: list[Job] = []
            if self._failures >= ATTEMPTS:
                self._wanted = len(self._workers)
                if not self._workers:
                    orphans, self._waiting = list(self._waiting), deque()
        self._log.warning(f"A worker process {reason}")
        self._deliver(orphans)

    # HOT: once a chunk
    def _receive(self, selector: selectors.BaseSelector, worker: Worker) -> None:
        try:
            answers = worker.receive()
        except Exception:
            self._died(selector, worker)
            return
        over: list[Job] = []
        with self._lock:
            self._used = monotonic()
            for answer in answers:
                if isinstance(answer, Ready):
                    worker.ready = True
                    self._failures = 0
                    self.ready += 1
                    continue
                job = worker.jobs.pop(answer.number, None)
                worker.head_since = monotonic()
                if job is None:
                    continue
                if isinstance(answer, Unable):
                    job.client.broken = answer.reason
                else:
                    job.answer = answer
                over.append(job)
            self._fill(worker)
        self._deliver(over)

    def _deliver(self, jobs: list[Job]) -> None:
        for job in jobs:
            job.done = True
        for job in jobs:
            if job.client.released_at is None:
                job.client.deliver()

    def _died(self, selector: selectors.BaseSelector, worker: Worker) -> None:
        """A worker has ended, or has to: another one gets what it had."""
        selector.unregister(worker.source)
        if worker.watched:
            selector.unregister(worker.sink)
        status = worker.end()
        over: list[Job] = []
        with self._lock:
            if worker in self._workers:
                self._workers.remove(worker)
            if worker.ready:
                self.ready -= 1
            jobs = [job for job in worker.jobs.values() if job.client.released_at is None]
            if jobs and jobs[0] is next(iter(worker.jobs.values())):
                # They are worked on in order: whatever killed it was the first.
                jobs[0].attempts += 1
                if jobs[0].attempts >= ATTEMPTS:
                    jobs[0].deadly = True
                    over.append(jobs.pop(0))
            self._waiting.extendleft(reversed(jobs))
            for other in self._workers:
                if other.ready:
                    self._fill(other)
        if not worker.ready:
            self._failed(f"ended before it was ready, with status {status}")
        else:
            self._log.warning("A worker process has ended; what it was at is done by another", status=status)
        self._deliver(over)
