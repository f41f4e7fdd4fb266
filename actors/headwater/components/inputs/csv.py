"""Input `csv`: rows of CSV files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from headwater.acknowledge import Delivery
from headwater.components.catalogue import component
from headwater.components.contracts import Input, Scan
from headwater.components.inputs._files import CannotOpen, FileReader, expand
from headwater.components.resources import Resources
from headwater.components.scanners.csv import at_least_one, header_is_read
from headwater.config.fields import auto_replay_nacks, boolean, integer, spec, text, texts
from headwater.config.view import Config
from headwater.csv_records import CsvError, CsvReader
from headwater.errors import ComponentError, ConfigError, NotConnected
from headwater.message import Batch, Message

SPEC = spec(
    "input",
    "csv",
    texts("paths", "Files to read, in order; patterns are expanded at the start."),
    boolean("parse_header_row", "Whether the first row names the fields; else rows are arrays.", default=True),
    text("delimiter", "What stands between fields.", default=","),
    boolean("lazy_quotes", "Whether quotes may stand anywhere in a field.", default=False),
    boolean("delete_on_finish", "Delete a file once all of it was delivered.", default=False, advanced=True),
    integer("batch_count", "Rows a batch.", default=1, advanced=True),
    auto_replay_nacks(),
    texts(
        "expected_headers",
        "What the first row must hold.",
        optional=True,
        dialect="bento",
        since="1.8.0",
        lint_object=header_is_read,
    ),
    integer(
        "expected_number_of_fields",
        "How many fields each row must have.",
        optional=True,
        dialect="bento",
        since="1.8.0",
        lint=at_least_one,
    ),
    categories=("Local",),
    summary="Read CSV files row by row.",
    description=(
        "Each row becomes an object by the names of the first row, or an array. Messages get the metadata `header`, "
        "`path`, `mod_time_unix` and `mod_time`."
    ),
    examples=(("Rows in batches of fifty", "input:\n  csv:\n    paths: [ './data/*.csv' ]\n    batch_count: 50\n"),),
)


@component(SPEC)
class CsvInput(Input):
    """Reads one file after the other."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._delimiter = config.text("delimiter")
        if len(self._delimiter) != 1:
            raise ConfigError("delimiter value must be exactly one character")
        self._header = config.boolean("parse_header_row")
        self._lazy = config.boolean("lazy_quotes")
        self._count = config.integer("batch_count")
        if self._count < 1:
            raise ConfigError("batch_count must be at least 1")
        self._expected_headers = config.texts("expected_headers")
        self._expected = config.optional_integer("expected_number_of_fields")
        if self._expected is not None and self._expected < 1:
            raise ConfigError("expected_number_of_fields must be at least 1")
        self._paths = config.texts("paths")
        if not self._paths and not config.given("paths"):
            raise ConfigError("requires at least one input file path")
        self._delete = config.boolean("delete_on_finish")
        self._resources = resources
        self._reader: FileReader | None = None

    def _open(self, name: str, metadata: Mapping[str, Any]) -> Scan:
        reader = CsvReader(self._delimiter, self._lazy, self._expected or -1)
        return RowScan(reader, self._header, self._expected_headers, self._count, metadata)

    async def connect(self) -> None:
        if self._reader is None:
            self._reader = FileReader(
                expand(self._paths), self._open, self._delete, self._resources, shared_metadata=False
            )
        await self._reader.open_next()

    async def read(self, limit: int) -> Delivery:
        assert self._reader is not None
        try:
            return await self._reader.read(limit)
        except CannotOpen as error:
            raise NotConnected(str(error)) from None

    async def close(self) -> None:
        if self._reader is not None:
            await self._reader.close()


class RowScan(Scan):
    """Makes batches of rows. Of a row that breaks the rules there are the fields before that; where there are none, or
    another number than there must be, the row is an error in its place, and the others go on behind it."""

    def __init__(
        self, reader: CsvReader, header: bool, expected: Sequence[str], count: int, metadata: Mapping[str, Any]
    ) -> None:
        self._reader = reader
        self._wants_header = header
        self._expected = list(expected)
        self._count = count
        self._plain = metadata
        self._named = metadata
        self._names: list[str] | None = None
        self._waiting: list[list[str] | CsvError] = []
        self._batch: Batch = []
        self._skip = False

    def feed(self, data: bytes) -> list[Batch]:
        self._waiting += self._reader.feed(data)
        return self._drain()

    def finish(self) -> list[Batch]:
        self._waiting += self._reader.finish()
        made = self._drain()
        if not made and self._batch:
            made, self._batch = [self._batch], []
        return made

    def _drain(self) -> list[Batch]:
        """Batches up to the first row that cannot be read; that one is raised once it comes first."""
        made: list[Batch] = []
        for index, record in enumerate(self._waiting):
            if self._skip:
                break
            if (
                isinstance(record, CsvError)
                and record.fields
                and not record.miscounted
                and (self._names is not None or not self._wants_header)
            ):
                record = record.fields
            if isinstance(record, CsvError):
                if made:
                    self._waiting = self._waiting[index:]
                    return made
                self._waiting = self._waiting[index + 1 :]
                # Without names there are no rows.
                self._skip = self._wants_header and self._names is None
                raise ComponentError(str(record), "data")
            if self._wants_header and self._names is None:
                self._head(record)
                continue
            self._batch.append(self._message(record))
            if len(self._batch) >= self._count:
                made.append(self._batch)
                self._batch = []
        self._waiting = []
        return made

    def _head(self, record: list[str]) -> None:
        self._names = record
        self._named = {**self._plain, "header": record}
        if self._expected and record != self._expected:
            self._skip = True
            self._waiting = []
            raise ComponentError(
                f"expected_headers don't match file contents, expected: [{' '.join(self._expected)}], "
                f"got: [{' '.join(record)}]",
                "data",
            )

    def _message(self, record: list[str]) -> Message:
        place = len(self._batch)
        names = self._names
        if names is None or len(record) > len(names):
            return Message(None, record, self._plain, None, place)
        return Message(None, dict(zip(names, record, strict=False)), self._named, None, place)
