"""Scanner `chunker`: messages of a fixed size."""

from __future__ import annotations

from headwater.components.catalogue import component
from headwater.components.contracts import Scan, Scanner
from headwater.components.resources import Resources
from headwater.config.fields import integer, spec
from headwater.config.view import Config
from headwater.errors import ConfigError
from headwater.message import Batches, Payloads

SPEC = spec(
    "scanner",
    "chunker",
    integer("size", "Bytes a message."),
    summary="Cut into pieces of a fixed size.",
    examples=(("Pieces of a kilobyte", "input:\n  stdin:\n    scanner:\n      chunker:\n        size: 1024\n"),),
)


@component(SPEC)
class Chunker(Scanner):
    """Opens scans that cut by size."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._size = config.integer("size")
        if self._size <= 0:
            raise ConfigError(f"chunk size must be larger than zero, got {self._size}")

    def open(self, name: str) -> Scan:
        return ChunkScan(self._size)


class ChunkScan(Scan):
    """Cuts pieces of one size; the last may be smaller."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._rest = bytearray()

    def feed(self, data: bytes) -> Batches:
        rest, size = self._rest, self._size
        rest += data
        whole = len(rest) - len(rest) % size
        pieces = [bytes(rest[start : start + size]) for start in range(0, whole, size)]
        del rest[:whole]
        return Payloads(pieces)

    def finish(self) -> Batches:
        rest = bytes(self._rest)
        self._rest.clear()
        return Payloads([rest]) if rest else []
