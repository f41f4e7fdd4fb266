"""Output `sync_response`: answers whoever waits at the input."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headwater.components.catalogue import component
from headwater.components.contracts import Output
from headwater.components.responses import NOBODY, respond
from headwater.config.fields import spec
from headwater.errors import ComponentError

if TYPE_CHECKING:
    from headwater.acknowledge import Failure
    from headwater.components.resources import Resources
    from headwater.config.view import Config
    from headwater.message import Batch, Batches

SPEC = spec(
    "output",
    "sync_response",
    categories=("Utility",),
    summary="Return messages to the input that they came from, as its response.",
    description="Messages of inputs that answer nobody are rejected.",
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
        if not respond(batch):
            raise ComponentError(NOBODY)

    # HOT: once a chunk
    async def _write_many(self, batches: Batches) -> list[Failure | None] | None:
        failures: list[Failure | None] = [None if respond(batch) else ComponentError(NOBODY) for batch in batches]
        return failures if any(failures) else None
