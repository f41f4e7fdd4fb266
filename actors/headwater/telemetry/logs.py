"""Log lines of components and of the system: a message, and fields that say where it comes from.

Built on `logging`, so a host application handles our lines as its own: the logger it passes in (default ``headwater``)
gets records whose `fields` attribute holds label, path, stream and whatever else belongs to the line. The program's own
formats (logfmt and JSON) are handlers of its own; see `headwater.cli.logging`.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

TRACE: Final = 5
FATAL: Final = logging.CRITICAL

logging.addLevelName(TRACE, "TRACE")


class Log:
    """A logger and the fields that all its lines carry."""

    __slots__ = ("_fields", "_logger")

    def __init__(self, logger: logging.Logger, fields: Mapping[str, Any] | None = None) -> None:
        self._logger = logger
        self._fields = dict(fields or {})

    def having(self, **fields: Any) -> Log:
        """The same logger with more fields."""
        return Log(self._logger, {**self._fields, **fields})

    def enabled(self, level: int) -> bool:
        """Whether a line of this level goes anywhere: worth asking before a costly text is made."""
        return self._logger.isEnabledFor(level)

    def log(self, level: int, text: str, **fields: Any) -> None:
        """Write a line."""
        if self._logger.isEnabledFor(level):
            self._logger.log(
                level, "%s", text, extra={"fields": {**self._fields, **fields} if fields else self._fields}
            )

    def trace(self, text: str, **fields: Any) -> None:
        """Write a line at level trace."""
        self.log(TRACE, text, **fields)

    def debug(self, text: str, **fields: Any) -> None:
        """Write a line at level debug."""
        self.log(logging.DEBUG, text, **fields)

    def info(self, text: str, **fields: Any) -> None:
        """Write a line at level info."""
        self.log(logging.INFO, text, **fields)

    def warning(self, text: str, **fields: Any) -> None:
        """Write a line at level warning."""
        self.log(logging.WARNING, text, **fields)

    def error(self, text: str, **fields: Any) -> None:
        """Write a line at level error."""
        self.log(logging.ERROR, text, **fields)

    def fatal(self, text: str, **fields: Any) -> None:
        """Write a line at level fatal; ends nothing by itself."""
        self.log(FATAL, text, **fields)
