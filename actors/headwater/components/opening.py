"""Opening things on other threads without losing them when nobody waits any more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from headwater import tasks

T = TypeVar("T")


async def open_blocking(make: Callable[..., T], *args: Any, discard: Callable[[T], Any]) -> T:
    """Make something with a call that may block.

    Args:
        discard: Lets go of it, on another thread, when the caller was cancelled before it was there.
    """
    opening: tasks.Future[T] = tasks.current_host().call_blocking(lambda: make(*args))
    try:
        return await opening
    except tasks.Cancelled:

        def drop(opened: tasks.Future[T]) -> None:
            if opened.error() is None:
                discard(opened.result())

        opening.add_callback(drop)
        raise
