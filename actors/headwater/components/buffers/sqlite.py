"""Buffer `sqlite`: keeps messages in a file, and acks them when they are on disk."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from headwater import tasks
from headwater.acknowledge import Delivery, Failure, Fragments
from headwater.components.batching import Part, delivery_of
from headwater.components.buffers._meter import Meter
from headwater.components.buffers._packing import pack, unpack
from headwater.components.buffers._queue_file import QueueFile
from headwater.components.catalogue import component
from headwater.components.contracts import Buffer
from headwater.components.opening import open_blocking
from headwater.components.replays import Replays, Transaction
from headwater.components.resources import Resources
from headwater.config.fields import processors, spec, text
from headwater.config.view import Config
from headwater.errors import Closed, ComponentError, EndOfInput
from headwater.message import Batch, Batches, numbered

SPEC = spec(
    "buffer",
    "sqlite",
    text("path", "The file; made when it is not there."),
    processors("pre_processors", "What is done to messages before they are stored.", optional=True),
    processors("post_processors", "What is done to messages when they leave the buffer.", optional=True),
    categories=("Utility",),
    summary="Keep messages in a SQLite file, so that they survive a restart.",
    description=(
        "A message is acked when it is on disk, and deleted when it was delivered; what was not is delivered after the "
        "next start. A damaged file is moved aside, and what can be read of it is kept. Batches of many messages are "
        "stored much faster than single messages."
    ),
    blocking=True,
    examples=(
        (
            "Store packed",
            "buffer:\n  sqlite:\n    path: ./queue.db\n    pre_processors:\n      - compress: { algorithm: gzip }\n"
            "    post_processors:\n      - decompress: { algorithm: gzip }\n",
        ),
    ),
)

PAGE = 512
"""Batches that are read from the file at once."""

AHEAD_BYTES = 32 * 1024 * 1024
"""Content that is kept in memory for a reader that keeps up; what is more is read from the file."""

FORGET_SECONDS = 0.05
"""How long a delivered batch may stay in the file while nothing is written with which it could be deleted: each commit
has the disk synchronised, and a batch that is still there after a loss of power is only delivered once more."""

ENOUGH = 64
"""Batches that are worth a commit while more are coming."""

GATHER_SECONDS = 0.02
"""How long a commit waits at the most for more to come, while batches come faster than commits are done."""

COMPACT_EVERY = 60.0
"""Seconds between looks whether an emptied file can be made smaller."""


class _Write:
    """Packed batches that wait for the next commit."""

    __slots__ = ("contents", "done")

    def __init__(self, contents: list[bytes]) -> None:
        self.contents = contents
        self.done: tasks.Future[None] = tasks.Future()


@component(SPEC)
class SqliteBuffer(Buffer):
    """A queue in a file. What many writers bring while one commit is under way goes into the next one together."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._path = config.text("path")
        self._before = resources.build_chain(config.children("pre_processors"))
        self._behind = resources.build_chain(config.children("post_processors"))
        self._log = resources.log
        self._clock = resources.clock
        self._meter = Meter(resources)
        self._file: QueueFile | None = None
        self._writes: deque[_Write] = deque()
        self._work = tasks.Event()
        self._forget = tasks.Event()
        self._enough = tasks.Event()
        self._waiting = 0
        self._writer: tasks.Task[None] | None = None
        self._delivered: list[int] = []
        self._ahead: deque[tuple[int, bytes]] = deque()
        self._ahead_bytes = 0
        self._behind_file = True
        """Whether the file has batches behind the last one read that are not in memory."""
        self._last_read = 0
        self._arrived = tasks.Event()
        self._replays = Replays()
        self._ended = False
        self._next_compaction = 0.0
        self.write_many = self._write_many

    async def connect(self) -> None:
        if self._file is not None:
            return
        self._file = await open_blocking(QueueFile, self._path, self._log.error, discard=QueueFile.close)
        self._replays.watch()
        self._writer = tasks.spawn(self._run(), "sqlite commits")

    # -- writing

    async def write(self, batch: Batch) -> None:
        failures = await self._write_many([batch])
        if failures is not None and failures[0] is not None:
            raise failures[0]

    # HOT: once a chunk
    async def _write_many(self, batches: Batches) -> list[Failure | None] | None:
        """Store batches with one commit. Returns: None when all are on disk, else a failure for each."""
        stored = list(batches)
        if len(self._before):
            stored = [made for batch in stored for made in await self._before.process([batch])]
        if not stored:
            return None
        write = _Write([pack(batch) for batch in stored])
        self._writes.append(write)
        self._waiting += len(stored)
        self._work.set()
        if self._waiting >= ENOUGH:
            self._enough.set()
        try:
            await write.done
        except ComponentError as error:
            return [error] * len(batches)
        for batch in stored:
            self._meter.received(len(batch))
        return None

    async def _run(self) -> None:
        """Commit what there is, group after group, until the buffer is closed."""
        while True:
            if not self._writes:
                await self._wait_for_work()
            writes = list(self._writes)
            self._writes.clear()
            self._waiting = 0
            delivered, self._delivered = self._delivered, []
            started = self._clock.now()
            await self._commit(writes, delivered)
            if self._writes and self._waiting < ENOUGH:
                # They came during the commit, so more may come during another. Each has the disk synchronised, which
                # is what costs; one who waits for each answer before he sends again is not among these.
                self._enough.clear()
                await self._wait(self._enough, min(GATHER_SECONDS, self._clock.now() - started))

    async def _wait_for_work(self) -> None:
        """Wait for writes, but not for long while something is to be forgotten."""
        self._work.clear()
        if not self._delivered:
            await tasks.first(self._work.future, self._forget.future)
        self._forget.clear()
        if not self._work.is_set():
            await self._wait(self._work, FORGET_SECONDS)

    async def _wait(self, event: tasks.Event, seconds: float) -> None:
        """Wait for an event, for so long at the most."""
        due: tasks.Future[None] = tasks.Future()
        timer = self._clock.after(seconds, due.fire)
        try:
            await tasks.first(event.future, due)
        finally:
            timer.cancel()

    async def _commit(self, writes: list[_Write], delivered: list[int]) -> None:
        file = self._file
        assert file is not None
        contents = [content for write in writes for content in write.contents]
        try:
            first = await tasks.blocking(file.commit, contents, _ranges(delivered))
        except ComponentError as error:
            self._log.error(str(error))
            # What is delivered and still in the file is forgotten with a later commit.
            self._delivered.extend(delivered)
            for write in writes:
                write.done.set_exception(error)
            if not writes:
                await tasks.sleep(1.0)
            return
        if not self._behind_file:
            for offset, content in enumerate(contents):
                if self._ahead_bytes + len(content) > AHEAD_BYTES:
                    self._behind_file = True
                    break
                self._ahead.append((first + offset, content))
                self._ahead_bytes += len(content)
        self._arrived.set()
        for write in writes:
            write.done.fire()
        if not contents and delivered and self._clock.now() >= self._next_compaction:
            self._next_compaction = self._clock.now() + COMPACT_EVERY
            await tasks.blocking(file.compact)

    # -- reading

    # HOT: once a chunk
    async def read(self, limit: int) -> Delivery:
        while True:
            if not self._replays.due():
                if not self._ahead and self._behind_file:
                    await self._load()
                self._take(limit)
            if self._replays.due():
                delivery = await self._replays.take(limit, lambda: True)
                assert delivery is not None
                delivery = await self._processed(delivery)
                if delivery is not None:
                    self._meter.sent(delivery.batches)
                    return delivery
                continue
            if self._ended and not len(self._replays) and not self._ahead and not self._behind_file:
                raise EndOfInput
            self._arrived.clear()
            await tasks.first(self._arrived.future, self._replays.changed())

    async def _load(self) -> None:
        """Read the next batches from the file."""
        file = self._file
        if file is None:
            raise Closed
        rows, seen = await tasks.blocking(file.page, self._last_read, PAGE)
        self._ahead.extend(rows)
        self._ahead_bytes += sum(len(content) for _, content in rows)
        # Commits go on meanwhile: what came in since this page was read is looked for again.
        self._behind_file = len(rows) == PAGE or file.last > seen

    def _take(self, limit: int) -> None:
        for _ in range(min(limit, len(self._ahead))):
            id_, content = self._ahead.popleft()
            self._ahead_bytes -= len(content)
            self._last_read = id_
            self._replays.add(Transaction(unpack(content), self._delivered_one(id_)))

    def _delivered_one(self, id_: int) -> Callable[[Failure | None], None]:
        def delivered(failure: Failure | None) -> None:
            if failure is None:
                self._delivered.append(id_)
                self._forget.set()

        return delivered

    async def _processed(self, delivery: Delivery) -> Delivery | None:
        """What the processors behind the buffer make of a delivery; None when they drop all of it."""
        if not len(self._behind):
            return delivery
        parts: list[Part] = []
        for index, batch in enumerate(delivery.batches):
            made = await self._behind.process([batch])
            if not made:
                delivery.settle((index,), None)
                continue
            fragments = Fragments(len(made), _settling(delivery, index))
            for each in made:
                parts.append(Part(numbered(each), _fragment(fragments, each)))
        return delivery_of(parts) if parts else None

    async def end(self) -> None:
        self._ended = True
        self._arrived.set()

    async def close(self) -> None:
        """Forget what was delivered, and close the file; what was not delivered stays in it."""
        self._replays.close()
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.cancel()
        for write in self._writes:
            write.done.set_exception(Closed())
        self._writes.clear()
        file, self._file = self._file, None
        if file is not None:
            try:
                if self._delivered:
                    await tasks.blocking(file.commit, (), _ranges(self._delivered))
            except ComponentError as error:
                self._log.error(str(error))
            finally:
                await tasks.blocking(file.close)
        await self._before.close()
        await self._behind.close()


def _ranges(ids: Sequence[int]) -> list[tuple[int, int]]:
    """Ids as ranges, both ends included."""
    ranges: list[tuple[int, int]] = []
    for id_ in sorted(ids):
        if ranges and ranges[-1][1] + 1 == id_:
            ranges[-1] = (ranges[-1][0], id_)
        else:
            ranges.append((id_, id_))
    return ranges


def _settling(delivery: Delivery, index: int) -> Callable[[Failure | None], None]:
    return lambda failure: delivery.settle((index,), failure)


def _fragment(fragments: Fragments, batch: Batch) -> Callable[[Failure | None], None]:
    return lambda failure: fragments.settle(batch, failure)
