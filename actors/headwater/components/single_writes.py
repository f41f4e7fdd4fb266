"""Batches for outputs that send one message at a time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from headwater.errors import BatchFailure, Closed, ComponentError, NotConnected, TimedOut

if TYPE_CHECKING:
    from headwater.message import Batch


async def write_each(batch: Batch, write: Callable[[Batch, int], Awaitable[None]]) -> None:
    """Send the messages of a batch in order; what fails of them does not hold up the others.

    Raises:
        BatchFailure: Some messages failed.
        ComponentError: The only message failed, or the connection is gone: then all of them count as failed.
    """
    if len(batch) == 1:
        await write(batch, 0)
        return
    failures: dict[int, Exception] = {}
    for index in range(len(batch)):
        try:
            await write(batch, index)
        except (NotConnected, Closed, TimedOut):
            raise
        except ComponentError as error:
            failures[index] = error
    if failures:
        raise BatchFailure(failures)
