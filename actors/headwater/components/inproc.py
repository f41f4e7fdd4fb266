"""In-process channels: what one stream's `inproc` output sends, another's `inproc` input receives.

A sender waits until a reader took its batch and until that was settled, so acks, failures by message and synchronous
responses pass through. A reader that goes away gives back what it did not settle, and the sender sends it again.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

from headwater import tasks
from headwater.acknowledge import Delivery, Failure
from headwater.errors import NotConnected
from headwater.message import Batch, Batches, Payloads, numbered


class Parcel:
    """Batches on their way through a channel.

    Attributes:
        taken: Settled when a reader has taken it.
        done: Settled when the reader has settled all of them: with None, or a failure or None for each.
    """

    __slots__ = ("_failures", "_open", "_settled", "batches", "done", "taken")

    def __init__(self, batches: Batches) -> None:
        self.batches = batches
        self.taken: tasks.Future[None] = tasks.Future()
        self.done: tasks.Future[list[Failure | None] | None] = tasks.Future()
        self._open = len(batches)
        self._settled = bytearray(len(batches))
        self._failures: dict[int, Failure] = {}

    # HOT: once a chunk
    def settle(self, indices: Sequence[int], failure: Failure | None) -> None:
        """Some of the batches were delivered, or failed."""
        for index in indices:
            self._settled[index] = 1
        if failure is not None:
            self._failures.update(dict.fromkeys(indices, failure))
        self._open -= len(indices)
        if self._open == 0:
            self._finish()

    def give_back(self) -> None:
        """The reader went away: what it did not settle is to be sent again."""
        gone = NotConnected()
        for index, settled in enumerate(self._settled):
            if not settled:
                self._failures[index] = gone
        self._finish()

    def _finish(self) -> None:
        failures = self._failures
        self.done.set_result([failures.get(index) for index in range(len(self.batches))] if failures else None)


class Channel:
    """Batches from any number of senders to any number of readers, first come, first served."""

    def __init__(self) -> None:
        self._queue: tasks.Queue[Parcel] = tasks.Queue()

    async def send(self, batch: Batch) -> None:
        """Hand over a batch and wait until it is settled.

        Raises:
            ComponentError: What the reader settled it with; `NotConnected` when the reader went away instead.
        """
        failures = await self.send_many([batch])
        if failures is not None and failures[0] is not None:
            raise failures[0]

    async def send_many(self, batches: Batches) -> list[Failure | None] | None:
        """Hand over batches and wait until all are settled.

        Returns:
            None when all were delivered, else for each what the reader settled it with; `NotConnected` where the reader
            went away instead.
        """
        parcel = Parcel(batches)
        self._queue.put_now(parcel)
        try:
            await parcel.taken  # a turn in which its sender sees that there is room again
            return await parcel.done
        except tasks.Cancelled:
            # Whoever finds it in the queue leaves it there: a settled parcel has nobody waiting for it.
            parcel.done.set_result(None)
            raise

    @property
    def waiting(self) -> bool:
        """Whether there is something that nobody has taken."""
        return bool(len(self._queue))

    async def receive(self) -> Parcel:
        """Wait for a parcel."""
        while True:
            parcel = await self._queue.get()
            if not parcel.done.done():
                parcel.taken.fire()
                return parcel

    def receive_now(self) -> Parcel | None:
        """The next parcel, if there is one."""
        while (parcel := self._queue.get_now()) is not None:
            if not parcel.done.done():
                parcel.taken.fire()
                return parcel
        return None


class Hub:
    """All channels of a system, by name. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._channels: dict[str, tuple[Channel, list[int]]] = {}

    def open(self, name: str) -> Channel:
        """The channel of that name; to be followed by `close` once it is needed no more."""
        with self._lock:
            channel, users = self._channels.setdefault(name, (Channel(), [0]))
            users[0] += 1
            return channel

    def close(self, name: str) -> None:
        """One user fewer; a channel without users is forgotten."""
        with self._lock:
            found = self._channels.get(name)
            if found is not None:
                found[1][0] -= 1
                if found[1][0] <= 0:
                    del self._channels[name]

    def __len__(self) -> int:
        """How many channels are in use."""
        return len(self._channels)


class Reader:
    """One reader's side of a channel: hands out deliveries, and gives back on `close` what was not settled."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._open: set[Parcel] = set()
        self._rest: tuple[Parcel, int] | None = None

    # HOT: once a chunk
    async def read(self, limit: int) -> Delivery:
        """The next batches, each a transaction."""
        parcel, start = self._rest or (await self._channel.receive(), 0)
        pieces = [self._piece(parcel, start, limit)]
        count = len(pieces[0][1])
        while count < limit and (more := self._channel.receive_now()) is not None:
            pieces.append(self._piece(more, 0, limit - count))
            count += len(pieces[-1][1])
        if len(pieces) == 1:
            return self._whole(*pieces[0])
        places = [(parcel, index) for parcel, indices in pieces for index in indices]

        def settle(indices: Sequence[int] | None, failure: Failure | None) -> None:
            for parcel, index in places if indices is None else [places[index] for index in indices]:
                self._settle(parcel, (index,), failure)

        return Delivery([numbered(parcel.batches[index]) for parcel, index in places], settle)

    def _piece(self, parcel: Parcel, start: int, most: int) -> tuple[Parcel, range]:
        """What to take of a parcel; what is over is next."""
        self._open.add(parcel)
        end = min(len(parcel.batches), start + most)
        self._rest = (parcel, end) if end < len(parcel.batches) else None
        return parcel, range(start, end)

    def _whole(self, parcel: Parcel, piece: range) -> Delivery:
        """A delivery of one parcel, or of a piece of it."""

        def settle(indices: Sequence[int] | None, failure: Failure | None) -> None:
            self._settle(parcel, piece if indices is None else [piece[index] for index in indices], failure)

        batches = parcel.batches[piece.start : piece.stop]
        return Delivery(batches if isinstance(batches, Payloads) else [numbered(batch) for batch in batches], settle)

    def _settle(self, parcel: Parcel, indices: Sequence[int], failure: Failure | None) -> None:
        parcel.settle(indices, failure)
        if parcel.done.done():
            self._open.discard(parcel)

    def close(self) -> None:
        """Tell the senders of what was not settled to send it again."""
        for parcel in self._open:
            parcel.give_back()
        self._open.clear()
        self._rest = None
