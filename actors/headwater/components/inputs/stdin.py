"""Input `stdin`: what comes in at standard input."""

from __future__ import annotations

from headwater.acknowledge import Delivery
from headwater.components.catalogue import component
from headwater.components.contracts import Input
from headwater.components.inputs._descriptors import DescriptorReader
from headwater.components.inputs._scanner_fields import scanner_fields
from headwater.components.resources import Resources
from headwater.components.scanning import Cutter, scanner_of
from headwater.config.fields import auto_replay_nacks, spec
from headwater.config.view import Config
from headwater.errors import BuildError, ComponentError

SPEC = spec(
    "input",
    "stdin",
    *scanner_fields(),
    auto_replay_nacks(),
    categories=("Local",),
    summary="Read standard input, cut into messages by a scanner.",
    description="The input ends where standard input ends.",
    examples=(("Lines of standard input", "input:\n  stdin: {}\n"),),
)


@component(SPEC)
class Stdin(Input):
    """Reads descriptor 0; it is not closed, since the process may use it for other things."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._resources = resources
        self._scanner = scanner_of(config, resources)
        self._reader = DescriptorReader(0, "stdin")
        self._cutter: Cutter | None = None

    async def connect(self) -> None:
        if self._cutter is None:
            self._cutter = Cutter(self._scanner.open("/dev/stdin"), self._reader.read)
            try:
                await self._cutter.begin()
            except ComponentError as error:
                # Standard input cannot be opened again, so another attempt would meet the rest of it.
                label = f"'{self._resources.label}'" if self._resources.label else "<no label>"
                raise BuildError(f"failed to init input {label} path {self._resources.path}: {error}") from None

    async def read(self, limit: int) -> Delivery:
        assert self._cutter is not None
        return Delivery(await self._cutter.read(limit))

    async def close(self) -> None:
        self._reader.close()
