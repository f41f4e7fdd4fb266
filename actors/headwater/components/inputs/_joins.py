"""Documents of several inputs joined by an identity."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

from headwater.config.view import Config
from headwater.errors import ConfigError, DocumentError
from headwater.message import Message


class Joiner:
    """Gathers documents by identity.

    Args:
        config: The object `sharded_join`.

    Raises:
        ConfigError: There is no path, or a choice is none.
    """

    def __init__(self, config: Config) -> None:
        kind = config.text("type")
        path = config.text("id_path")
        strategy = config.text("merge_strategy")
        if kind not in ("full-outer", "full-outter", "outer", "outter"):
            raise ConfigError(f"join type '{kind}' was not recognized")
        if not path:
            raise ConfigError("invalid sharded join config: the id path must not be empty")
        if strategy not in ("array", "replace", "keep"):
            raise ConfigError(f"merge strategy '{strategy}' was not recognized")
        self._path = [part.replace("~1", ".").replace("~0", "~") for part in path.split(".")]
        self._strategy = strategy
        self._only_last = kind in ("outer", "outter")
        self._documents: dict[str, tuple[dict[str, Any], Mapping[str, Any]]] = {}

    def add(self, message: Message, last: bool, round_: int, rounds: int) -> Message | None:
        """Take a document of the current round's part of the identities; others are ignored.

        Args:
            last: Whether it comes from the last input.

        Returns: A joined document, where it is complete by now.
        """
        try:
            document = message.document()
        except DocumentError:
            return None
        identity = self._identity(document)
        if identity is None:
            return None
        if rounds > 1 and zlib.crc32(identity.encode("utf-8", "surrogateescape")) % rounds != round_:
            return None
        found = self._documents.get(identity)
        if found is None:
            joined, metadata = document, message.metadata
        else:
            joined = self._merge(found[0], document, tuple(self._path))
            metadata = {**found[1], **message.metadata}
        if last and self._only_last:
            self._documents.pop(identity, None)
            return Message(None, joined, metadata)
        self._documents[identity] = joined, metadata
        return None

    def _identity(self, document: Any) -> str | None:
        value = document
        for part in self._path:
            if not isinstance(value, dict):
                return None
            value = value.get(part)
        return value if isinstance(value, str) and isinstance(document, dict) else None

    def _merge(self, old: dict[str, Any], new: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
        """Both as one; the identity, at `path`, is the same in both."""
        merged = dict(old)
        for key, value in new.items():
            below = path[1:] if path and path[0] == key else ()
            if key not in merged:
                merged[key] = value
            elif path == (key,):
                continue
            elif isinstance(merged[key], dict) and isinstance(value, dict):
                merged[key] = self._merge(merged[key], value, below)
            elif self._strategy == "replace":
                merged[key] = value
            elif self._strategy == "array":
                ours = merged[key] if isinstance(merged[key], list) else [merged[key]]
                merged[key] = [*ours, *(value if isinstance(value, list) else [value])]
        return merged

    def flush(self) -> list[Message]:
        """All that was joined and not handed out; nothing is kept."""
        documents, self._documents = self._documents, {}
        if self._only_last:
            return []
        return [Message(None, document, metadata) for document, metadata in documents.values()]
