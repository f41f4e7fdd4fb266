"""Processors that run one after the other: their metrics, and the marks of those that fail.

A chain is what a pipeline stage, a composite processor, an input or an output runs its processors with. It raises
nothing but `Unserved`: any other exception of a processor becomes the mark of every message it was given, and they
flow on as they were.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast

from headwater.components.contracts import Processor
from headwater.components.resources import Resources
from headwater.errors import HeadwaterError, Unserved
from headwater.message import Batch, Message, Payloads
from headwater.tasks import Cancelled

Each = Callable[[Sequence[Message]], "list[Message | None]"]

_now = time.perf_counter_ns


class Link:
    """One processor of a chain, with what is counted of it."""

    __slots__ = (
        "_batch_received",
        "_batch_sent",
        "_latency",
        "_process",
        "_received",
        "_sent",
        "each",
        "payloads",
        "processor",
        "resources",
        "waits",
    )

    def __init__(self, processor: Processor, resources: Resources) -> None:
        self.processor = processor
        self.resources = resources
        self.each: Each | None = processor.each
        self.payloads: Callable[[Payloads], Payloads | list[Message | None]] | None = processor.payloads
        self._process: Callable[[Batch], Any] = processor.process
        self.waits = self.each is None and inspect.iscoroutinefunction(processor.process)
        metrics = resources.metrics
        self._received = metrics.counter("processor_received")
        self._batch_received = metrics.counter("processor_batch_received")
        self._sent = metrics.counter("processor_sent")
        self._batch_sent = metrics.counter("processor_batch_sent")
        metrics.counter("processor_error")
        self._latency = metrics.timing("processor_latency_ns")

    @property
    def portable(self) -> bool:
        """Whether the processor may run in another process: only those that come with the package are known there."""
        return (
            self.each is not None
            and self.processor.portable
            and type(self.processor).__module__.startswith("headwater.components.processors.")
        )

    # HOT: once a chunk
    def run_each(self, messages: Sequence[Message]) -> list[Message | None]:
        """Run a processor that looks at one message at a time; each message is a batch of its own."""
        assert self.each is not None
        started = _now()
        try:
            results = self.each(messages)
        except Exception as error:
            results = [self._mark(message, error) for message in messages]
        self._count_each(len(messages), len(results) - results.count(None), started)
        return results

    # HOT: once a chunk
    def run_payloads(self, payloads: Payloads) -> Payloads | list[Message | None]:
        """The same over messages that are nothing but payloads."""
        assert self.payloads is not None
        started = _now()
        results: Payloads | list[Message | None]
        try:
            results = self.payloads(payloads)
        except Exception as error:
            results = [self._mark(message, error) for message in payloads.messages()]
        count = len(payloads)
        self._count_each(count, count if isinstance(results, Payloads) else count - results.count(None), started)
        return results

    def _count_each(self, received: int, sent: int, started: int) -> None:
        self._latency.observe_many((_now() - started) // (received or 1), received)
        self._received.add(received)
        self._batch_received.add(received)
        self._sent.add(sent)
        self._batch_sent.add(sent)

    def run_each_of_batch(self, batch: Batch) -> list[Batch]:
        """The same over one batch of many messages."""
        assert self.each is not None
        started = _now()
        try:
            kept = [message for message in self.each(batch) if message is not None]
        except Exception as error:
            kept = [self._mark(message, error) for message in batch]
        return self._count(batch, [kept] if kept else [], started)

    def run_now(self, batch: Batch) -> list[Batch]:
        """Run a processor that does not wait over one batch."""
        if self.each is not None:
            return self.run_each_of_batch(batch)
        started = _now()
        try:
            results = [result for result in cast("list[Batch]", self._process(batch)) if result]
        except Exception as error:
            results = [[self._mark(message, error) for message in batch]]
        return self._count(batch, results, started)

    async def run(self, batch: Batch) -> list[Batch]:
        """Run a processor over one batch."""
        if not self.waits:
            return self.run_now(batch)
        started = _now()
        try:
            results = [result for result in await cast("Awaitable[list[Batch]]", self._process(batch)) if result]
        except Unserved:
            raise
        except Exception as error:
            results = [[self._mark(message, error) for message in batch]]
        return self._count(batch, results, started)

    def _count(self, batch: Batch, results: list[Batch], started: int) -> list[Batch]:
        self._latency.observe(_now() - started)
        self._received.add(len(batch))
        self._batch_received.add()
        if results:
            self._sent.add(sum(map(len, results)))
            self._batch_sent.add(len(results))
        return results

    def _mark(self, message: Message, error: Exception) -> Message:
        """A failure that the processor did not mark itself. What is none of our errors is a fault in its code."""
        if not isinstance(error, HeadwaterError):
            return self.resources.failed(message, f"{type(error).__name__}: {error}")
        return self.resources.failed(message, error)


class ProcessorChain:
    """Processors in order. `waits` tells whether any of them may wait."""

    __slots__ = ("links", "waits")

    def __init__(self, links: Sequence[Link]) -> None:
        self.links = tuple(links)
        self.waits = any(link.waits for link in links)

    def __len__(self) -> int:
        return len(self.links)

    @property
    def single(self) -> bool:
        """Whether all of them look at one message at a time, so that many batches of one may go through at once."""
        return all(link.each is not None for link in self.links)

    @property
    def portable(self) -> bool:
        """Whether all of them may run in another process."""
        return all(link.portable for link in self.links)

    def process_now(self, batches: list[Batch]) -> list[Batch]:
        """Run a chain in which nothing waits."""
        for link in self.links:
            if len(batches) == 1:
                batches = link.run_now(batches[0])
            else:
                batches = [result for batch in batches for result in link.run_now(batch)]
            if not batches:
                break
        return batches

    async def process(self, batches: list[Batch]) -> list[Batch]:
        """Run all processors over some batches, one batch after the other."""
        if not self.waits:
            return self.process_now(batches)
        for link in self.links:
            if len(batches) == 1:
                batches = await link.run(batches[0])
            else:
                results: list[Batch] = []
                for batch in batches:
                    results += await link.run(batch)
                batches = results
            if not batches:
                break
        return batches

    # HOT: once a chunk
    def process_payloads(self, payloads: Payloads) -> Payloads | list[Message | None]:
        """Run a `single` chain over batches of one message each: what became of each, None for dropped ones.

        Payloads stay such as long as nothing but payloads comes of them.
        """
        for index, link in enumerate(self.links):
            if link.payloads is None:
                return self.process_singles(payloads.messages(), index)
            made = link.run_payloads(payloads)
            if not isinstance(made, Payloads):
                return self.process_singles(made, index + 1)
            payloads = made
        return payloads

    # HOT: once a chunk
    def process_singles(self, messages: Sequence[Message | None], first: int = 0) -> list[Message | None]:
        """The same over any messages; `first` is the link to begin with."""
        results: list[Message | None] = list(messages)
        for link in self.links[first:]:
            if None in results:
                places = [place for place, message in enumerate(results) if message is not None]
                made = link.run_each([cast("Message", results[place]) for place in places])
                for place, message in zip(places, made, strict=True):
                    results[place] = message
            else:
                results = link.run_each(cast("list[Message]", results))
        return results

    async def close(self) -> None:
        """Close all processors, whatever single ones raise."""
        for link in self.links:
            try:
                await link.processor.close()
            except Cancelled:
                raise
            except Exception as error:
                link.resources.log.error(f"Failed to close processor: {error}")
