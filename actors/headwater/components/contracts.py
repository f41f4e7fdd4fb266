"""What a component is: the methods that the engine calls, and what each side can rely on.

A component knows no actor and no HTTP. All its methods run in turns of one host, never two at once, so it needs no
locks of its own; what may block goes through `tasks.blocking`, waiting is `await`. `close` is called once, also after
a failed `connect`, and must let go of everything; a method that waits is cancelled (`tasks.Cancelled`) when the stream
is ended by force. Constructors do no I/O: they take a `Config` and `Resources`, and raise `ConfigError` when the
values make no sense.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from headwater.acknowledge import Delivery
from headwater.errors import ComponentError
from headwater.message import Batch, Batches, Message, Payloads
from headwater.tasks import Event


class Input:
    """Reads messages from somewhere.

    `connect` is called until it succeeds, with back-off, then `read` again and again. `read` raises `NotConnected`
    when the connection is gone (it is connected anew), `EndOfInput` when there is no more, and any other
    `ComponentError` when this read failed but the next may not (logged, and read again after a pause).
    """

    connects: ClassVar[bool] = True
    """Whether there is a connection to speak of: counted in metrics and shown by `/ready`."""

    stalled: Event | None = None
    """Up while nothing more comes before some of what was read is settled: at the end of the source while replays may
    still be due, above all. Whoever gathers messages of this input lets go of what he has then, or both would wait for
    ever. Wrappers and composites that wait for settlements provide it; leaf inputs need not."""

    async def connect(self) -> None:
        """Get ready to read. Raises: ComponentError."""

    async def read(self, limit: int) -> Delivery:
        """Wait for messages; at least one transaction, at most `limit` (a hint: more is right when it cannot be
        helped).

        Takes what is there and does not wait to fill the limit. Each message gets its index in the batch as `origin`.
        """
        raise NotImplementedError

    def drain(self) -> None:
        """The stream is being stopped: take in nothing more, and hand out what is held back with the read that is
        under way.

        Called in a turn of the host; that read is given up right after it, unless it can return at once.
        """

    async def close(self) -> None:
        """Let go of everything. Deliveries that are not settled are settled no more."""


class Output:
    """Writes batches to somewhere.

    `connect` is called until it succeeds, with back-off. `write` returns when the batch is delivered; it raises
    `NotConnected` (connected anew, written again), `BatchFailure` (only these messages failed), or another
    `ComponentError`. Up to `max_in_flight` writes are under way at once.
    """

    connects: ClassVar[bool] = True
    max_in_flight: int = 1

    write_many: Callable[[Batches], object] | None = None
    """Optional fast path for outputs that take many transactions with one call: a coroutine function that returns None
    when all were delivered, else a list with a failure or None for each. Used instead of `write` where it is set."""

    overlapping: bool = False
    """Whether `write_many` may be called again before it has returned, for up to `max_in_flight` transactions: for
    outputs that pass on at once, and then wait for the acks of others."""

    @property
    def takes_many(self) -> bool:
        """Whether chunk after chunk may be handed over with `write_many`, each when the one before is settled."""
        return self.write_many is not None and not self.overlapping

    async def connect(self) -> None:
        """Get ready to write. Raises: ComponentError."""

    async def write(self, batch: Batch) -> None:
        """Deliver a batch."""
        raise NotImplementedError

    def room(self, under_way: int) -> int:
        """How many more transactions it makes sense to bring while `under_way` are here: more would only wait."""
        return self.max_in_flight - under_way

    async def close(self) -> None:
        """Let go of everything."""


class Processor:
    """Makes batches of a batch.

    `process` is a coroutine function, or a plain function where nothing waits. It returns any number of batches: none
    drops the messages (they count as delivered). Messages are never changed in place. An exception marks every message
    of the batch as failed, and they go on as they were; to mark single ones use `Resources.failed`.
    """

    each: Callable[[Sequence[Message]], list[Message | None]] | None = None
    """Optional fast path for processors that look at one message at a time: one result a message, None for dropped
    ones. It must not wait, and marks its failures itself. Used instead of `process`, over messages of many batches at
    once."""

    payloads: Callable[[Payloads], Payloads | list[Message | None]] | None = None
    """The same for batches of which nothing but their payloads is known, as most inputs read them. Used instead of
    `each` where both are set; beside it, `each` must be."""
    portable: bool = False
    """Whether it may as well run in another process: it has `each`, only calculates, keeps nothing from one message for
    the next, and uses nothing of its surroundings but series, log lines and marks."""

    def process(self, batch: Batch) -> object:
        """The batches made of a batch: `list[Batch]`, or a coroutine that returns one."""
        raise NotImplementedError

    async def close(self) -> None:
        """Let go of everything."""


class Buffer:
    """Holds messages between the input and the rest of a stream, and acks them when it has them."""

    bounded: ClassVar[bool] = True
    """Whether only so many batches are being written at once. Not for buffers that return from `write` long after they
    took a batch, such as windows of time: they have to see all that comes."""

    accept: Callable[[Batches], int] | None = None
    """Optional fast path for buffers that need not wait while there is room: takes batches from the front of a list as
    long as there is, and tells how many. The others are given to `write`."""

    write_many: Callable[[Batches], object] | None = None
    """Optional fast path for buffers that keep many batches with one step: a coroutine function that returns None when
    all are kept, else a list with a failure or None for each. Used instead of `write` where it is set."""

    async def connect(self) -> None:
        """Get ready: open files, recover what is there."""

    async def write(self, batch: Batch) -> None:
        """Take a batch; returns when it is kept as safely as the buffer promises. Waits while there is no room."""
        raise NotImplementedError

    async def read(self, limit: int) -> Delivery:
        """Wait for messages to pass on. Raises: EndOfInput when `end` was called and everything was read and
        settled."""
        raise NotImplementedError

    async def end(self) -> None:
        """No more will be written: what waits for company goes out as it is."""

    async def close(self) -> None:
        """Let go of everything; what is kept for the next start stays."""


class KeyNotFound(ComponentError):
    """A cache does not have a key."""

    def __init__(self) -> None:
        super().__init__("key does not exist", "data")


class KeyExists(ComponentError):
    """A cache has the key that shall be added."""

    def __init__(self) -> None:
        super().__init__("key already exists", "data")


class Cache:
    """Values by key, shared by all who name the resource: its methods may be called from several streams, so on several
    threads, at once. Locks must be held for moments only."""

    async def get(self, key: str) -> bytes:
        """Raises: KeyNotFound."""
        raise NotImplementedError

    async def set(self, key: str, value: bytes, ttl: float | None = None) -> None:
        """Keep a value; `ttl` in seconds, None for the cache's own."""
        raise NotImplementedError

    async def add(self, key: str, value: bytes, ttl: float | None = None) -> None:
        """Keep a value if there is none. Raises: KeyExists."""
        raise NotImplementedError

    async def delete(self, key: str) -> None:
        """Forget a key."""
        raise NotImplementedError

    async def close(self) -> None:
        """Let go of everything."""


class RateLimit:
    """Says when the next one may go ahead. Shared as caches are."""

    async def access(self) -> float:
        """0 when it may go ahead (and is counted), else seconds to wait before asking again."""
        raise NotImplementedError

    def spend(self, size: int) -> None:
        """Take note of the size of what went ahead, for limits that look at bytes."""

    async def close(self) -> None:
        """Let go of everything."""


class Scanner:
    """Cuts a stream of bytes into messages; one instance is used for many streams of bytes."""

    def open(self, name: str) -> Scan:
        """Begin with a new stream of bytes; `name` is that of its file or source, or empty."""
        raise NotImplementedError


class Scan:
    """One stream of bytes being cut. What was complete before an error is returned first; the error comes with the
    next call."""

    eager: bool = False
    """Whether it has to see the beginning before it is open, as for a header: what is wrong with that is a failure to
    open it."""

    whole: bool = False
    """Whether it gives nothing unless the bytes came to their proper end."""

    def feed(self, data: bytes) -> Batches:
        """Take the next bytes; the batches that are complete by now. Raises: ComponentError."""
        raise NotImplementedError

    def finish(self) -> Batches:
        """There are no more bytes; what is left. Raises: ComponentError."""
        return []
