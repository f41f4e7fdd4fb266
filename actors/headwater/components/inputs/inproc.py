"""Input `inproc`: what `inproc` outputs of the same process send."""

from __future__ import annotations

from headwater.acknowledge import Delivery
from headwater.components.catalogue import component
from headwater.components.contracts import Input
from headwater.components.inproc import Reader
from headwater.components.resources import Resources
from headwater.config.fields import spec, text
from headwater.config.view import Config
from headwater.errors import NotConnected

SPEC = spec(
    "input",
    "inproc",
    root=text(default="", description="The channel's name; an output of the same name writes to it."),
    categories=("Utility",),
    summary="Read from `inproc` outputs of the same process.",
    description=(
        "Messages pass without a copy. The sender waits until a message is delivered here; failures and synchronous "
        "responses go back to it."
    ),
    examples=(("Take what another stream sends", "input:\n  inproc: orders\n"),),
)


@component(SPEC)
class InprocInput(Input):
    """Reads a channel of the system's hub."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._name = config.text()
        self._hub = resources.inproc()
        self._reader: Reader | None = None

    async def connect(self) -> None:
        if self._reader is None:
            self._reader = Reader(self._hub.open(self._name))

    async def read(self, limit: int) -> Delivery:
        if self._reader is None:
            raise NotConnected
        return await self._reader.read(limit)

    async def close(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None
            self._hub.close(self._name)
