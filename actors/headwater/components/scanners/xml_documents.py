"""Scanner `xml_documents`: XML documents, one behind the other."""

from __future__ import annotations

import re
from typing import Final

from headwater.components.catalogue import component
from headwater.components.contracts import Scan, Scanner
from headwater.components.resources import Resources
from headwater.components.scanning import Failing
from headwater.config.fields import boolean, choice, spec
from headwater.config.view import Config
from headwater.errors import ConfigError
from headwater.message import Batch, Message
from headwater.xmldocuments import XmlError, parse_xml

SPEC = spec(
    "scanner",
    "xml_documents",
    choice("operator", ("to_json",), "What becomes of each document.", default=""),
    boolean("cast", "Make numbers and booleans of values that look like them.", default=False),
    summary="Take XML documents that stand one behind the other.",
    description="Entities other than the predefined ones are not expanded.",
    examples=(("Documents as objects", "input:\n  stdin: { scanner: { xml_documents: { operator: to_json } } }\n"),),
)

_MARKUP: Final = re.compile(
    rb"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>|<![A-Z][^>\[]*(?:\[.*?\])?[^>]*>"
    rb"""|<(/?)[^<>"'!?](?:[^<>"']|"[^"]*"|'[^']*')*?(/?)>""",
    re.DOTALL,
)
LONGEST: Final = 256 * 1024 * 1024
"""Bytes that one document may have."""


@component(SPEC)
class XmlDocuments(Scanner):
    """Opens scans of XML documents."""

    def __init__(self, config: Config, resources: Resources) -> None:
        operator = config.text("operator")
        if operator != "to_json":
            raise ConfigError(f"operator not recognised: {operator}")
        self._cast = config.boolean("cast")

    def open(self, name: str) -> Scan:
        return XmlScan(self._cast)


class XmlScan(Scan):
    """Cuts where a root element ends; the first document that is none ends it."""

    def __init__(self, cast: bool) -> None:
        self._cast = cast
        self._data = b""
        self._at = 0
        self._depth = 0
        self._failing = Failing()

    def feed(self, data: bytes) -> list[Batch]:
        if self._failing.error is not None:
            return self._failing.release_once([])
        self._data += data
        made: list[Batch] = []
        while self._failing.error is None and (document := self._next()) is not None:
            self._parse(document, made)
        if len(self._data) > LONGEST:
            self._failing.fail(f"XML document is longer than {LONGEST} bytes")
        return self._failing.release_once(made)

    def _next(self) -> bytes | None:
        """The next document that is complete."""
        while True:
            found = _MARKUP.search(self._data, self._at)
            if found is None:
                return None
            self._at = found.end()
            closing, empty = found.group(1), found.group(2)
            if closing is None:
                continue
            if closing:
                self._depth -= 1
            elif not empty:
                self._depth += 1
            if self._depth <= 0:
                document, self._data = self._data[: self._at], self._data[self._at :]
                self._at = self._depth = 0
                return document

    def _parse(self, document: bytes, made: list[Batch]) -> None:
        try:
            made.append([Message(None, parse_xml(document, self._cast))])
        except XmlError as error:
            self._failing.fail(str(error))

    def finish(self) -> list[Batch]:
        if self._failing.error is not None:
            return self._failing.release_once([])
        rest, self._data = self._data, b""
        made: list[Batch] = []
        if rest.strip():
            self._parse(rest, made)
        return self._failing.release_once(made)
