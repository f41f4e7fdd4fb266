"""What buffers count, and how long messages stay."""

from __future__ import annotations

import time

from headwater.components.resources import Resources
from headwater.message import Batches, count_messages

now = time.perf_counter_ns


class Meter:
    """The series of one buffer."""

    __slots__ = ("_active", "_batch_received", "_batch_sent", "_latency", "_received", "_sent")

    def __init__(self, resources: Resources) -> None:
        metrics = resources.metrics
        self._received = metrics.counter("buffer_received")
        self._batch_received = metrics.counter("buffer_batch_received")
        self._sent = metrics.counter("buffer_sent")
        self._batch_sent = metrics.counter("buffer_batch_sent")
        self._latency = metrics.timing("buffer_latency_ns")
        self._active = metrics.gauge("buffer_active")

    def received(self, messages: int) -> None:
        """A batch was taken."""
        self._received.add(messages)
        self._batch_received.add()

    def sent(self, batches: Batches) -> None:
        """Batches were passed on."""
        self._sent.add(count_messages(batches))
        self._batch_sent.add(len(batches))

    def settled(self, started: int, count: int) -> None:
        """So many batches were acked or rejected, each so long after it was passed on."""
        self._latency.observe_many(now() - started, count)

    def active(self, messages: int) -> None:
        """How many messages there are now."""
        self._active.set(messages)
