"""Scanner `skip_bom`: leaves a byte order mark out before another scanner."""

from __future__ import annotations

from typing import Final

from headwater.components.catalogue import component
from headwater.components.contracts import Scan, Scanner
from headwater.components.resources import Resources
from headwater.config.fields import scanner, spec
from headwater.config.view import Config
from headwater.message import Batches

SPEC = spec(
    "scanner",
    "skip_bom",
    scanner("into", "The scanner that gets the rest.", default={"to_the_end": {}}),
    summary="Leave out a UTF-8 byte order mark at the beginning, and scan the rest.",
    examples=(("Lines from Windows", "input:\n  stdin: { scanner: { skip_bom: { into: { lines: {} } } } }\n"),),
)

BOM: Final = b"\xef\xbb\xbf"


@component(SPEC)
class SkipBomScanner(Scanner):
    """Opens scans behind a byte order mark."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._into = resources.build_scanner(config.child("into"))

    def open(self, name: str) -> Scan:
        return SkipBom(self._into.open(name))


class SkipBom(Scan):
    """Holds the first bytes back until it is clear what they are."""

    def __init__(self, into: Scan) -> None:
        self._into = into
        self.eager = into.eager
        self.whole = into.whole
        self._head: bytes | None = b""

    def feed(self, data: bytes) -> Batches:
        if self._head is None:
            return self._into.feed(data)
        head = self._head + data
        if len(head) < len(BOM) and BOM.startswith(head):
            self._head = head
            return []
        self._head = None
        return self._into.feed(head.removeprefix(BOM))

    def finish(self) -> Batches:
        head, self._head = self._head, None
        if head:
            return [*self._into.feed(head), *self._into.finish()]
        return self._into.finish()
