"""Tasks that belong together."""

from __future__ import annotations

from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

from headwater.tasks.task import Task, current_task, spawn

T = TypeVar("T")


class TaskGroup:
    """Tasks that belong to one component and are given up with it."""

    __slots__ = ("_tasks",)

    def __init__(self) -> None:
        self._tasks: set[Task[Any]] = set()

    def spawn(self, coroutine: Coroutine[Any, Any, T], name: str = "", watched: bool = False) -> Task[T]:
        """Start a coroutine in the current host and keep track of it."""
        return spawn(self._tracked(coroutine), name, watched)

    async def _tracked(self, coroutine: Coroutine[Any, Any, T]) -> T:
        task = current_task()
        self._tasks.add(task)
        try:
            return await coroutine
        finally:
            self._tasks.discard(task)

    def __len__(self) -> int:
        return len(self._tasks)

    def tasks(self) -> Iterable[Task[Any]]:
        """Those under way."""
        return tuple(self._tasks)

    def cancel(self) -> None:
        """Give up all of them."""
        for task in tuple(self._tasks):
            task.cancel()
