"""Scanner `lines`: messages by line, or by another delimiter."""

from __future__ import annotations

from headwater.components.catalogue import component
from headwater.components.contracts import Scan, Scanner
from headwater.components.resources import Resources
from headwater.components.scanning import TOO_LONG, Failing
from headwater.config.fields import boolean, integer, spec, text
from headwater.config.view import Config
from headwater.message import Batches, Payloads

SPEC = spec(
    "scanner",
    "lines",
    text("custom_delimiter", "Cut at this text instead of line ends.", optional=True),
    integer("max_buffer_size", "The longest line in bytes; a longer one is an error.", default=65536),
    boolean("omit_empty", "Leave empty lines out.", default=False),
    summary="Cut at line ends, or at another delimiter.",
    description="Line ends are no part of the messages, and neither is a carriage return before one.",
    examples=(("Records that end with a bar", "input:\n  stdin: { scanner: { lines: { custom_delimiter: '|' } } }\n"),),
)


@component(SPEC)
class LinesScanner(Scanner):
    """Opens line scans."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._delimiter = (config.optional_text("custom_delimiter") or "").encode()
        self._limit = config.integer("max_buffer_size")
        self._omit_empty = config.boolean("omit_empty")

    def open(self, name: str) -> Scan:
        return LinesScan(self._delimiter, self._limit, self._omit_empty)


class LinesScan(Scan):
    """Cuts lines a block at a time; hot path.

    Args:
        delimiter: What ends a message; empty for line ends, with or without a carriage return.
        limit: The longest message with its delimiter.
        omit_empty: Whether empty messages are left out.
    """

    def __init__(self, delimiter: bytes, limit: int, omit_empty: bool = False) -> None:
        self._delimiter = delimiter or b"\n"
        self._strip = not delimiter
        self._limit = limit
        self._longest = limit - len(self._delimiter)
        self._omit_empty = omit_empty
        self._rest = b""
        self._failing = Failing()

    def feed(self, data: bytes) -> Batches:
        if self._failing.error is not None:
            raise self._failing.error
        if not data:
            return []
        fed = len(data)
        if self._rest:
            data = self._rest + data
        lines = data.split(self._delimiter)
        self._rest = lines.pop()
        # All but the first line lie within the new block, so most often the first alone can be too long.
        if fed > self._limit or (lines and len(lines[0]) > self._longest) or len(self._rest) >= self._limit:
            self._bound(lines)
        if self._strip and b"\r" in data:
            lines = [line[:-1] if line.endswith(b"\r") else line for line in lines]
        if self._omit_empty:
            lines = [line for line in lines if line]
        return self._failing.release(Payloads(lines))

    def _bound(self, lines: list[bytes]) -> None:
        """Cut off at the first line that is too long."""
        for index, line in enumerate(lines):
            if len(line) > self._longest:
                lines[index:] = [line[: self._limit]]
                break
        else:
            if len(self._rest) < self._limit:
                return
            lines.append(self._rest[: self._limit])
        self._rest = b""
        self._failing.fail(TOO_LONG)

    def finish(self) -> Batches:
        if self._failing.error is not None:
            raise self._failing.error
        rest, self._rest = self._rest, b""
        if self._strip and rest.endswith(b"\r"):
            rest = rest[:-1]
            if not rest and not self._omit_empty:
                return Payloads([rest])
        return Payloads([rest]) if rest else []
