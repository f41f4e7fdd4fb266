"""Processor `unarchive`: many messages of one."""

from __future__ import annotations

from headwater.components.archives import ArchiveError, opener
from headwater.components.catalogue import component
from headwater.components.contracts import Processor
from headwater.components.resources import Resources
from headwater.config.fields import choice, spec
from headwater.config.view import Config
from headwater.documents import encode_document
from headwater.errors import ComponentError, ConfigError
from headwater.message import UNSET, Batch, Message

SPEC = spec(
    "processor",
    "unarchive",
    choice(
        "format",
        ("binary", "csv", "csv:x", "json_array", "json_documents", "json_map", "lines", "tar", "zip"),
        "What the messages are; `csv:x` has `x` in place of the comma.",
        advisory=True,
    ),
    categories=("Parsing", "Utility"),
    summary="Take messages apart into many.",
    description=(
        "The parts take the place of the message in its batch, with its metadata. `csv` makes an object of each row, "
        "by "
        "the names of the first one, `json_map` a message of each value of an object, with the metadata `archive_key`; "
        "parts of `tar` and `zip` have the metadata `archive_filename`. The format `xml_documents_to_json`, with "
        "`:cast` "
        "behind it for values that look like numbers and booleans, is taken too. A message that is no such archive, or "
        "that would become too large, goes on as it was, marked as failed."
    ),
    examples=(
        (
            "Each element of an array",
            "pipeline:\n  processors:\n    - unarchive:\n        format: json_array\n",
        ),
    ),
)


@component(SPEC)
class Unarchive(Processor):
    """Takes messages apart."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._resources = resources
        self._documents = config.text("format") in ("json_array", "json_map")
        try:
            self._open = opener(config.text("format"))
        except ArchiveError as error:
            raise ConfigError(str(error)) from None

    def _failed(self, message: Message, error: ComponentError) -> Message:
        """A message that was no such archive; one that was read as a document goes on as that."""
        failed = self._resources.failed(message, error, "Failed to unarchive message part: ")
        if self._documents and message.parsed is not UNSET:
            failed = failed.with_content(b"" if message.parsed is None else encode_document(message.parsed))
        return failed

    def process(self, batch: Batch) -> list[Batch]:
        """The parts of all messages, as one batch."""
        results: Batch = []
        for message in batch:
            try:
                results += self._open(message)
            except ComponentError as error:
                results.append(self._failed(message, error))
        return [results] if results else []
