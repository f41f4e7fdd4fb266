"""Processor `mapping`: a new document by Bloblang."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from headwater.bloblang import BloblangError, Failed, Mapping
from headwater.components.catalogue import component
from headwater.components.contracts import Processor
from headwater.components.resources import Resources
from headwater.config.fields import mapping, spec
from headwater.config.view import Config
from headwater.errors import ConfigError
from headwater.message import UNSET, Batch, Message, Payloads

SPEC = spec(
    "processor",
    "mapping",
    root=mapping(description="The mapping."),
    categories=("Mapping", "Parsing"),
    summary="Make a new document of each message by a Bloblang mapping.",
    description=(
        "`root` begins with nothing, and what the mapping leaves out is gone; a mapping that never assigns to `root` "
        "keeps "
        "the payload. `deleted()` drops a message. When the mapping fails the message stays as it was, marked as "
        "failed."
    ),
    examples=(
        (
            "Two fields of many",
            "pipeline:\n  processors:\n    - mapping: |\n        root.id = this.id\n        root.name = "
            "this.name.uppercase()\n",
        ),
    ),
)


class Mapper(Processor):
    """Runs a mapping over messages, many of them with one call where they do not look at each other."""

    def __init__(self, compiled: Mapping, resources: Resources) -> None:
        self._mapping = compiled
        self._resources = resources
        if not compiled.uses_batch:
            self.each = self._each
            if compiled.bare:
                self.payloads = self._payloads
            self.portable = compiled.stateless

    # HOT: once a chunk
    def _each(self, messages: Sequence[Message]) -> list[Message | None]:
        results = self._mapping.apply_many(messages)
        if Failed in set(map(type, results)):
            failed = self._resources.failed
            return [failed(made.message, made.error) if isinstance(made, Failed) else made for made in results]
        return cast("list[Message | None]", results)

    # HOT: once a chunk
    def _payloads(self, payloads: Payloads) -> Payloads | list[Message | None]:
        results = self._mapping.apply_payloads(payloads)
        kinds = set(map(type, results))
        if kinds == {bytes}:
            return Payloads(cast("list[bytes]", results), payloads.metadata)
        made: list[Message | None] = []
        for result in results:
            if isinstance(result, Failed):
                made.append(self._resources.failed(result.message, result.error))
            else:
                made.append(None if result is None else Message(result, UNSET, payloads.metadata))
        return made

    def process(self, batch: Batch) -> list[Batch]:
        """Map messages that look at each other."""
        results: Batch = []
        for place, message in enumerate(batch):
            try:
                made = self._mapping.apply(message, batch, place)
            except BloblangError as error:
                made = self._resources.failed(message, error)
            if made is not None:
                results.append(made)
        return [results] if results else []


@component(SPEC)
class MappingProcessor(Mapper):
    """Maps each message to a new one."""

    def __init__(self, config: Config, resources: Resources) -> None:
        super().__init__(compiled(config, resources), resources)


def compiled(config: Config, resources: Resources) -> Mapping:
    """The mapping that is the body of a component."""
    found = config.mapping()
    if found is None:
        raise ConfigError("a mapping is required")
    return found.within(resources)
