"""Synchronous responses: what is left with the callers that wait at an input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from headwater.message import Batch, ResponseStore

NOBODY: Final = "result store not found within batch context"
"""What is said where a message comes from an input that answers nobody."""


def respond(batch: Batch) -> bool:
    """Leave the messages of a batch with their callers, in order; each caller gets its own messages only.

    Returns: Whether anybody waits for any of them.
    """
    first = batch[0].context
    store = None if first is None else first.responses
    if len(batch) == 1 or all(message.context is first for message in batch):
        if store is not None:
            store.add(batch)
        return store is not None
    groups: dict[int, tuple[ResponseStore, Batch]] = {}
    for message in batch:
        store = None if message.context is None else message.context.responses
        if store is not None:
            groups.setdefault(id(store), (store, []))[1].append(message)
    for store, messages in groups.values():
        store.add(messages)
    return bool(groups)
