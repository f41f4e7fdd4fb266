"""Scanner `to_the_end`: all bytes as one message."""

from __future__ import annotations

from headwater.components.catalogue import component
from headwater.components.contracts import Scan, Scanner
from headwater.components.resources import Resources
from headwater.config.fields import spec
from headwater.config.view import Config
from headwater.message import Batches, Payloads

SPEC = spec(
    "scanner",
    "to_the_end",
    summary="Take all there is as one message.",
    description="The whole must fit into memory, and a source without an end gives no message.",
    examples=(("A file as one message", "input:\n  file: { paths: [ doc.json ], scanner: { to_the_end: {} } }\n"),),
)


@component(SPEC)
class ToTheEnd(Scanner):
    """Opens scans that give one message."""

    def __init__(self, config: Config, resources: Resources) -> None:
        pass

    def open(self, name: str) -> Scan:
        return WholeScan()


class WholeScan(Scan):
    """Keeps all bytes until the end."""

    whole = True

    def __init__(self) -> None:
        self._blocks: list[bytes] | None = []

    def feed(self, data: bytes) -> Batches:
        if self._blocks is not None:
            self._blocks.append(data)
        return []

    def finish(self) -> Batches:
        if self._blocks is None:
            return []
        whole = b"".join(self._blocks)
        self._blocks = None
        return Payloads([whole])
