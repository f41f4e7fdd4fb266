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
from headwater.message import Batch, Message


class Parcel:
    """A batch on its way through a channel; `done` is settled with its failure, or None, when the reader settled it."""

    __slots__ = ("batch", "done")

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self.done: tasks.Future[Failure | None] = tasks.Future()


class Channel:
    """Batches from any number of senders to any number of readers, first come, first served."""

    def __init__(self) -> None:
        self._queue: tasks.Queue[Parcel] = tasks.Queue()

    async def send(self, batch: Batch) -> None:
        """Hand over a batch and wait until it is settled.

        Raises:
            ComponentError: What the reader settled it with; `NotConnected` when the reader went away instead.
        """
        parcel = Parcel(batch)
        self._queue.put_now(parcel)
        try:
            failure = await parcel.done
        except tasks.Cancelled:
            # Whoever finds it in the queue leaves it there: a settled parcel has nobody waiting for it.
            parcel.done.set_result(None)
            raise
        if failure is not None:
            raise failure

    async def receive(self, limit: int) -> list[Parcel]:
        """Wait for a batch, and take what else is there."""
        taken: list[Parcel] = []
        while not taken:
            first = await self._queue.get()
            if not first.done.done():
                taken.append(first)
        while len(taken) < limit:
            parcel = self._queue.get_now()
            if parcel is None:
                break
            if not parcel.done.done():
                taken.append(parcel)
        return taken


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

    async def read(self, limit: int) -> Delivery:
        """The next batches, each a transaction."""
        parcels = await self._channel.receive(limit)
        self._open.update(parcels)

        def settle(indices: Sequence[int] | None, failure: Failure | None) -> None:
            for parcel in parcels if indices is None else [parcels[index] for index in indices]:
                self._open.discard(parcel)
                parcel.done.set_result(failure)

        return Delivery([_renumbered(parcel.batch) for parcel in parcels], settle)

    def close(self) -> None:
        """Tell the senders of what was not settled to send it again."""
        for parcel in self._open:
            parcel.done.set_exception(NotConnected())
        self._open.clear()


def _renumbered(batch: Batch) -> Batch:
    """The messages with their places in the batch as origin."""
    return [
        Message(message.raw, message.parsed, message.metadata, message.error, index, message.context)
        for index, message in enumerate(batch)
    ]
