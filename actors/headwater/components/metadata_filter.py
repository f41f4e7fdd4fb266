"""Which metadata keys are taken along: by prefix, or by regular expression."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from headwater.bloblang.errors import BloblangError
from headwater.bloblang.gotext import quote
from headwater.bloblang.regexps import Regexp
from headwater.bloblang.values import encode_text, to_text
from headwater.errors import ConfigError

if TYPE_CHECKING:
    from headwater.config.view import Config
    from headwater.message import Message


class MetadataFilter:
    """A set of keys; empty unless the configuration names a prefix or a pattern.

    Args:
        config: An object of `metadata_filter` fields.
    """

    def __init__(self, config: Config) -> None:
        self._prefixes = tuple(config.texts("include_prefixes"))
        self._patterns = [_compiled(pattern) for pattern in config.texts("include_patterns")]

    def __bool__(self) -> bool:
        """Whether anything can be taken at all."""
        return bool(self._prefixes or self._patterns)

    def takes(self, key: str) -> bool:
        """Whether a key is taken."""
        if key.startswith(self._prefixes):
            return True
        raw = encode_text(key) if self._patterns else b""
        return any(pattern.found(raw) for pattern in self._patterns)

    def items(self, message: Message) -> Iterator[tuple[str, str]]:
        """The keys of a message that are taken, sorted, with their values as text."""
        if self:
            for key in sorted(message.metadata):
                if self.takes(key):
                    yield key, to_text(message.metadata[key])


def _compiled(pattern: str) -> Regexp:
    try:
        return Regexp(pattern)
    except BloblangError as error:
        raise ConfigError(f"failed to compile regexp {quote(pattern)}: {error}") from None
