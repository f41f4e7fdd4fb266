"""Messages between the host application and its streams, in process.

    system.create("shout", STREAM)                # input: {inproc: words} ... output: {inproc: shouts}
    system.channel("words").post(b"hello")
    with system.channel("shouts") as shouts:
        received = shouts.receive(timeout=5)
        received.ack()
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any, Self

from headwater import tasks
from headwater.components.inproc import Reader
from headwater.errors import ComponentError
from headwater.message import NO_METADATA, Batch, Message
from headwater.runtime.dispatcher import PooledActor
from headwater.runtime.services import Services


class _Edge(PooledActor):
    """The turns in which an application's side of a channel runs."""


class Received:
    """A batch that a stream sent; to be acked or rejected."""

    def __init__(self, edge: _Edge, batch: Batch, settle: Any) -> None:
        self.batch = batch
        self._edge = edge
        self._settle = settle

    @property
    def payloads(self) -> list[bytes]:
        """The payloads of its messages."""
        return [message.content() for message in self.batch]

    def ack(self) -> None:
        """It is taken care of."""
        self._edge.wake(lambda: self._settle(None, None))

    def reject(self, reason: str) -> None:
        """It is not; the stream that sent it hears why."""
        self._edge.wake(lambda: self._settle(None, ComponentError(reason, "rejected")))


class Channel:
    """One in-process channel, as the application sees it. Use it as a context manager, or `close` it."""

    def __init__(self, services: Services, name: str) -> None:
        self.name = name
        self._services = services
        reference = _Edge.start(services.pool, services.clock, services.lanes)
        edge = reference._actor_weakref()
        assert edge is not None
        self._edge = edge
        self._lock = threading.Lock()
        self._channel = services.hub.open(name)
        self._reader: Reader | None = None
        self._pending: list[tuple[Batch, Any]] = []
        self._reading: tasks.Task[Any] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def send(
        self,
        payload: bytes | str | Iterable[bytes | str],
        metadata: Mapping[str, Any] | None = None,
        *,
        timeout: float | None = None,
    ) -> None:
        """Send one message, or a batch of several, and wait until it is delivered.

        Args:
            timeout: Seconds; None to wait for ever.

        Raises:
            ComponentError: It was rejected, with the reason.
            TimedOut: Nobody settled it in time; it may still be delivered.
        """
        self.post(payload, metadata).wait(timeout)

    def post(
        self, payload: bytes | str | Iterable[bytes | str], metadata: Mapping[str, Any] | None = None
    ) -> tasks.Future[None]:
        """Send one message, or a batch, and do not wait; the future is settled when it is delivered or rejected."""
        payloads = [payload] if isinstance(payload, bytes | str) else list(payload)
        batch = [
            Message(
                each.encode() if isinstance(each, str) else bytes(each),
                metadata=dict(metadata) if metadata else NO_METADATA,
                origin=index,
            )
            for index, each in enumerate(payloads)
        ]
        return tasks.start(self._channel.send(batch), self._edge, "send", watched=True)

    def receive(self, timeout: float | None = None) -> Received:
        """Wait for the next batch that a stream sends to this channel.

        Args:
            timeout: Seconds; None to wait for ever.

        Raises:
            TimedOut: Nothing came in time.
        """
        with self._lock:
            if self._pending:
                return Received(self._edge, *self._pending.pop(0))
            if self._reader is None:
                self._reader = Reader(self._channel)
            if self._reading is None:
                self._reading = tasks.start(self._reader.read(64), self._edge, "receive", watched=True)
            delivery = self._reading.wait(timeout)
            self._reading = None
            for index, batch in enumerate(delivery.batches):
                self._pending.append((batch, _settle_one(delivery, index)))
            return Received(self._edge, *self._pending.pop(0))

    def close(self) -> None:
        """Give back what was received and not settled, and leave the channel."""
        reader, self._reader = self._reader, None
        done: tasks.Future[None] = tasks.Future()

        def leave() -> None:
            if self._reading is not None:
                self._reading.cancel()
            if reader is not None:
                reader.close()
            done.fire()

        self._edge.wake(leave)
        done.wait(5.0)
        self._services.hub.close(self.name)
        self._edge.stop()


def _settle_one(delivery: Any, index: int) -> Any:
    return lambda indices, failure: delivery.settle([index], failure)
