"""Processor `insert_part`: one more message in a batch."""

from __future__ import annotations

from headwater.bloblang import BloblangError
from headwater.components.catalogue import component
from headwater.components.composition import common_origin
from headwater.components.contracts import Processor
from headwater.components.resources import Resources
from headwater.config.fields import integer, interpolated, spec
from headwater.config.view import Config
from headwater.message import UNSET, Batch, Message

SPEC = spec(
    "processor",
    "insert_part",
    integer("index", "Its place in the batch; negative ones count from the end, -1 is behind the last.", default=-1),
    interpolated("content", "Its content.", default=""),
    categories=("Composition",),
    summary="Insert a message into a batch.",
    description=(
        "A place beyond the end is the end, one before the start is the start. The metadata is that of the first "
        "message. "
        "Expressions in `content` see the batch from its first message; when one fails nothing is inserted."
    ),
    examples=(
        ("A header", 'pipeline:\n  processors:\n    - insert_part:\n        index: 0\n        content: "id,name"\n'),
    ),
)


@component(SPEC)
class InsertPart(Processor):
    """Inserts a message."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._log = resources.log
        self._index = config.integer("index")
        self._content = config.interpolated("content")

    def process(self, batch: Batch) -> list[Batch]:
        """A batch with one message more."""
        try:
            content = self._content.bytes(batch, 0)
        except BloblangError as error:
            self._log.error(f"Content interpolation error: {error}")
            return [batch]
        first = batch[0]
        made = Message(content, UNSET, first.metadata, first.error, common_origin(batch), first.context)
        place = self._index if self._index >= 0 else max(0, len(batch) + self._index + 1)
        return [[*batch[:place], made, *batch[place:]]]
