"""Scanner `re_match`: messages that begin where a regular expression matches."""

from __future__ import annotations

from typing import Any

from headwater.components.catalogue import component
from headwater.components.contracts import Scan, Scanner
from headwater.components.resources import Resources
from headwater.components.scanning import TokenScan
from headwater.config.fields import integer, spec, text
from headwater.config.view import Config
from headwater.errors import ConfigError

SPEC = spec(
    "scanner",
    "re_match",
    text("pattern", "The regular expression that begins a message.", examples=(r"(?m)^\d\d:\d\d:\d\d",)),
    integer("max_buffer_size", "The longest message in bytes; a longer one is an error.", default=65536),
    summary="Cut before each match of a regular expression.",
    examples=(
        (
            "Log entries of several lines, each with a time in front",
            "input:\n  stdin:\n    scanner:\n      re_match:\n        pattern: '(?m)^\\d\\d:\\d\\d:\\d\\d'\n",
        ),
    ),
)


def compile_pattern(pattern: str) -> Any:
    """A pattern over bytes. Raises: ConfigError."""
    import re2

    options = re2.Options()
    options.log_errors = False
    options.encoding = re2.Options.Encoding.LATIN1 if pattern.isascii() else re2.Options.Encoding.UTF8
    try:
        return re2.compile(pattern.encode(), options)
    except re2.error as error:
        reason = error.args[0] if error.args else error
        text = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
        raise ConfigError(f"error parsing regexp: {text}") from None


@component(SPEC)
class MatchScanner(Scanner):
    """Opens scans that cut before matches."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._pattern = compile_pattern(config.text("pattern"))
        self._limit = config.integer("max_buffer_size")

    def open(self, name: str) -> Scan:
        return MatchScan(self._pattern, self._limit)


class MatchScan(TokenScan):
    """Cuts before matches. A message that begins with one is complete once the next begins; what stands before the
    first one is complete once there are two, since a match at the end may turn out otherwise with more."""

    def __init__(self, pattern: Any, limit: int) -> None:
        super().__init__(limit)
        self._pattern = pattern

    def cut(self, data: bytes, end: bool) -> tuple[list[bytes], bytes]:
        tokens: list[bytes] = []
        start = 0
        matched = False
        held: int | None = None
        for match in self._pattern.finditer(data):
            begin, stop = match.span()
            if begin == start and held is None:
                matched = True
                continue
            if not end and stop - start > self._limit:
                break
            if held is not None:
                tokens.append(data[start:held])
                start, held, matched = held, None, True
                if begin == start:
                    continue
            if matched or end:
                tokens.append(data[start:begin])
                start, matched = begin, True
            else:
                held = begin
        if not end:
            return tokens, data[start:]
        if start < len(data):
            tokens.append(data[start:])
        return tokens, b""
