"""Processor `archive`: one message of a batch."""

from __future__ import annotations

from headwater.bloblang import BloblangError
from headwater.components.archives import JOINERS
from headwater.components.catalogue import component
from headwater.components.composition import common_origin
from headwater.components.contracts import Processor
from headwater.components.payloads import structured
from headwater.components.resources import Resources
from headwater.config.fields import choice, interpolated, spec
from headwater.config.view import Config
from headwater.errors import ComponentError, ConfigError
from headwater.message import UNSET, Batch, Message

SPEC = spec(
    "processor",
    "archive",
    choice(
        "format",
        ("binary", "concatenate", "json_array", "lines", "tar", "zip"),
        "How the messages are put together.",
    ),
    interpolated(
        "path",
        "The file name of each message, where the format has file names.",
        default="",
        examples=("${! counter() }-${! timestamp_unix_nano() }.txt", '${! json("id") }.json'),
    ),
    categories=("Parsing", "Utility"),
    summary="Join all messages of a batch into one.",
    description=(
        "`lines` puts a line feed between them, `concatenate` nothing, `json_array` makes a JSON array of them, "
        "`binary` "
        "writes their number and then each with its length, as four bytes, the most significant first. The metadata is "
        "that of the first message. When a message does not fit the format all of them are marked as failed and stay "
        "as "
        "they were."
    ),
    examples=(
        (
            "A batch as a tape archive",
            'pipeline:\n  processors:\n    - archive:\n        format: tar\n        path: ${! json("id") }.json\n',
        ),
    ),
)


@component(SPEC)
class Archive(Processor):
    """Joins batches."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._log = resources.log
        self._resources = resources
        self._format = config.text("format")
        self._path = config.interpolated("path")
        if self._format != "json_array" and self._format not in JOINERS:
            raise ConfigError(f"archive format not recognised: {self._format}")

    def process(self, batch: Batch) -> list[Batch]:
        """Join the messages of a batch."""
        first = batch[0]
        origin = common_origin(batch)
        if self._format == "json_array":
            try:
                document = [self._document(message) for message in batch]
            except ComponentError as error:
                return [[self._resources.failed(message, error, "Failed to create archive: ") for message in batch]]
            return [[Message(None, document, first.metadata, first.error, origin, first.context)]]
        names = [self._name(batch, place) for place in range(len(batch))] if self._format in ("tar", "zip") else []
        raw = JOINERS[self._format]([message.content() for message in batch], names)
        return [[Message(raw, UNSET, first.metadata, first.error, origin, first.context)]]

    def _document(self, message: Message) -> object:
        try:
            return structured(message)
        except ComponentError as error:
            raise ComponentError(f"failed to parse message as JSON: {error}", "data") from None

    def _name(self, batch: Batch, place: int) -> str:
        try:
            return self._path.text(batch, place)
        except BloblangError as error:
            self._log.error(f"Name interpolation error: {error}")
            return ""
