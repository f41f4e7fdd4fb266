"""Scanner `json_documents`: JSON documents, one behind the other."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from headwater.components.catalogue import component
from headwater.components.contracts import Scan, Scanner
from headwater.components.payloads import floated
from headwater.components.resources import Resources
from headwater.components.scanning import Failing
from headwater.config.fields import spec
from headwater.config.view import Config
from headwater.documents import decode_document
from headwater.errors import DocumentError
from headwater.message import Batch, Message

SPEC = spec(
    "scanner",
    "json_documents",
    summary="Take JSON documents that stand one behind the other.",
    description="There may be white space between documents. Behind a broken one nothing more is read.",
    examples=(("Documents over several lines", "input:\n  stdin:\n    scanner:\n      json_documents: {}\n"),),
)

SPACE: Final = b" \t\r\n"
_STRUCTURE: Final = re.compile(rb'["\[\]{}]')
_QUOTE: Final = re.compile(rb'["\\]')
_SCALAR_END: Final = re.compile(rb'[ \t\r\n,\[\]{}":]')


class DocumentCutter:
    """Finds where documents end; what stands between them (white space, and `between`) is left out."""

    def __init__(self, between: bytes = SPACE) -> None:
        self._between = between
        self._expected = 0
        self.complaint = ""
        """What is wrong with the commas."""
        self._data = b""
        self._at = 0
        self._depth = 0
        self._quoted = False
        self.closed = False
        """Whether a closing bracket was met that no document opened."""
        self.commas = 0
        """How many commas stand before the next document."""

    @property
    def _over(self) -> bool:
        return self.closed or bool(self.complaint)

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next bytes; the documents that are complete by now."""
        self._data += data
        documents: list[bytes] = []
        while not self._over and (document := self._next(False)) is not None:
            documents.append(document)
        return documents

    def finish(self) -> tuple[list[bytes], bool]:
        """The last documents, and whether the bytes end within one."""
        documents: list[bytes] = []
        while not self._over and (document := self._next(True)) is not None:
            documents.append(document)
        return documents, bool(self._data) and not self.closed

    def rest(self) -> bytes:
        """What was not cut."""
        return self._data

    def _next(self, end: bool) -> bytes | None:
        data = self._data
        if not self._at:
            rest = data.lstrip(self._between)
            if b"," in self._between:
                self.commas += data[: len(data) - len(rest)].count(b",")
                if self.commas != self._expected and rest:
                    self._misplaced(rest)
                    return None
            data = self._data = rest
            if not data:
                return None
            first = data[0]
            if first in b"]}":
                if self.commas:
                    self.complaint = f"invalid character '{chr(first)}' looking for beginning of value"
                self.closed = True
                return None
            if first not in b'[{"':
                found = _SCALAR_END.search(data)
                stop = found.start() if found else len(data)
                if not found and not end:
                    return None
                return self._take(max(stop, 1))
        return self._walk(data)

    def _misplaced(self, rest: bytes) -> None:
        """Between two elements stands one comma, and none before the first; a bracket may follow without one."""
        if rest[0] == 0x5D and self.commas == 0:
            self.closed = True
        elif self.commas > self._expected:
            self.complaint = "invalid character ',' looking for beginning of value"
        else:
            self.complaint = f"invalid character '{chr(rest[0])}' after array element"
        self._data = rest

    def _walk(self, data: bytes) -> bytes | None:
        """Go on to the end of the object, list or string that was begun."""
        at = self._at
        while True:
            found = (_QUOTE if self._quoted else _STRUCTURE).search(data, at)
            if found is None:
                self._at = len(data)
                return None
            at = found.end()
            mark = data[found.start()]
            if self._quoted:
                if mark == 0x5C:
                    if at >= len(data):
                        self._at = found.start()
                        return None
                    at += 1
                    continue
                self._quoted = False
            elif mark == 0x22:
                self._quoted = True
                continue
            elif mark in b"[{":
                self._depth += 1
                continue
            else:
                self._depth -= 1
            if self._depth <= 0:
                return self._take(at)

    def _take(self, end: int) -> bytes:
        document, self._data = self._data[:end], self._data[end:]
        self._at = 0
        self._depth = 0
        self._quoted = False
        self._expected = 1
        self.commas = 0
        return document


@component(SPEC)
class JsonDocuments(Scanner):
    """Opens scans of JSON documents."""

    def __init__(self, config: Config, resources: Resources) -> None:
        pass

    def open(self, name: str) -> Scan:
        return DocumentsScan()


class DocumentsScan(Scan):
    """Cuts and parses; the first document that is none ends it."""

    def __init__(self) -> None:
        self._cutter = DocumentCutter()
        self._failing = Failing()

    def feed(self, data: bytes) -> list[Batch]:
        made: list[Batch] = []
        if self._failing.error is None:
            made = parsed(self._cutter.feed(data), self._failing, _as_floats)
            if self._cutter.closed:
                found = chr(self._cutter.rest()[0])
                self._failing.fail(f"invalid character '{found}' looking for beginning of value")
        return self._failing.release_once(made)

    def finish(self) -> list[Batch]:
        made: list[Batch] = []
        if self._failing.error is None:
            documents, broken = self._cutter.finish()
            made = parsed(documents, self._failing, _as_floats)
            if broken:
                self._failing.fail("unexpected EOF")
        return self._failing.release_once(made)


def parsed(documents: list[bytes], failing: Failing, made_of: Callable[[bytes, Any], Message]) -> list[Batch]:
    """Documents as batches of one message, up to the first that cannot be parsed; `made_of` makes a message of its
    bytes and what they mean."""
    made: list[Batch] = []
    for document in documents:
        try:
            made.append([made_of(document, decode_document(document))])
        except DocumentError as error:
            failing.fail(str(error))
            break
    return made


def _as_floats(_: bytes, document: Any) -> Message:
    """A document with the numbers that the original reads here: 1.50 becomes 1.5, and 1.0 becomes 1."""
    return Message(None, floated(document))
