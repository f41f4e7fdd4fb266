"""Processor `mutation`: a document changed by Bloblang."""

from __future__ import annotations

from collections.abc import Sequence

from headwater.bloblang import MutationError
from headwater.components.catalogue import component
from headwater.components.contracts import Processor
from headwater.components.processors.mapping import compiled
from headwater.components.resources import Resources
from headwater.config.fields import mapping, spec
from headwater.config.view import Config
from headwater.message import Batch, Message

SPEC = spec(
    "processor",
    "mutation",
    root=mapping(description="The mapping."),
    categories=("Mapping", "Parsing"),
    summary="Change the document of each message by a Bloblang mapping.",
    description=(
        "`root` begins as the document, so fields that the mapping does not name stay, and `this` sees what was "
        "assigned "
        "before. `deleted()` drops a message. When the mapping fails the message is marked as failed, and stays as far "
        "as it was changed."
    ),
    examples=(
        (
            "One field more, one less",
            "pipeline:\n  processors:\n    - mutation: |\n        root.seen = now()\n        root.secret = deleted()\n",
        ),
    ),
)


@component(SPEC)
class Mutation(Processor):
    """Changes each message."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._mapping = compiled(config, resources)
        self._resources = resources
        if not self._mapping.uses_batch:
            self.each = self._each
            self.portable = self._mapping.stateless

    # HOT: once a chunk
    def _each(self, messages: Sequence[Message]) -> list[Message | None]:
        mutate = self._mapping.mutate
        results: list[Message | None] = []
        for message in messages:
            try:
                results.append(mutate(message))
            except MutationError as error:
                results.append(self._resources.failed(error.message, error))
        return results

    def process(self, batch: Batch) -> list[Batch]:
        """Change messages that look at each other."""
        results: Batch = []
        for place, message in enumerate(batch):
            try:
                made = self._mapping.mutate(message, batch, place)
            except MutationError as error:
                made = self._resources.failed(error.message, error)
            if made is not None:
                results.append(made)
        return [results] if results else []
