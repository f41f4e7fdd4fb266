"""Keys and times to live of what goes into caches, as interpolations say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headwater import durations
from headwater.bloblang.errors import BloblangError
from headwater.errors import ComponentError

if TYPE_CHECKING:
    from headwater.bloblang import Interpolation
    from headwater.message import Batch


def evaluate(expression: Interpolation, what: str, batch: Batch, index: int) -> str:
    """A text for a message. Raises: ComponentError that says what could not be made."""
    try:
        return expression.text(batch, index)
    except BloblangError as error:
        raise ComponentError(f"{what} interpolation error: {error}", "data") from None


def evaluate_ttl(
    expression: Interpolation, batch: Batch, index: int, complaint: str = "ttl must be a duration"
) -> float | None:
    """Seconds that a value shall be kept for; None for the cache's own time. Raises: ComponentError."""
    value = evaluate(expression, "ttl", batch, index)
    if not value:
        return None
    try:
        return durations.parse_seconds(value)
    except durations.InvalidDuration as error:
        raise ComponentError(f"{complaint}: {error}", "data") from None
