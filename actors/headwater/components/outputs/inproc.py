"""Output `inproc`: messages for the `inproc` inputs of the same name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headwater.components.catalogue import component
from headwater.components.contracts import Output
from headwater.config.fields import spec, text
from headwater.errors import NotConnected

if TYPE_CHECKING:
    from headwater.components.inproc import Channel
    from headwater.components.resources import Resources
    from headwater.config.view import Config
    from headwater.message import Batch

SPEC = spec(
    "output",
    "inproc",
    root=text(description="The name of the channel.", default=""),
    categories=("Utility",),
    summary="Send messages to inputs of other streams in the same process.",
    description="A batch waits until an input takes it, and counts as delivered when it is delivered there.",
    examples=(("A channel", "output:\n  inproc: orders\n"),),
)


@component(SPEC)
class Inproc(Output):
    """Sends down a channel; a reader that goes away leaves the batch to the next one."""

    connects = False

    def __init__(self, config: Config, resources: Resources) -> None:
        self._name = config.text()
        self._hub = resources.inproc()
        self._channel: Channel | None = None

    async def connect(self) -> None:
        if self._channel is None:
            self._channel = self._hub.open(self._name)

    async def write(self, batch: Batch) -> None:
        if self._channel is None:
            raise NotConnected
        while True:
            try:
                await self._channel.send(batch)
            except NotConnected:
                continue
            return

    async def close(self) -> None:
        if self._channel is not None:
            self._channel = None
            self._hub.close(self._name)
