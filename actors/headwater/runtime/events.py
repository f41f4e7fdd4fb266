"""What happens to streams, told to whoever subscribes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["created", "started", "failed", "restarted", "draining", "stopped", "finished", "deleted"]


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened to a stream.

    Attributes:
        detail: Why, where there is something to say.
    """

    kind: Kind
    stream: str
    detail: str = ""


class EventBus:
    """Hands events to subscribers, on the thread of whoever publishes; subscribers must neither block nor raise."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._subscribers: tuple[Callable[[Event], None], ...] = ()

    def subscribe(self, subscriber: Callable[[Event], None]) -> Callable[[], None]:
        """Hear of all events from now on; the result ends that."""
        with self._lock:
            self._subscribers = (*self._subscribers, subscriber)

        def unsubscribe() -> None:
            with self._lock:
                self._subscribers = tuple(each for each in self._subscribers if each is not subscriber)

        return unsubscribe

    def publish(self, kind: Kind, stream: str, detail: str = "") -> None:
        """Tell all subscribers."""
        if self._subscribers:
            event = Event(kind, stream, detail)
            for subscriber in self._subscribers:
                subscriber(event)
