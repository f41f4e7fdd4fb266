"""Output `drop`: takes everything and keeps nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headwater.components.catalogue import component
from headwater.components.contracts import Output
from headwater.config.fields import spec

if TYPE_CHECKING:
    from headwater.acknowledge import Failure
    from headwater.components.resources import Resources
    from headwater.config.view import Config
    from headwater.message import Batch, Batches

SPEC = spec(
    "output",
    "drop",
    categories=("Utility",),
    summary="Drop all messages.",
    description="Messages count as delivered.",
    examples=(("Nowhere", "output:\n  drop: {}\n"),),
)


@component(SPEC)
class Drop(Output):
    """Delivers nowhere, at once."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self.write_many = self._write_many

    async def write(self, batch: Batch) -> None:
        pass

    # HOT: once a chunk
    async def _write_many(self, batches: Batches) -> list[Failure | None] | None:
        return None
