"""Output `inproc`: messages for the `inproc` inputs of the same name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from headwater.components.catalogue import component
from headwater.components.contracts import Output
from headwater.config.fields import spec, text
from headwater.errors import NotConnected

if TYPE_CHECKING:
    from headwater.acknowledge import Failure
    from headwater.components.inproc import Channel
    from headwater.components.resources import Resources
    from headwater.config.view import Config
    from headwater.message import Batch, Batches

SPEC = spec(
    "output",
    "inproc",
    root=text(description="The name of the channel.", default=""),
    categories=("Utility",),
    summary="Send messages to inputs of other streams in the same process.",
    description="A batch waits until an input takes it, and counts as delivered when it is delivered there.",
    examples=(("A channel", "output:\n  inproc: orders\n"),),
)

IN_FLIGHT: Final = 4096
"""Transactions that may wait for the other stream, which may gather some before it settles the first."""


@component(SPEC)
class Inproc(Output):
    """Sends down a channel; a reader that goes away leaves the batch to the next one."""

    connects = False
    max_in_flight = IN_FLIGHT
    overlapping = True

    def __init__(self, config: Config, resources: Resources) -> None:
        self._name = config.text()
        self._hub = resources.inproc()
        self._channel: Channel | None = None
        self.write_many = self._write_many

    async def connect(self) -> None:
        if self._channel is None:
            self._channel = self._hub.open(self._name)

    def room(self, under_way: int) -> int:
        # What nobody takes is one chunk at most; what was taken may wait there for company.
        return 0 if self._channel is not None and self._channel.waiting else IN_FLIGHT - under_way

    async def write(self, batch: Batch) -> None:
        failures = await self._write_many([batch])
        if failures is not None and failures[0] is not None:
            raise failures[0]

    # HOT: once a chunk
    async def _write_many(self, batches: Batches) -> list[Failure | None] | None:
        if self._channel is None:
            raise NotConnected
        failures = await self._channel.send_many(batches)
        while failures is not None and (again := _left_behind(failures)):
            found = await self._channel.send_many([batches[index] for index in again])
            for place, index in enumerate(again):
                failures[index] = None if found is None else found[place]
        return failures if failures is not None and any(failures) else None

    async def close(self) -> None:
        if self._channel is not None:
            self._channel = None
            self._hub.close(self._name)


def _left_behind(failures: list[Failure | None]) -> list[int]:
    """The places of what a reader did not settle before it went away."""
    return [index for index, failure in enumerate(failures) if isinstance(failure, NotConnected)]
