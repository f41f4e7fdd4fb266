"""Processor `sync_response`: answers whoever waits at the input, and goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headwater.components.catalogue import component
from headwater.components.contracts import Processor
from headwater.components.responses import NOBODY, respond
from headwater.config.fields import spec

if TYPE_CHECKING:
    from headwater.components.resources import Resources
    from headwater.config.view import Config
    from headwater.message import Batch

SPEC = spec(
    "processor",
    "sync_response",
    categories=("Utility",),
    summary="Return messages as they are now to the input that they came from, and go on with them.",
    description="The response is given once the message is delivered.",
    examples=(
        (
            "Answer and store",
            "pipeline:\n  processors:\n    - mapping: 'root.accepted = this.id'\n    - sync_response: {}\n",
        ),
    ),
)


@component(SPEC)
class SyncResponseProcessor(Processor):
    """Leaves a copy of a batch with the caller."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._log = resources.log

    def process(self, batch: Batch) -> list[Batch]:
        """Answer, where somebody waits."""
        if not respond(batch):
            self._log.debug(f"Failed to store message as a sync response: {NOBODY}")
        return [batch]
