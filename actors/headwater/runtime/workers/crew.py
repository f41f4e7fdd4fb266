"""What a pipeline stage has of the workers: which chunks go out, and in which order their results go on.

While a stream has little to do its chunks stay where they are: a way through a pipe costs more than it brings. When
the processors kept their stage busy for most of a while, and messages cost more than that way, chunks go out. What is
done here and what comes back from workers goes on in the order in which it came in.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from headwater.bloblang.registry import Environment
from headwater.message import Message, Payloads
from headwater.runtime.messages import Chunk
from headwater.runtime.workers.pool import DEADLY, DEPTH, Client, Job, WorkerPool
from headwater.runtime.workers.protocol import Open, pack, pickled, unpack_results, unpickled
from headwater.telemetry.metrics import Counter, MetricRegistry, Series, Timing

if TYPE_CHECKING:
    from headwater.config.view import ComponentConfig
    from headwater.runtime.chain import ProcessorChain
    from headwater.runtime.stages.base import Stage
    from headwater.telemetry.logs import Log

PIECE: Final = 2048
"""Transactions that a stage asks for at once while workers do its work: enough chunks for all of them."""

LOGGED: Final = (5, logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL)


class Load:
    """How busy a stage's processors are: the part of a while that they were at work, in it or in workers."""

    SECONDS = 0.5
    BUSY = 0.5
    CALM = 0.25
    STALE_SECONDS = 4.0
    MESSAGE_NS = 800
    """What a message must cost: the way through a worker costs a third of that here."""
    CHUNK_NS = 1_000_000
    """What a chunk must cost, since each costs its wake-ups too."""

    __slots__ = ("_busy", "_count", "_each", "_since", "high")

    def __init__(self) -> None:
        self.high = self.BUSY <= 0
        self._since = time.perf_counter_ns()
        self._busy = 0
        self._count = 0
        self._each = 0.0 if self.BUSY > 0 else float("inf")

    @property
    def lasts(self) -> bool:
        """Whether it is high, and not from long ago."""
        if self.high and time.perf_counter_ns() - self._since > self.STALE_SECONDS * 1e9:
            self.high = False
        return self.high

    # HOT: once a chunk
    def spent(self, nanoseconds: int, count: int) -> None:
        """So long was just worked on so many messages."""
        self._busy += nanoseconds
        self._count += count
        passed = time.perf_counter_ns() - self._since
        if passed >= self.SECONDS * 1e9:
            self.high = self._busy >= passed * (self.CALM if self.high else self.BUSY)
            self._each = max(self._busy / self._count, self._each if self.BUSY <= 0 else 0.0)
            self._busy = self._count = 0
            self._since += passed

    # HOT: once a chunk
    def worth(self, count: int) -> bool:
        """Whether so many messages should go out."""
        each = self._each
        return each >= self.MESSAGE_NS and each * count >= self.CHUNK_NS and self.lasts


class Crew:
    """The workers of one pipeline stage.

    Args:
        pool: The workers of the system.
        chain: The processors as they are here.
        configs: The processors, as workers make them.
        threads: The most workers that are asked for.
        registry: Where the processors' series are.
    """

    def __init__(
        self,
        pool: WorkerPool,
        chain: ProcessorChain,
        configs: Sequence[ComponentConfig],
        threads: int,
        stream: str,
        registry: MetricRegistry,
        log: Log,
    ) -> None:
        self._pool = pool
        self._chain = chain
        self._configs = configs
        self._threads = threads
        self._stream = stream
        self._registry = registry
        self._log = log
        self._client: Client | None = None
        self._jobs: deque[tuple[Chunk, Job | None]] = deque()
        self._series: dict[tuple[str, str, tuple[tuple[str, str], ...]], Series] = {}
        self._useless = False
        self._deliver: Callable[[], None] = lambda: None
        self.load = Load()
        self.held = 0

    def attach(self, stage: Stage, collect: Callable[[], None]) -> None:
        """Say whose crew it is; `collect` is called in a turn when something has come back."""
        self._deliver = lambda: stage.wake(collect)

    @property
    def engaged(self) -> bool:
        """Whether chunks are out, or the next one would go."""
        return bool(self._jobs) or (self.load.high and self._pool.ready > 0)

    def wanted(self, credit: int) -> int:
        """How many transactions there is work for, when downstream takes `credit` more."""
        if len(self._jobs) > DEPTH * self._pool.ready:
            return 0
        return min(PIECE, credit - self.held)

    # HOT: once a chunk
    def takes(self, chunk: Chunk) -> bool:
        """Take a chunk: to a worker, or behind what is there. Otherwise it is to be processed at once."""
        if not self._useless and self.load.worth(len(chunk.batches)):
            job = self._submit(chunk)
            if job is not None:
                self._hold(chunk, job)
                return True
        if self._jobs:
            self._hold(chunk, None)
            return True
        return False

    def _submit(self, chunk: Chunk) -> Job | None:
        batches = chunk.batches
        if not isinstance(batches, Payloads) and max(map(len, batches)) > 1:
            return None
        if not self._pool.ready:
            self._pool.prepare(self._threads)
            return None
        packed = pack(batches)
        if packed is None:
            return None
        if self._client is None:
            self._client = self._pool.client(self._question, self._deliver)
        job = self._pool.submit(self._client, *packed)
        return None if job.done and job.answer is None else job

    def _question(self, key: int) -> Open:
        level = next((level for level in LOGGED if self._log.enabled(level)), logging.CRITICAL + 1)
        configs = pickled([(config.path, config.whole) for config in self._configs])
        return Open(key, self._stream, level, Environment.default().revision, configs)

    def _hold(self, chunk: Chunk, job: Job | None) -> None:
        self._jobs.append((chunk, job))
        self.held += len(chunk.batches)

    # HOT: once a chunk
    def next(self) -> tuple[Chunk, Payloads | list[Message | None] | None] | None:
        """The next chunk that may go on and what became of its messages, or None there where it is to be processed
        here; None where nothing may go on."""
        if not self._jobs:
            return None
        chunk, job = self._jobs[0]
        if job is not None and not job.done:
            return None
        self._jobs.popleft()
        self.held -= len(chunk.batches)
        if job is None:
            return chunk, None
        batches = chunk.batches
        if job.deadly:
            return chunk, self._given_up([batch[0] for batch in batches])
        answer = job.answer
        if answer is None:
            self._note_failure()
            return chunk, None
        self.load.spent(answer.nanoseconds, len(batches))
        for kind, name, labels, count, total in answer.series:
            self._count(kind, name, tuple(labels), count, total)
        if answer.lines:
            self._write(answer.lines)
        return chunk, unpack_results(batches, answer)

    def _count(self, kind: str, name: str, labels: tuple[tuple[str, str], ...], count: int, total: int) -> None:
        key = (kind, name, labels)
        series = self._series.get(key)
        if series is None:
            registry = self._registry
            if kind == Timing.kind:
                series = registry.series(Timing, name, dict(labels))
            else:
                series = registry.series(Counter, name, dict(labels))
            self._series[key] = series
        if isinstance(series, Counter):
            series.add(count)
        elif isinstance(series, Timing) and count:
            series.observe_many(total // count, count)

    def _write(self, lines: bytes) -> None:
        for level, text, fields in unpickled(lines):
            self._log.log(level, text, **fields)

    def _note_failure(self) -> None:
        if self._client is not None and self._client.broken and not self._useless:
            self._useless = True
            self._log.warning(f"The processors cannot run in worker processes: {self._client.broken}")

    def _given_up(self, given: list[Message]) -> list[Message | None]:
        resources = self._chain.links[0].resources
        resources.count_failure(DEADLY, len(given))
        return [resources.marked(message, DEADLY) for message in given]

    def close(self) -> None:
        """Give up what is out, and let go of the workers."""
        self._jobs.clear()
        self.held = 0
        if self._client is not None:
            self._pool.release(self._client)
            self._client = None

