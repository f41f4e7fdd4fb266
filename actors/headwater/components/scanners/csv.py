"""Scanner `csv`: the rows of a CSV text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from headwater.components.catalogue import component
from headwater.components.contracts import Scan, Scanner
from headwater.components.resources import Resources
from headwater.config.fields import boolean, integer, spec, text, texts
from headwater.config.view import Config
from headwater.csv_records import CsvError, CsvReader
from headwater.errors import ComponentError, ConfigError, MessageError
from headwater.message import NO_METADATA, Batch, Message


def at_least_one(node: Any) -> str | None:
    """Refuse a number of fields below 1."""
    try:
        return None if int(node.value) >= 1 else "expected_number_of_fields must be at least 1"
    except (TypeError, ValueError):
        return None


def header_is_read(node: Any) -> str | None:
    """Refuse expected headers where no header is read."""
    read = node.get("parse_header_row")
    expected = node.get("expected_headers")
    if read is None or read.value.lower() != "false" or expected is None or not expected.items:
        return None
    return "expected_headers is set but parse_header_row is false"


SPEC = spec(
    "scanner",
    "csv",
    text("custom_delimiter", "What stands between fields, instead of a comma.", optional=True),
    boolean("parse_header_row", "Whether the first row names the fields; else rows are arrays.", default=True),
    boolean("lazy_quotes", "Whether quotes may stand anywhere in a field.", default=False),
    boolean("continue_on_error", "Pass rows that are wrong on, marked as failed.", default=False),
    texts(
        "expected_headers",
        "What the first row must hold.",
        optional=True,
        dialect="bento",
        since="1.6.0",
        lint_object=header_is_read,
    ),
    integer(
        "expected_number_of_fields",
        "How many fields each row must have; else as many as the first.",
        optional=True,
        dialect="bento",
        since="1.6.0",
        lint=at_least_one,
    ),
    summary="Take each row of a CSV text as a message.",
    description="The metadata `csv_row` counts rows from 0.",
    examples=(("Rows with tabs", 'input:\n  stdin:\n    scanner:\n      csv:\n        custom_delimiter: "\\t"\n'),),
)


@dataclass(frozen=True, slots=True)
class Options:
    """How rows are read.

    Attributes:
        keep_failed: Wrong rows are passed on with a mark, not left out.
        numbered: Whether messages get `csv_row`.
    """

    delimiter: str = ","
    header: bool = True
    lazy: bool = False
    keep_failed: bool = False
    expected_headers: Sequence[str] = ()
    expected_fields: int = 0
    numbered: bool = True


@component(SPEC)
class CsvScanner(Scanner):
    """Opens scans of rows."""

    def __init__(self, config: Config, resources: Resources) -> None:
        delimiter = config.optional_text("custom_delimiter") or ","
        if len(delimiter) != 1:
            raise ConfigError("delimiter value must be exactly one character")
        expected = config.optional_integer("expected_number_of_fields")
        if expected is not None and expected < 1:
            raise ConfigError("expected_number_of_fields must be at least 1")
        self._options = Options(
            delimiter=delimiter,
            header=config.boolean("parse_header_row"),
            lazy=config.boolean("lazy_quotes"),
            keep_failed=config.boolean("continue_on_error"),
            expected_headers=config.texts("expected_headers"),
            expected_fields=expected or 0,
        )

    def open(self, name: str) -> Scan:
        return CsvScan(self._options)


class CsvScan(Scan):
    """Makes messages of rows. A wrong row is an error in its place; the rows behind it come with the next calls."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._reader = CsvReader(options.delimiter, options.lazy, options.expected_fields)
        self._header: list[str] | None = None
        self._row = 0
        self._waiting: list[list[str] | CsvError] = []
        self._broken: ComponentError | None = None
        self.eager = options.header

    def feed(self, data: bytes) -> list[Batch]:
        self._waiting += self._reader.feed(data)
        return self._drain()

    def finish(self) -> list[Batch]:
        self._waiting += self._reader.finish()
        made = self._drain()
        if self._options.header and self._header is None and self._broken is None:
            self._broken = ComponentError("EOF", "data")
            raise self._broken
        return made

    def _drain(self) -> list[Batch]:
        """Messages up to the first wrong row; that one is raised once it comes first."""
        made: list[Batch] = []
        for index, record in enumerate(self._waiting):
            if self._broken is not None:
                break
            if self._options.header and self._header is None:
                self._head(record)
                continue
            message = self._message(record)
            if message is not None:
                made.append([message])
                continue
            if made:
                self._waiting = self._waiting[index:]
                return made
            self._waiting = self._waiting[index + 1 :]
            raise ComponentError(str(record), "data")
        self._waiting = []
        if self._broken is not None and not made:
            raise self._broken
        return made

    def _head(self, record: list[str] | CsvError) -> None:
        if isinstance(record, CsvError):
            self._broken = ComponentError(str(record), "data")
            return
        expected = self._options.expected_headers
        if expected and list(expected) != record:
            self._broken = ComponentError(
                f"expected_headers don't match file contents, expected: [{' '.join(expected)}], "
                f"got: [{' '.join(record)}]",
                "data",
            )
        self._header = record

    def _message(self, record: list[str] | CsvError) -> Message | None:
        """A row as a message, or None for a wrong one that is not passed on."""
        error: MessageError | None = None
        if isinstance(record, CsvError):
            if not self._options.keep_failed:
                return None
            error = MessageError(str(record))
            record = record.fields
        metadata: dict[str, Any] = {"csv_row": self._row} if self._options.numbered else {}
        self._row += 1
        document = record if self._header is None else dict(zip(self._header, record, strict=False))
        return Message(None, document, metadata or NO_METADATA, error)
