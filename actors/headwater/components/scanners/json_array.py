"""Scanner `json_array`: the elements of one JSON array."""

from __future__ import annotations

import re
from typing import Any, Final

from headwater.components.catalogue import component
from headwater.components.contracts import Scan, Scanner
from headwater.components.resources import Resources
from headwater.components.scanners.json_documents import SPACE, DocumentCutter, parsed
from headwater.components.scanning import Failing
from headwater.config.fields import spec
from headwater.config.view import Config
from headwater.message import Batch, Message

SPEC = spec(
    "scanner",
    "json_array",
    summary="Take each element of a JSON array as a message.",
    description="The array is read piece by piece, so it may be larger than memory.",
    examples=(("One large array", "input:\n  file: { paths: [ all.json ], scanner: { json_array: {} } }\n"),),
)

_BETWEEN: Final = re.compile(rb'("(?:[^"\\]|\\.)*")|[ \t\r\n]+', re.DOTALL)


@component(SPEC)
class JsonArray(Scanner):
    """Opens scans of arrays."""

    def __init__(self, config: Config, resources: Resources) -> None:
        pass

    def open(self, name: str) -> Scan:
        return ArrayScan()


class ArrayScan(Scan):
    """Cuts the elements of one array; what follows it is left alone."""

    eager = True

    def __init__(self) -> None:
        self._cutter = DocumentCutter(SPACE + b",")
        self._begun = False
        self._failing = Failing()

    def feed(self, data: bytes) -> list[Batch]:
        made: list[Batch] = []
        if self._failing.error is None and not self._cutter.closed:
            if not self._begun:
                data = data.lstrip(SPACE)
                if not data:
                    return []
                if data[:1] != b"[":
                    self._failing.fail(f"expected opening '[' but got {data[:1].decode(errors='replace')}")
                    return self._failing.release_once([])
                self._begun = True
                data = data[1:]
            made = parsed(self._cutter.feed(data), self._failing, _as_written)
            if self._cutter.complaint:
                self._failing.fail(self._cutter.complaint)
        return self._failing.release_once(made)

    def finish(self) -> list[Batch]:
        made: list[Batch] = []
        if self._failing.error is None and not self._cutter.closed:
            made = parsed(self._cutter.finish()[0], self._failing, _as_written)
            if self._cutter.complaint:
                self._failing.fail(self._cutter.complaint)
            if not self._cutter.closed:
                self._failing.fail("unexpected EOF" if self._begun else "EOF")
        return self._failing.release_once(made)


def _as_written(element: bytes, document: Any) -> Message:
    """An element with its keys in their own order, without white space."""
    return Message(_BETWEEN.sub(rb"\1", element), document)
