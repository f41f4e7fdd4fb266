"""The program's log: logfmt or JSON lines on the console or into a file, as the `logger` section says."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

from headwater.telemetry.logs import FATAL, TRACE, Log

SILENT: Final = FATAL + 10
LEVELS: Final[Mapping[str, int]] = {
    "OFF": SILENT,
    "NONE": SILENT,
    "FATAL": FATAL,
    "ERROR": logging.ERROR,
    "WARN": logging.WARNING,
    "INFO": logging.INFO,
    "DEBUG": logging.DEBUG,
    "TRACE": TRACE,
    "ALL": TRACE,
}
ROTATE_BYTES: Final = 100 * 1024 * 1024
_NAMES: Final = (
    (FATAL, "fatal"),
    (logging.ERROR, "error"),
    (logging.WARNING, "warning"),
    (logging.INFO, "info"),
    (logging.DEBUG, "debug"),
    (0, "trace"),
)
_BARE: Final = re.compile(r"[A-Za-z0-9\-._/@^+]+\Z")
_PLAIN: Final = re.compile(r"[ -~\n\r\t]*\Z")
_ESCAPED: Final = str.maketrans({'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})
_HTML: Final = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})


@dataclass(frozen=True)
class LogSettings:
    """The `logger` section, with its defaults."""

    level: str = "INFO"
    format: str = "logfmt"
    add_timestamp: bool = True
    level_name: str = "level"
    timestamp_name: str = "time"
    message_name: str = "msg"
    static_fields: Mapping[str, Any] = field(default_factory=lambda: {"@service": "benthos"})
    file_path: str = ""
    rotate: bool = False
    rotate_max_age_days: int = 0

    @classmethod
    def of(cls, section: Mapping[str, Any]) -> LogSettings:
        """Take what the section says; absent fields keep their defaults."""
        known = {name: section[name] for name in cls.__dataclass_fields__ if section.get(name) is not None}
        file = section.get("file") or {}
        return cls(
            **known,
            **({"file_path": file["path"]} if "path" in file and "file_path" not in known else {}),
            **{name: file[name] for name in ("rotate", "rotate_max_age_days") if name in file and name not in known},
        )


def level_number(name: str) -> int:
    """The number of a level's name, in any case.

    Raises:
        ValueError: There is no such level.
    """
    try:
        return LEVELS[name.upper()]
    except KeyError:
        raise ValueError(f"log level {name!r} is none of {', '.join(LEVELS)}") from None


def level_word(number: int) -> str:
    """The word for a level in the lines."""
    return next(word for floor, word in _NAMES if number >= floor)


class _Lines(logging.Formatter):
    """Common to both formats: what a line holds."""

    def __init__(self, settings: LogSettings) -> None:
        super().__init__()
        self._settings = settings
        self._stamp_second = -1
        self._stamp = ""

    def timestamp(self, record: logging.LogRecord) -> str:
        """RFC 3339 in local time, to the second."""
        second = int(record.created)
        if second != self._stamp_second:
            stamp = datetime.fromtimestamp(second).astimezone().isoformat()
            self._stamp = stamp[:-6] + "Z" if stamp.endswith("+00:00") else stamp
            self._stamp_second = second
        return self._stamp

    def fields(self, record: logging.LogRecord) -> dict[str, Any]:
        """The static fields and those of the line; an exception's text is one of them."""
        own: Mapping[str, Any] = getattr(record, "fields", {})
        fields = {**self._settings.static_fields, **own}
        if record.name != "headwater" and not record.name.startswith("headwater."):
            fields["logger"] = record.name
        if record.exc_info and record.exc_info[0] is not None:
            fields["trace"] = self.formatException(record.exc_info)
        return fields


class Logfmt(_Lines):
    """``time="..." level=info msg="..." @service=benthos label="" path=root.input``: fields in order of their names."""

    def format(self, record: logging.LogRecord) -> str:
        settings = self._settings
        parts = []
        if settings.add_timestamp:
            parts.append(f"{settings.timestamp_name}={_value(self.timestamp(record))}")
        parts.append(f"{settings.level_name}={level_word(record.levelno)}")
        if message := record.getMessage():
            parts.append(f"{settings.message_name}={_value(message)}")
        parts += [f"{name}={_value(value)}" for name, value in sorted(self.fields(record).items())]
        return " ".join(parts)


class Json(_Lines):
    """One object a line, with sorted keys."""

    def format(self, record: logging.LogRecord) -> str:
        settings = self._settings
        entry = self.fields(record)
        if settings.add_timestamp:
            entry[settings.timestamp_name] = self.timestamp(record)
        entry[settings.level_name] = level_word(record.levelno)
        entry[settings.message_name] = record.getMessage()
        text = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
        return text.translate(_HTML)


def _value(value: Any) -> str:
    text = value if isinstance(value, str) else _shown(value)
    if _BARE.match(text):
        return text
    if _PLAIN.match(text):
        return f'"{text.translate(_ESCAPED)}"'
    from headwater.bloblang.gotext import quote  # much to import, and rarely needed

    return quote(text)


def _shown(value: Any) -> str:
    """A value that is no text, as Go prints it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (dict, list)) or value is None:
        from headwater.bloblang.goformat import sprintf

        return sprintf("%v", [value])
    return str(value)


class Console(logging.Handler):
    """Writes each line at once, in one piece."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__()
        self._stream = stream

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line; a console that is gone is nobody's failure."""
        with contextlib.suppress(OSError, ValueError):
            self.write(self.format(record).encode("utf-8", "surrogateescape") + b"\n")

    def write(self, line: bytes) -> None:
        """Write bytes and let go of them."""
        self._stream.write(line)
        self._stream.flush()


class LogFile(Console):
    """A file that is put aside when it is full, if asked for; old ones are removed by age."""

    def __init__(self, path: str, rotate: bool, max_age_days: int, max_bytes: int = ROTATE_BYTES) -> None:
        self._path = Path(path)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._rotate = rotate
        self._max_age = max_age_days * 86400
        self._max_bytes = max_bytes
        super().__init__(self._open())

    def _open(self) -> BinaryIO:
        return open(self._path, "ab")

    def write(self, line: bytes) -> None:
        """Write a line, into a new file if this one is full."""
        if self._rotate and self._stream.tell() + len(line) > self._max_bytes and self._stream.tell() > 0:
            self._turn()
        super().write(line)

    def _turn(self) -> None:
        self._stream.close()
        stamp = datetime.now().strftime("%Y-%m-%dT%H-%M-%S.%f")[:-3]
        os.replace(self._path, self._path.with_name(f"{self._path.stem}-{stamp}{self._path.suffix}"))
        self._stream = self._open()
        if self._max_age:
            oldest = time.time() - self._max_age
            for old in self._path.parent.glob(f"{self._path.stem}-*{self._path.suffix}"):
                with contextlib.suppress(OSError):
                    if old.stat().st_mtime < oldest:
                        old.unlink()

    def close(self) -> None:
        """Close the file."""
        self._stream.close()
        super().close()


def start(settings: LogSettings, *, to_stderr: bool = False) -> Log:
    """Set up the log of this process.

    Args:
        to_stderr: The console is standard error, because the output writes messages to standard output.

    Returns:
        The log to hand to the system.

    Raises:
        ValueError: The format or the level is unknown.
        OSError: The file cannot be opened.
    """
    formats = {"logfmt": Logfmt, "json": Json}
    if settings.format not in formats:
        raise ValueError(f"log format '{settings.format}' not recognized")
    level = level_number(settings.level)
    handler: Console
    if settings.file_path:
        handler = LogFile(settings.file_path, settings.rotate, settings.rotate_max_age_days)
    else:
        handler = Console((sys.stderr if to_stderr else sys.stdout).buffer)
    handler.setFormatter(formats[settings.format](settings))
    logger = logging.getLogger("headwater")
    _replace_handlers(logger, handler)
    logger.setLevel(level)
    logger.propagate = False
    others = logging.getLogger()
    _replace_handlers(others, handler)
    others.setLevel(max(level, logging.ERROR))
    return Log(logger)


def _replace_handlers(logger: logging.Logger, handler: logging.Handler) -> None:
    for old in [item for item in logger.handlers if isinstance(item, Console)]:
        logger.removeHandler(old)
        if isinstance(old, LogFile):
            old.close()
    logger.addHandler(handler)
