"""What is put around components where traces are asked for: a span for each message at each step."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast

from headwater.acknowledge import Delivery, Failure
from headwater.components.contracts import Input, Output, Processor
from headwater.errors import BatchFailure
from headwater.message import Batch, Batches, Message
from headwater.telemetry.tracing import Trace, Tracer, begin_all, end_all, with_trace


class TracedInput(Input):
    """An input whose messages each begin a trace, or a part of the one they bring along; it ends when they settle."""

    connects = False

    def __init__(self, child: Input, name: str, tracer: Tracer) -> None:
        self._child = child
        self._name = name
        self._tracer = tracer
        self.stalled = child.stalled

    async def connect(self) -> None:
        await self._child.connect()

    async def read(self, limit: int) -> Delivery:
        delivery = await self._child.read(limit)
        traces: list[list[Trace]] = []
        batches: list[Batch] = []
        for batch in delivery.batches:
            begun = begin_all(self._tracer, self._name, batch)
            traces.append(begun)
            batches.append([with_trace(message, trace) for message, trace in zip(batch, begun, strict=True)])

        def settle(indices: Sequence[int] | None, failure: Failure | None) -> None:
            for index in range(len(traces)) if indices is None else indices:
                end_batch(traces[index], failure)
            delivery.settle(indices, failure)

        return Delivery(batches, settle)

    def drain(self) -> None:
        self._child.drain()

    async def close(self) -> None:
        await self._child.close()


class TracedOutput(Output):
    """An output with a span for each message of each write."""

    connects = False

    def __init__(self, child: Output, name: str, tracer: Tracer) -> None:
        self._child = child
        self._name = name
        self._tracer = tracer
        self.max_in_flight = child.max_in_flight
        if child.write_many is not None:
            self.write_many = self._write_many
            self.overlapping = child.overlapping

    def room(self, under_way: int) -> int:
        return self._child.room(under_way)

    async def connect(self) -> None:
        await self._child.connect()

    async def write(self, batch: Batch) -> None:
        traces = begin_all(self._tracer, self._name, batch)
        try:
            await self._child.write(batch)
        except Exception as error:
            end_batch(traces, error)
            raise
        except BaseException:
            end_all(traces, "given up")
            raise
        end_all(traces)

    async def _write_many(self, batches: Batches) -> Sequence[Failure | None] | None:
        write_many = cast("Callable[[Batches], Awaitable[Sequence[Failure | None] | None]]", self._child.write_many)
        traces = [begin_all(self._tracer, self._name, batch) for batch in batches]
        try:
            failures = await write_many(batches)
        except BaseException as error:
            for begun in traces:
                end_all(begun, str(error) or "given up")
            raise
        for place, begun in enumerate(traces):
            end_batch(begun, None if failures is None else failures[place])
        return failures

    async def close(self) -> None:
        await self._child.close()


class TracedProcessor(Processor):
    """A processor with a span for each message that goes in."""

    def __init__(self, child: Processor, name: str, tracer: Tracer) -> None:
        self._child = child
        self._name = name
        self._tracer = tracer
        if child.each is not None:
            self.each = self._each
        process: Callable[[Batch], Any] = child.process
        traced: Any = self._waiting(process) if inspect.iscoroutinefunction(process) else self._plain(process)
        self.process = traced  # type: ignore[method-assign]

    def _each(self, messages: Sequence[Message]) -> list[Message | None]:
        assert self._child.each is not None
        traces = begin_all(self._tracer, self._name, list(messages))
        try:
            results = self._child.each(messages)
        except Exception as error:
            end_all(traces, str(error))
            raise
        for message, result, trace in zip(messages, results, traces, strict=True):
            trace.end(_new_mark(message, result))
        return results

    def _plain(self, process: Callable[[Batch], Any]) -> Callable[[Batch], Any]:
        def process_now(batch: Batch) -> list[Batch]:
            traces = begin_all(self._tracer, self._name, batch)
            try:
                results: list[Batch] = process(batch)
            except Exception as error:
                end_all(traces, str(error))
                raise
            _end_processed(traces, batch, results)
            return results

        return process_now

    def _waiting(self, process: Callable[[Batch], Any]) -> Callable[[Batch], Any]:
        async def process_later(batch: Batch) -> list[Batch]:
            traces = begin_all(self._tracer, self._name, batch)
            try:
                results: list[Batch] = await process(batch)
            except BaseException as error:
                end_all(traces, str(error) or "given up")
                raise
            _end_processed(traces, batch, results)
            return results

        return process_later

    async def close(self) -> None:
        await self._child.close()


def end_batch(traces: Sequence[Trace], failure: Exception | None) -> None:
    """End the spans of a batch, each with what has become of its message."""
    if isinstance(failure, BatchFailure):
        for place, trace in enumerate(traces):
            error = failure.failures.get(place)
            trace.end("" if error is None else str(error))
    else:
        end_all(traces, "" if failure is None else str(failure))


def _end_processed(traces: Sequence[Trace], batch: Batch, results: Sequence[Batch]) -> None:
    made: list[Message] = [message for result in results for message in result]
    if len(made) == len(batch):
        for message, result, trace in zip(batch, made, traces, strict=True):
            trace.end(_new_mark(message, result))
    else:
        end_all(traces)


def _new_mark(before: Message, after: Message | None) -> str:
    """The text of a mark that a message has got; empty without one."""
    if after is None or after.error is None or after.error is before.error:
        return ""
    return after.error.text
