"""Processor `try_catch`: children until one fails, and others for what failed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from headwater.components.catalogue import component
from headwater.components.composition import close_all, joined, run_at_once, run_where, singles
from headwater.components.contracts import Processor
from headwater.components.processors.try_ import sound, try_each
from headwater.components.resources import Chain, Resources
from headwater.config.fields import processors, spec, text
from headwater.config.view import Config
from headwater.errors import MessageError
from headwater.message import Batch, Message

SPEC = spec(
    "processor",
    "try_catch",
    processors("processors", "What is done to each message until something fails.", default=[]),
    processors("catch", "What is done to each message for which something failed.", default=[]),
    text("error_metadata", "The metadata key that tells the processors of `catch` what failed.", default="error"),
    status="beta",
    categories=("Composition",),
    composite=True,
    summary="Run processors on each message, and others on those messages for which one of them failed.",
    description=(
        "Each message of a batch is processed by itself. Before `catch` begins, the mark is taken off the message, and "
        "the metadata named by `error_metadata` becomes an object with `what`, `name`, `label` and `path` of the "
        "failure; "
        "a failure within `catch` is a new one. Without `catch` the failure is only written down there."
    ),
    examples=(
        (
            "Keep what cannot be read",
            "pipeline:\n  processors:\n    - try_catch:\n        processors:\n          - mapping: root = "
            "content().parse_csv()\n"
            '        catch:\n          - mapping: \'root = {"raw": content().string(), "why": @error.what}\'\n',
        ),
    ),
)


@component(SPEC)
class TryCatch(Processor):
    """Runs `processors` over each message while it has not failed, then `catch` over what has."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._chains: list[Chain] = [resources.build_chain([child]) for child in config.children("processors")]
        self._catch = resources.build_chain(config.children("catch"))
        self._key = config.text("error_metadata")
        self._steps = singles(self._chains)
        self._catch_steps = singles([self._catch])
        if self._steps is not None and self._catch_steps is not None:
            self.each = self._each
        run_at_once(self, [*self._chains, self._catch])

    def _each(self, messages: Sequence[Message]) -> list[Message | None]:
        results: list[Message | None] = list(messages)
        for step in self._steps or ():
            run_where(step, results, sound)
        places = [place for place, message in enumerate(results) if message is not None and message.error is not None]
        if not places:
            return results
        marked: list[Any] = [results[place] for place in places]
        caught: list[Any] = [self._told(message, message.error) for message in marked]
        for step in self._catch_steps or ():
            caught = step(caught)
        for place, message in zip(places, caught, strict=True):
            results[place] = message
        return results

    async def process(self, batch: Batch) -> list[Batch]:
        """Run the children over each message by itself, and put the results together."""
        results: list[Batch] = []
        for group in await try_each(self._chains, batch):
            if group[0].error is None:
                results.append(group)
            else:
                told = [m if m.error is None else self._told(m, m.error) for m in group]
                results += await self._catch.process([told])
        return joined(results)

    def _told(self, message: Message, error: MessageError) -> Message:
        """The message without its mark, with what the mark said in its metadata."""
        reason = {"what": error.text, "name": error.name, "label": error.label, "path": error.path}
        return message.with_error(None).with_metadata({**message.metadata, self._key: reason})

    async def close(self) -> None:
        """Close the children."""
        await close_all([*self._chains, self._catch])
