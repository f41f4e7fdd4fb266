"""Deep recursion without touching the interpreter's limit, which belongs to the whole process.

Each thread has its own budget of frames. Who knows that he has gone some way down continues on a fresh thread and
waits for it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


def deeper(work: Callable[..., T], *arguments: Any) -> T:
    """Call a function on a thread of its own and return its result, or raise what it raised."""
    outcome: list[Any] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            outcome.append(work(*arguments))
        except BaseException as error:
            failure.append(error)

    thread = threading.Thread(target=run, name="bloblang-depth", daemon=True)
    thread.start()
    thread.join()
    if failure:
        try:
            raise failure[0]
        finally:
            failure.clear()
    return outcome[0]  # type: ignore[no-any-return]
