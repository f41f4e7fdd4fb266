"""CSV as Go's `encoding/csv` reads it, block by block: its rules for quotes, its line and column numbers, its words."""

from __future__ import annotations

from typing import Final

BARE_QUOTE: Final = 'bare " in non-quoted-field'
QUOTE: Final = 'extraneous or missing " in quoted-field'
FIELD_COUNT: Final = "wrong number of fields"


class CsvError(Exception):
    """A record that breaks the rules.

    Attributes:
        fields: What was read of it; all of it where only their number is wrong.
        miscounted: Whether only their number is wrong.
    """

    def __init__(self, text: str, fields: list[str], miscounted: bool = False) -> None:
        super().__init__(text)
        self.fields = fields
        self.miscounted = miscounted


class CsvReader:
    """Records out of blocks of bytes.

    Args:
        delimiter: One character.
        lazy: Whether quotes may stand anywhere.
        expected: How many fields a record has: 0 as many as the first, below 0 any number.
    """

    def __init__(self, delimiter: str = ",", lazy: bool = False, expected: int = 0) -> None:
        self._delimiter = delimiter
        self._lazy = lazy
        self.expected = expected
        self._rest = b""
        self._line = 0
        self._lines: list[str] = []
        self._at = 0

    def feed(self, data: bytes) -> list[list[str] | CsvError]:
        """Take the next bytes; the records that are complete by now, or what is wrong with them."""
        whole = self._rest + data if self._rest else data
        cut = whole.rfind(b"\n") + 1
        if not cut:
            self._rest = whole
            return []
        self._rest = whole[cut:]
        return self._records(whole[:cut], False)

    def finish(self) -> list[list[str] | CsvError]:
        """The last records."""
        rest, self._rest = self._rest, b""
        return self._records(rest, True)

    def _records(self, block: bytes, end: bool) -> list[list[str] | CsvError]:
        text = block.decode("utf-8", "surrogateescape")
        lines = text.split("\n")
        last = lines.pop()
        fresh = [line[:-1] + "\n" if line.endswith("\r") else line + "\n" for line in lines]
        if last:
            fresh.append(last[:-1] if last.endswith("\r") else last)
        self._lines = self._lines[self._at :] + fresh if self._at < len(self._lines) else fresh
        self._at = 0
        made: list[list[str] | CsvError] = []
        while self._at < len(self._lines):
            start, line_number = self._at, self._line
            line = self._lines[start]
            if line == "\n":
                self._step()
                continue
            if '"' not in line:
                self._step()
                made.append(self._counted(line.rstrip("\n").split(self._delimiter)))
                continue
            try:
                fields = self._quoted(end)
            except CsvError as error:
                made.append(error)
                continue
            if fields is None:
                self._at, self._line = start, line_number
                break
            made.append(self._counted(fields, line_number + 1))
        return made

    def _step(self) -> str:
        line = self._lines[self._at]
        self._at += 1
        self._line += 1
        return line

    def _counted(self, fields: list[str], line: int = 0) -> list[str] | CsvError:
        """A record, if it has as many fields as it should."""
        if self.expected > 0:
            if len(fields) != self.expected:
                return CsvError(f"record on line {line or self._line}: {FIELD_COUNT}", fields, True)
        elif self.expected == 0:
            self.expected = len(fields)
        return fields

    def _quoted(self, end: bool) -> list[str] | None:
        """A record with quotes in it; None when its end did not come yet. Raises: CsvError."""
        line = self._step()
        first = self._line
        fields: list[str] = []
        column = 1
        while True:
            if not line.startswith('"'):
                at = line.find(self._delimiter)
                field = line[:at] if at >= 0 else line.rstrip("\n")
                if not self._lazy and '"' in field:
                    raise self._error(first, column + _width(field[: field.index('"')]), BARE_QUOTE, fields)
                fields.append(field)
                if at < 0:
                    return fields
                column += _width(line[: at + 1])
                line = line[at + 1 :]
                continue
            parts: list[str] = []
            line = line[1:]
            column += 1
            while True:
                at = line.find('"')
                if at >= 0:
                    parts.append(line[:at])
                    column += _width(line[: at + 1])
                    line = line[at + 1 :]
                    if line.startswith('"'):
                        parts.append('"')
                        line = line[1:]
                        column += 1
                    elif line.startswith(self._delimiter):
                        line = line[1:]
                        column += _width(self._delimiter)
                        fields.append("".join(parts))
                        break
                    elif line in ("", "\n"):
                        fields.append("".join(parts))
                        return fields
                    elif self._lazy:
                        parts.append('"')
                    else:
                        raise self._error(first, column - 1, QUOTE, fields)
                else:
                    parts.append(line)
                    width = _width(line)
                    if self._at < len(self._lines):
                        line = self._step()
                        column = 1
                        continue
                    if not end:
                        return None
                    if not self._lazy:
                        raise self._error(first, column + width, QUOTE, fields)
                    fields.append("".join(parts))
                    return fields

    def _error(self, first: int, column: int, text: str, fields: list[str]) -> CsvError:
        if first != self._line:
            return CsvError(
                f"record on line {first}; parse error on line {self._line}, column {column}: {text}", fields
            )
        return CsvError(f"parse error on line {self._line}, column {column}: {text}", fields)


def _width(text: str) -> int:
    """Bytes of a text."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogateescape"))
