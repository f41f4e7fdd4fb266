"""Processor `bounds_check`: batches out of bounds are dropped."""

from __future__ import annotations

from headwater.components.catalogue import component
from headwater.components.contracts import Processor
from headwater.components.resources import Resources
from headwater.config.fields import integer, spec
from headwater.config.view import Config
from headwater.message import Batch

SPEC = spec(
    "processor",
    "bounds_check",
    integer("max_part_size", "Most bytes that a message may have.", default=1073741824),
    integer("min_part_size", "Fewest bytes that a message must have.", default=1),
    integer("max_parts", "Most messages that a batch may have.", default=100, advanced=True),
    integer("min_parts", "Fewest messages that a batch must have.", default=1, advanced=True),
    categories=("Utility",),
    summary="Drop batches that are too large or too small.",
    description="A single message out of bounds drops the whole batch. What is dropped counts as delivered.",
    examples=(
        ("Nothing above a megabyte", "pipeline:\n  processors:\n    - bounds_check:\n        max_part_size: 1000000\n"),
    ),
)


@component(SPEC)
class BoundsCheck(Processor):
    """Drops what is out of bounds."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._log = resources.log
        self._largest = config.integer("max_part_size")
        self._smallest = config.integer("min_part_size")
        self._most = config.integer("max_parts")
        self._fewest = config.integer("min_parts")

    def process(self, batch: Batch) -> list[Batch]:
        """Keep a batch, or drop it."""
        if not self._fewest <= len(batch) <= self._most:
            self._log.debug(
                f"Rejecting batch due to its number of messages: {len(batch)} is not within {self._fewest} and "
                f"{self._most}"
            )
            return []
        for message in batch:
            if not self._smallest <= message.size() <= self._largest:
                self._log.debug(
                    f"Rejecting batch due to the size of a message: {message.size()} bytes are not within "
                    f"{self._smallest} and {self._largest}"
                )
                return []
        return [batch]
