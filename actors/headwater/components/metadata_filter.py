"""Which metadata keys are taken along: by prefix, or by regular expression."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from headwater.bloblang.values import to_text
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
        import re2

        self._prefixes = tuple(config.texts("include_prefixes"))
        try:
            self._patterns = [re2.compile(pattern) for pattern in config.texts("include_patterns")]
        except re2.error as error:
            raise ConfigError(f"failed to compile regexp: {error}") from None

    def __bool__(self) -> bool:
        """Whether anything can be taken at all."""
        return bool(self._prefixes or self._patterns)

    def takes(self, key: str) -> bool:
        """Whether a key is taken."""
        return key.startswith(self._prefixes) or any(pattern.search(key) for pattern in self._patterns)

    def items(self, message: Message) -> Iterator[tuple[str, str]]:
        """The keys of a message that are taken, sorted, with their values as text."""
        if self:
            for key in sorted(message.metadata):
                if self.takes(key):
                    yield key, to_text(message.metadata[key])
