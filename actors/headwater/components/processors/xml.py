"""Processor `xml`."""

from __future__ import annotations

from headwater.components.catalogue import component
from headwater.components.contracts import Processor
from headwater.components.payloads import one_by_one
from headwater.components.resources import Resources
from headwater.config.fields import boolean, choice, spec
from headwater.config.view import Config
from headwater.errors import ComponentError, ConfigError
from headwater.message import Message
from headwater.xmldocuments import XmlError, parse_xml

SPEC = spec(
    "processor",
    "xml",
    choice("operator", ("to_json",), "What to do.", default=""),
    boolean("cast", "Make numbers and booleans of values that look like them.", default=False),
    status="beta",
    categories=("Parsing",),
    summary="Make documents of XML.",
    description=(
        "Elements become keys, attributes keys with a hyphen before their names, and the text beside attributes or "
        "other "
        "elements the key `#text`. Elements of the same name become a list. Comments, directives and instructions are "
        "left out; entities that a document defines are never expanded. What is no XML is marked as failed."
    ),
    examples=(
        ("An XML feed", "pipeline:\n  processors:\n    - xml:\n        operator: to_json\n        cast: true\n"),
    ),
)


@component(SPEC)
class Xml(Processor):
    """Parses payloads."""

    def __init__(self, config: Config, resources: Resources) -> None:
        operator = config.text("operator")
        if operator != "to_json":
            raise ConfigError(f"operator not recognised: {operator}")
        self._cast = config.boolean("cast")
        self.each = one_by_one(resources, self._convert)

    def _convert(self, message: Message) -> Message:
        try:
            return message.with_document(parse_xml(message.content(), self._cast))
        except XmlError as error:
            raise ComponentError(str(error), "data") from None
