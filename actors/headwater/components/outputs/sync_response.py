"""Output `sync_response`: answers whoever waits at the input."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headwater.components.catalogue import component
from headwater.components.contracts import Output
from headwater.components.responses import respond
from headwater.config.fields import spec

if TYPE_CHECKING:
    from headwater.acknowledge import Failure
    from headwater.components.resources import Resources
    from headwater.config.view import Config
    from headwater.message import Batch

SPEC = spec(
    "output",
    "sync_response",
    categories=("Utility",),
    summary="Return messages to the input that they came from, as its response.",
    description="Inputs that answer nobody let such messages go: they count as delivered.",
    examples=(
        (
            "An echo",
            "input:\n  http_server:\n    path: /post\n\noutput:\n  sync_response: {}\n",
        ),
    ),
)


@component(SPEC)
class SyncResponse(Output):
    """Leaves a batch with the caller that its messages belong to."""

    max_in_flight = 64

    def __init__(self, config: Config, resources: Resources) -> None:
        self.write_many = self._write_many

    async def write(self, batch: Batch) -> None:
        respond(batch)

    # HOT: once a chunk
    async def _write_many(self, batches: list[Batch]) -> list[Failure | None] | None:
        for batch in batches:
            respond(batch)
        return None
