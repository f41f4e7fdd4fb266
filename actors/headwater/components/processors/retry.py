"""Processor `retry`: children until they succeed."""

from __future__ import annotations

from headwater import tasks
from headwater.components.backoff import Backoff
from headwater.components.catalogue import component
from headwater.components.composition import joined
from headwater.components.contracts import Processor
from headwater.components.resources import Resources
from headwater.config.fields import backoff, boolean, integer, processors, spec
from headwater.config.view import Config
from headwater.errors import ConfigError
from headwater.message import Batch, Message

SPEC = spec(
    "processor",
    "retry",
    backoff("backoff", "500ms", "10s", "1m", advanced=False),
    processors("processors", "What is tried on each message."),
    boolean("parallel", "Whether all messages of a batch are tried at once.", default=False),
    integer("max_retries", "Give up after so many attempts that failed; 0 for no such limit.", default=0),
    status="beta",
    categories=("Composition",),
    composite=True,
    summary="Run processors on each message until they succeed.",
    description=(
        "Each message of a batch is tried by itself. An attempt has failed when any message that came of it is marked "
        "as "
        "failed; the next one starts, after a pause, from the message as it was before. When `max_retries` or "
        "`backoff.max_elapsed_time` are reached the message goes on as the last attempt left it, marked as failed. A "
        "mark "
        "that it had before is taken off.\n\nSets the metadata `retry_count`, the attempts that failed, and "
        "`backoff_duration`, the pauses in between in nanoseconds."
    ),
    examples=(
        (
            "Ask again",
            "pipeline:\n  processors:\n    - retry:\n        max_retries: 5\n        backoff:\n"
            "          initial_interval: 100ms\n        processors:\n"
            "          - http:\n              url: http://localhost:8080/enrich\n              verb: POST\n",
        ),
    ),
)


@component(SPEC)
class Retry(Processor):
    """Runs its children over each message, again and again while they fail."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._resources = resources
        self._parallel = config.boolean("parallel")
        self._max_retries = config.integer("max_retries")
        self._pauses = tuple(
            config.duration(f"backoff.{name}") for name in ("initial_interval", "max_interval", "max_elapsed_time")
        )
        children = config.children("processors")
        if not children:
            raise ConfigError("at least one child processor must be specified")
        self._chain = resources.build_chain(children)

    async def process(self, batch: Batch) -> list[Batch]:
        """Try each message until it succeeds, and put the results together."""
        if self._parallel and len(batch) > 1:
            results = await tasks.gather(*(self._try(message) for message in batch))
        else:
            results = [await self._try(message) for message in batch]
        return joined(made for result in results for made in result)

    async def _try(self, message: Message) -> list[Batch]:
        message = message.with_error(None)
        pauses = Backoff(self._resources.clock, *self._pauses)
        failures = 0
        waited = 0.0
        while True:
            results = await self._chain.process([[message]])
            if not any(made.error for result in results for made in result):
                break
            failures += 1
            if failures == self._max_retries:
                break
            pause = pauses.wait()
            if pause is None:
                break
            waited += pause
            await tasks.sleep(pause)
        told = {"retry_count": failures, "backoff_duration": round(waited * 1e9)}
        return [[made.with_metadata({**made.metadata, **told}) for made in result] for result in results]

    async def close(self) -> None:
        """Close the children."""
        await self._chain.close()
