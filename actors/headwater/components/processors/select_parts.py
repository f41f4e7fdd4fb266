"""Processor `select_parts`: some messages of a batch."""

from __future__ import annotations

from headwater.components.catalogue import component
from headwater.components.contracts import Processor
from headwater.components.resources import Resources
from headwater.config.fields import integers, spec
from headwater.config.view import Config
from headwater.message import Batch

SPEC = spec(
    "processor",
    "select_parts",
    integers("parts", "Places in the batch, from 0; negative ones count from its end.", default=[]),
    categories=("Utility",),
    summary="Keep some messages of a batch, by their places in it.",
    description="Places that the batch does not have are left out. Without any message left the batch is dropped.",
    examples=(("The last one", "pipeline:\n  processors:\n    - select_parts:\n        parts: [-1]\n"),),
)


@component(SPEC)
class SelectParts(Processor):
    """Keeps messages by their places."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._parts = config.integers("parts")

    def process(self, batch: Batch) -> list[Batch]:
        """The messages in the places that were asked for."""
        count = len(batch)
        selected = [batch[place] for place in self._parts if -count <= place < count]
        return [selected] if selected else []
