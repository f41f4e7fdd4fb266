"""Syslog lines of RFC 5424 and RFC 3164, with the columns and words of the parser that Benthos uses."""

from __future__ import annotations

import calendar
import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Final

from headwater.errors import ComponentError

_PRIVAL: Final = "expecting a priority value in the range 1-191 or equal to 0"
_PRI: Final = "expecting a priority value within angle brackets"
_VERSION: Final = "expecting a version value in the range 1-999"
_TIMESTAMP: Final = "expecting a RFC3339MICRO timestamp or a nil value"
_HOSTNAME: Final = "expecting an hostname (from 1 to max 255 US-ASCII characters) or a nil value"
_APPNAME: Final = "expecting an app-name (from 1 to max 48 US-ASCII characters) or a nil value"
_PROCID: Final = "expecting a procid (from 1 to max 128 US-ASCII characters) or a nil value"
_MSGID: Final = "expecting a msgid (from 1 to max 32 US-ASCII characters) or a nil value"
_STRUCTURED: Final = (
    'expecting a structured data section containing one or more elements (`[id( key="value")*]+`) or a nil value'
)
_ELEMENT: Final = (
    'expecting a structured data element id (from 1 to max 32 US-ASCII characters; except `=`, ` `, `]`, and `"`'
)
_TWICE: Final = "duplicate structured data element id"
_PARAMETER: Final = (
    'expecting a structured data parameter (`key="value"`, both part from 1 to max 32 US-ASCII characters; key cannot '
    'contain `=`, ` `, `]`, and `"`, while value cannot contain `]`, backslash, and `"` unless escaped)'
)
_ESCAPE: Final = 'expecting chars `]`, `"`, and `\\` to be escaped within param value'
_STAMP: Final = "expecting a Stamp timestamp"
_STAMP_OR_RFC3339: Final = "expecting a Stamp or a RFC3339 timestamp"
_OLD_HOSTNAME: Final = "expecting an hostname (from 1 to max 255 US-ASCII characters)"
_OLD_TAG: Final = "expecting an alphanumeric tag (max 32 characters)"
_ANYTHING: Final = "parsing error"

_MONTHS: Final = {name: number for number, name in enumerate(calendar.month_abbr) if name}
_TAG: Final = re.compile(rb"([!-9;-Z\\-~]{1,32})([:[].*)", re.DOTALL)
_DOT: Final = 0x2E
_SPACE: Final = 0x20


class SyslogError(ComponentError):
    """A line is none; the column is that of the first byte that does not fit."""

    kind = "data"

    def __init__(self, words: str, column: int) -> None:
        super().__init__(f"{words} [col {column}]")


class _Line:
    """Reads a line from left to right."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def peek(self) -> int:
        """The next byte, or -1 at the end."""
        return self.data[self.at] if self.at < len(self.data) else -1

    def take(self, byte: str, words: str) -> None:
        """Pass over a byte that must come."""
        if self.peek() != ord(byte):
            raise SyslogError(words, self.at)
        self.at += 1

    def digits(self, most: int) -> bytes:
        """Pass over digits."""
        start = self.at
        while self.at - start < most and 0x30 <= self.peek() <= 0x39:
            self.at += 1
        return self.data[start : self.at]

    def visible(self, most: int, words: str) -> str:
        """A word of visible ASCII characters, and the space behind it."""
        start = self.at
        while self.at - start < most and 33 <= self.peek() <= 126:
            self.at += 1
        if self.at == start or self.peek() != 0x20:
            raise SyslogError(words, self.at)
        self.at += 1
        return self.data[start : self.at - 1].decode("ascii")

    def number(self, lowest: int, highest: int, words: str) -> int:
        """A number of two digits; the column of one out of range is that of its first impossible digit."""
        value = 0
        for factor in (10, 1):
            byte = self.peek()
            value += (byte - 0x30) * factor if 0x30 <= byte <= 0x39 else 1000
            if value + (factor - 1) < lowest or value > highest:
                raise SyslogError(words, self.at)
            self.at += 1
        return value

    def text(self, expected: str, words: str) -> None:
        """Pass over several bytes that must come."""
        for byte in expected:
            self.take(byte, words)


def parse_rfc5424(data: bytes) -> dict[str, Any]:
    """A line of RFC 5424 as an object.

    Raises:
        SyslogError: It is none.
    """
    line = _Line(data)
    fields = _priority(line)
    version = line.digits(3)
    if not version or version[0] == 0x30:
        raise SyslogError(_VERSION, line.at - len(version))
    fields["version"] = int(version)
    line.take(" ", _ANYTHING if len(version) == 1 else _VERSION)
    if line.peek() == 0x2D:
        line.at += 1
    else:
        fields["timestamp"] = _rfc3339(line, _TIMESTAMP)
    line.take(" ", _ANYTHING)
    for key, most, words in (
        ("hostname", 255, _HOSTNAME),
        ("appname", 48, _APPNAME),
        ("procid", 128, _PROCID),
        ("msgid", 32, _MSGID),
    ):
        value = line.visible(most, words)
        if value != "-":
            fields[key] = value
    follows = _ANYTHING
    if line.peek() == 0x2D:
        line.at += 1
    else:
        fields["structureddata"] = _structured_data(line)
        follows = _STRUCTURED
    if line.peek() == -1:
        return fields
    line.take(" ", follows)
    if line.peek() != -1:
        fields["message"] = data[line.at :].decode("utf-8", "surrogateescape")
    return fields


def _priority(line: _Line) -> dict[str, Any]:
    line.take("<", _PRI)
    start = line.at
    digits = line.digits(3)
    while digits and ((len(digits) > 1 and digits[0] == 0x30) or int(digits) > 191):
        digits = digits[:-1]
    line.at = start + len(digits)
    if not digits:
        raise SyslogError(_PRIVAL, line.at)
    line.take(">", _PRIVAL)
    priority = int(digits)
    return {"priority": priority, "facility": priority // 8, "severity": priority % 8}


def _rfc3339(line: _Line, words: str, fractions: bool = True) -> str:
    """A time stamp, as Go prints it; with or without fractions of seconds."""
    start = line.at
    for _ in range(4):
        if not line.digits(1):
            raise SyslogError(words, line.at)
    year = int(line.data[line.at - 4 : line.at])
    line.text("-", words)
    month = line.number(1, 12, words)
    line.text("-", words)
    day = line.number(1, 31, words)
    line.text("T", words)
    hour = line.number(0, 23, words)
    line.text(":", words)
    minute = line.number(0, 59, words)
    line.text(":", words)
    second = line.number(0, 59, words)
    fraction = ""
    if line.peek() == _DOT and fractions:
        line.at += 1
        fraction = line.digits(6).decode()
        if not fraction:
            raise SyslogError(words, line.at)
    zone = _zone(line, words)
    try:
        moment = datetime(max(year, 1), month, day, hour, minute, second)
    except ValueError:
        raise SyslogError(_no_such_day(line, start), line.at) from None
    fraction = fraction.rstrip("0")
    dot = f".{fraction}" if fraction else ""
    return f"{year:04d}-{moment:%m-%dT%H:%M:%S}{dot}{zone}"


def _no_such_day(line: _Line, start: int) -> str:
    return f'parsing time "{line.data[start : line.at].decode("ascii")}": day out of range'


def _zone(line: _Line, words: str) -> str:
    sign = line.peek()
    if sign == 0x5A:
        line.at += 1
        return "Z"
    if sign not in (0x2B, 0x2D):
        raise SyslogError(words, line.at)
    line.at += 1
    hours = line.number(0, 23, words)
    line.text(":", words)
    minutes = line.number(0, 59, words)
    return "Z" if hours == minutes == 0 else f"{chr(sign)}{hours:02d}:{minutes:02d}"


def _structured_data(line: _Line) -> dict[str, dict[str, str]]:
    if line.peek() != 0x5B:
        raise SyslogError(_STRUCTURED, line.at)
    elements: dict[str, dict[str, str]] = {}
    while line.peek() == 0x5B:
        line.at += 1
        name = _name(line, _ELEMENT)
        if name in elements:
            raise SyslogError(_TWICE, line.at)
        elements[name] = {}
        follows = _ELEMENT
        while line.peek() == 0x20:
            line.at += 1
            key = _name(line, _PARAMETER)
            line.text('="', _PARAMETER)
            elements[name][key] = _value(line)
            follows = _PARAMETER
        line.take("]", follows)
    return elements


def _name(line: _Line, words: str) -> str:
    start = line.at
    while line.at - start < 32 and 33 <= line.peek() <= 126 and line.peek() not in b'=]"':
        line.at += 1
    if line.at == start:
        raise SyslogError(words, line.at)
    return line.data[start : line.at].decode("ascii")


def _value(line: _Line) -> str:
    value = bytearray()
    while (byte := line.peek()) != 0x22:
        if byte in (-1, 0x5D):
            raise SyslogError(_ESCAPE, line.at)
        line.at += 1
        if byte == 0x5C:
            following = line.peek()
            if following not in (0x22, 0x5C, 0x5D):
                raise SyslogError(_ESCAPE, line.at)
            byte = following
            line.at += 1
        value.append(byte)
    line.at += 1
    return value.decode("utf-8", "surrogateescape")


class Rfc3164:
    """Reads lines of RFC 3164.

    Args:
        rfc3339: Whether time stamps may be of RFC 3339 too.
        year: Where the year of a time stamp without one comes from; None for the year 0.
        zone: The time zone that time stamps without one, which are taken for UTC, are shown in.
        best_effort: Whether there is something of lines that break off.
    """

    def __init__(self, rfc3339: bool, year: str | int | None, zone: tzinfo, best_effort: bool = True) -> None:
        self._rfc3339 = rfc3339
        self._best_effort = best_effort
        self._year = year
        self._zone = zone

    def parse(self, data: bytes) -> dict[str, Any]:
        """A line as an object; of one that breaks off behind its priority what was read of it, for most reasons.

        Raises:
            SyslogError: It is none, or it breaks off and no effort is wanted.
        """
        line = _Line(data)
        fields = _priority(line)
        byte = line.peek()
        if self._rfc3339 and 0x30 <= byte <= 0x39:
            try:
                stamp = _rfc3339(line, _STAMP_OR_RFC3339, fractions=False)
            except SyslogError:
                if line.peek() == _DOT or not self._best_effort:
                    raise
                return fields
        elif byte != -1 and chr(byte) in "JFMASOND":
            stamp = self._stamp(line)
        else:
            raise SyslogError(_STAMP_OR_RFC3339 if self._rfc3339 and byte != -1 else _STAMP, line.at)
        if line.peek() != _SPACE and self._best_effort:
            return fields
        line.take(" ", _ANYTHING)
        fields["timestamp"] = stamp
        fields["hostname"] = line.visible(255, _OLD_HOSTNAME)
        rest = data[line.at :]
        if not rest:
            raise SyslogError(_OLD_TAG, line.at)
        appname, procid, rest = _tagged(rest)
        if appname is not None:
            fields["appname"] = appname.decode("ascii")
        if procid is not None:
            fields["procid"] = procid.decode("utf-8", "surrogateescape")
        for place, byte in enumerate(rest):
            if byte < 32 or byte == 127:
                if self._best_effort:
                    return fields
                raise SyslogError(_ANYTHING, len(data) - len(rest) + place)
        if rest:
            fields["message"] = rest.decode("utf-8", "surrogateescape")
        return fields

    def _stamp(self, line: _Line) -> str:
        start = line.at
        month = 0
        for length in (1, 2, 3):
            prefix = line.data[start : start + length].decode("latin-1")
            if len(prefix) < length or not any(name.startswith(prefix) for name in _MONTHS):
                raise SyslogError(_STAMP, start + length - 1)
            month = _MONTHS.get(prefix, 0)
        line.at = start + 3
        line.take(" ", _STAMP)
        if line.peek() == 0x20:
            line.at += 1
            if not 0x31 <= line.peek() <= 0x39:
                raise SyslogError(_STAMP, line.at)
            day = line.peek() - 0x30
            line.at += 1
        else:
            day = line.number(1, 31, _STAMP)
        line.take(" ", _STAMP)
        hour = line.number(0, 23, _STAMP)
        line.take(":", _STAMP)
        minute = line.number(0, 59, _STAMP)
        line.take(":", _STAMP)
        second = line.number(0, 59, _STAMP)
        if day > calendar.monthrange(2000, month)[1]:
            raise SyslogError(_no_such_day(line, start), line.at)
        return self._shown(month, day, hour, minute, second)

    def _shown(self, month: int, day: int, hour: int, minute: int, second: int) -> str:
        year = datetime.now(UTC).year if self._year == "current" else int(self._year or 0)
        # A 29th of February in a year without one is the day after the 28th.
        base = datetime(max(year, 1), month, 1, hour, minute, second, tzinfo=UTC)
        moment = (base + timedelta(days=day - 1)).astimezone(self._zone)
        offset = moment.utcoffset() or timedelta()
        if not offset:
            zone = "Z"
        else:
            minutes = int(offset.total_seconds()) // 60
            zone = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
        return f"{year + moment.year - base.year:04d}-{moment:%m-%dT%H:%M:%S}{zone}"


def _tagged(text: bytes) -> tuple[bytes | None, bytes | None, bytes]:
    """The name and the process of a tag, where there is one, and the text behind it.

    Where nothing follows the tag is the text as well, from its last part on, as the original has it.
    """
    tag = _TAG.fullmatch(text)
    if tag is None:
        return None, None, text
    name, after = tag[1], tag[2]
    if after[:1] == b":":
        return (name, None, after[2:] or text) if after[:2] in (b":", b": ") else (None, None, text)
    inside = after[1:]
    process, closed, behind = inside.partition(b"]")
    if not closed:
        return name, None, inside or text
    if behind in (b"", b":", b": "):
        return name, process, inside
    return (name, process, behind[2:]) if behind.startswith(b": ") else (None, None, text)


def zone_named(name: str) -> tzinfo:
    """A time zone by its name.

    Raises:
        ValueError: There is none.
    """
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    if name in ("", "UTC"):
        return UTC
    if name == "Local":
        return datetime.now().astimezone().tzinfo or UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"unknown time zone {name}") from None
