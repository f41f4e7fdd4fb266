"""Output `fallback`: the next output takes what the one before could not deliver."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headwater import tasks
from headwater.components.catalogue import component
from headwater.components.contracts import Output
from headwater.components.lanes import Lane, as_failure
from headwater.config.fields import children, spec
from headwater.errors import BatchFailure, Closed, ComponentError, ConfigError

if TYPE_CHECKING:
    from headwater.acknowledge import Failure
    from headwater.components.resources import Resources
    from headwater.config.view import Config
    from headwater.message import Batch, Batches, Message

SPEC = spec(
    "output",
    "fallback",
    root=children("output", description="Outputs in the order in which they are tried.", default=[]),
    categories=("Utility",),
    summary="Try outputs in order until one of them delivers a message.",
    description=(
        "Each further output gets the messages that the one before failed on, with the reason in the metadata "
        "`fallback_error`. When the last one fails too, its failure is that of the message."
    ),
    since="3.58.0",
    composite=True,
    examples=(
        (
            "A dead letter queue",
            "output:\n  fallback:\n    - http_client:\n        url: http://foo:4195/post/might/become/unreachable\n"
            "        retries: 3\n        retry_period: 1s\n    - file:\n        path: /var/lib/dead.jsonl\n",
        ),
    ),
)

KEY = "fallback_error"


@component(SPEC)
class Fallback(Output):
    """Of a batch only the messages that failed go on to the next output."""

    connects = False

    def __init__(self, config: Config, resources: Resources) -> None:
        self._children = [resources.build_output(child) for child in config.children()]
        if not self._children:
            raise ConfigError("attempting to create broker output type with no outputs")
        self.max_in_flight = max(child.max_in_flight for child in self._children)
        if self._children[0].takes_many:
            self._first = Lane(self._children[0])
            self.write_many = self._write_many

    def room(self, under_way: int) -> int:
        return max(child.room(under_way) for child in self._children)

    async def write(self, batch: Batch) -> None:
        try:
            await self._children[0].write(batch)
        except Closed:
            raise
        except ComponentError as error:
            failure = error
        else:
            return
        await self._go_on(batch, failure)

    async def _go_on(self, batch: Batch, failure: ComponentError) -> None:
        """Try the further outputs with what the first one failed on. Raises: ComponentError."""
        pending = batch
        places = list(range(len(batch)))
        for child in self._children[1:]:
            reasons = _reasons(failure, len(pending))
            places = [places[index] for index in reasons]
            pending = [_noted(pending[index], str(reason)) for index, reason in reasons.items()]
            try:
                await child.write(pending)
            except Closed:
                raise
            except ComponentError as error:
                failure = error
            else:
                return
        reasons = _reasons(failure, len(pending))
        raise _failure(failure, [places[index] for index in reasons], list(reasons.values()), len(batch))

    # HOT: once a chunk
    async def _write_many(self, batches: Batches) -> list[Failure | None] | None:
        failures = await self._first.write_many(batches)
        if failures is None:
            return None
        failed = [place for place, failure in enumerate(failures) if failure is not None]
        results: list[Failure | None] = [None] * len(batches)
        outcomes = await tasks.settle(*(self._go_on_many(batches[place], failures[place]) for place in failed))
        for place, outcome in zip(failed, outcomes, strict=True):
            results[place] = as_failure(outcome)
        return results

    async def _go_on_many(self, batch: Batch, failure: Failure | None) -> None:
        assert failure is not None
        if isinstance(failure, Closed):
            raise failure
        await self._go_on(batch, failure)

    async def close(self) -> None:
        for child in self._children:
            await child.close()


def _reasons(error: ComponentError, size: int) -> dict[int, Exception]:
    """Index and reason of each message that failed, in order."""
    if isinstance(error, BatchFailure):
        known = {index: error.failures[index] for index in sorted(error.failures) if index < size}
        if known:
            return known
    return dict.fromkeys(range(size), error)


def _failure(error: ComponentError, places: list[int], reasons: list[Exception], size: int) -> ComponentError:
    """The failure of the whole, by places in the batch that came in."""
    if isinstance(error, BatchFailure) or len(places) < size:
        return BatchFailure(dict(zip(places, reasons, strict=True)))
    return error


def _noted(message: Message, reason: str) -> Message:
    return message.with_metadata({**message.metadata, KEY: reason})
