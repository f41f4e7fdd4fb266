"""Input `file`: files, cut into messages."""

from __future__ import annotations

from headwater.acknowledge import Delivery
from headwater.components.catalogue import component
from headwater.components.contracts import Input
from headwater.components.inputs._files import FileReader, expand
from headwater.components.inputs._scanner_fields import scanner_fields
from headwater.components.resources import Resources
from headwater.components.scanning import scanner_of
from headwater.config.fields import auto_replay_nacks, boolean, spec, texts
from headwater.config.view import Config

SPEC = spec(
    "input",
    "file",
    texts("paths", "Files to read, in order; patterns with `*`, `?`, `[...]` and `**` are expanded at the start."),
    *scanner_fields(),
    boolean("delete_on_finish", "Delete a file once all of it was delivered.", default=False, advanced=True),
    auto_replay_nacks(),
    categories=("Local",),
    summary="Read files, cut into messages by a scanner.",
    description=(
        "Messages get the metadata `path`, `mod_time_unix` and `mod_time`. The input ends behind the last file. A file "
        "that cannot be opened is tried again."
    ),
    examples=(("All log files of a folder", "input:\n  file:\n    paths: [ './logs/*.log' ]\n"),),
)


@component(SPEC)
class FileInput(Input):
    """Reads one file after the other."""

    def __init__(self, config: Config, resources: Resources) -> None:
        scanner = scanner_of(config, resources)
        self._paths = config.texts("paths")
        self._delete = config.boolean("delete_on_finish")
        self._resources = resources
        self._open = lambda name, _: scanner.open(name)
        self._reader: FileReader | None = None

    async def connect(self) -> None:
        if self._reader is None:
            self._reader = FileReader(expand(self._paths), self._open, self._delete, self._resources)

    async def read(self, limit: int) -> Delivery:
        assert self._reader is not None
        return await self._reader.read(limit)

    async def close(self) -> None:
        if self._reader is not None:
            await self._reader.close()
