"""The metrics mapping: Bloblang that renames series, changes their labels, or leaves them out.

In the mapping `this` is the name and metadata are the labels; a deleted root leaves the series out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from headwater.errors import ConfigError
from headwater.message import Message
from headwater.telemetry.metrics import Rename

if TYPE_CHECKING:
    from headwater.telemetry.logs import Log


def metrics_mapping(text: str, log: Log) -> Rename:
    """Compile a mapping of metrics.

    Raises:
        ConfigError: It is no mapping.
    """
    from headwater.bloblang import BloblangError, compile_mapping

    try:
        mapping = compile_mapping(text)
    except BloblangError as error:
        raise ConfigError(f"failed to init metrics mapping: {error}") from None

    def rename(name: str, labels: dict[str, str]) -> tuple[str, dict[str, str]] | None:
        message = Message(None, name, dict(labels))
        try:
            result = mapping.apply(message)
        except BloblangError as error:
            log.error(f"Failed to apply path mapping on '{name}': {error}")
            return name, labels
        if result is None:
            return None
        renamed = result.parsed if result.raw is None else result.raw.decode()
        if not isinstance(renamed, str):
            log.error(f"Path mapping returned invalid result on '{name}', expected a string")
            return name, labels
        return renamed, {key: str(value) for key, value in result.metadata.items()}

    return rename
