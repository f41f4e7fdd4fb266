"""Output `reject_errored`: refuses messages that a processor failed on, and passes on the others."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, cast

from headwater.components.catalogue import component
from headwater.components.contracts import Output
from headwater.config.fields import child, spec
from headwater.errors import BatchFailure, ComponentError, Rejected

if TYPE_CHECKING:
    from headwater.acknowledge import Failure
    from headwater.components.resources import Resources
    from headwater.config.view import Config
    from headwater.message import Batch, Batches, Message

SPEC = spec(
    "output",
    "reject_errored",
    root=child("output", description="Where messages without failures go."),
    categories=("Utility",),
    summary="Reject messages that failed processing, and send all others to a child output.",
    composite=True,
    examples=(
        (
            "A dead letter queue",
            "output:\n  fallback:\n    - reject_errored:\n        file:\n          path: good.jsonl\n"
            "    - file:\n        path: dead.jsonl\n",
        ),
    ),
)


@component(SPEC)
class RejectErrored(Output):
    """Keeps back the failed messages of a batch; the rest is delivered."""

    connects = False

    def __init__(self, config: Config, resources: Resources) -> None:
        self._child = resources.build_output(config.child())
        self.max_in_flight = self._child.max_in_flight
        if self._child.takes_many:
            self.write_many = self._write_many

    def room(self, under_way: int) -> int:
        return self._child.room(under_way)

    async def write(self, batch: Batch) -> None:
        failures: dict[int, Exception] = {}
        good: list[int] = []
        for index, message in enumerate(batch):
            if message.error is None:
                good.append(index)
            else:
                failures[index] = _rejection(message)
        if not failures:
            await self._child.write(batch)
            return
        if good:
            try:
                await self._child.write([batch[index] for index in good])
            except ComponentError as error:
                failures.update(_by_place(error, good))
        if len(batch) == 1:
            raise failures[0]
        raise BatchFailure(failures)

    # HOT: once a chunk
    async def _write_many(self, batches: Batches) -> list[Failure | None] | None:
        write_many = cast("Callable[[Batches], Awaitable[Sequence[Failure | None] | None]]", self._child.write_many)
        marked = [any(message.error is not None for message in batch) for batch in batches]
        if not any(marked):
            found = await write_many(batches)
            return None if found is None else list(found)
        results: list[Failure | None] = [None] * len(batches)
        clean = [index for index, bad in enumerate(marked) if not bad]
        if clean:
            found = await write_many([batches[index] for index in clean])
            if found is not None:
                for index, failure in zip(clean, found, strict=True):
                    results[index] = failure
        for index, bad in enumerate(marked):
            if bad:
                try:
                    await self.write(batches[index])
                except ComponentError as error:
                    results[index] = error
        return results

    async def close(self) -> None:
        await self._child.close()


def _by_place(error: ComponentError, places: list[int]) -> dict[int, Exception]:
    """Failures of messages that stand at some places of a larger batch."""
    if isinstance(error, BatchFailure):
        known = {places[index]: reason for index, reason in error.failures.items() if index < len(places)}
        if known:
            return known
    return dict.fromkeys(places, error)


def _rejection(message: Message) -> Rejected:
    assert message.error is not None
    return Rejected(f"rejecting due to failed processing: {message.error.text}")
