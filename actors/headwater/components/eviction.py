"""Bounded maps that forget what is least worth keeping: least recently used, two queues, adaptive replacement.

Not safe for several threads at once; their users lock.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Protocol

Keys = OrderedDict[str, None]


class Eviction(Protocol):
    """A bounded map from text to bytes."""

    def get(self, key: str) -> bytes | None:
        """The value of a key, which counts as used."""

    def __contains__(self, key: str) -> bool:
        """Whether a key has a value, which does not count as used."""

    def put(self, key: str, value: bytes) -> None:
        """Keep a value; something else may have to go."""

    def remove(self, key: str) -> None:
        """Forget a key, where it is known."""

    def __len__(self) -> int:
        """How many values are kept."""


class LeastRecentlyUsed:
    """What was not used for the longest time goes."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._items: OrderedDict[str, bytes] = OrderedDict()

    def get(self, key: str) -> bytes | None:
        value = self._items.get(key)
        if value is not None:
            self._items.move_to_end(key)
        return value

    def __contains__(self, key: str) -> bool:
        return key in self._items

    def put(self, key: str, value: bytes) -> None:
        self._items[key] = value
        self._items.move_to_end(key)
        if len(self._items) > self._capacity:
            self._items.popitem(last=False)

    def remove(self, key: str) -> None:
        self._items.pop(key, None)

    def __len__(self) -> int:
        return len(self._items)


class TwoQueues:
    """Values used once and values used again, apart, so that a run of new keys does not push out what is used often
    (Johnson and Shasha, 2Q, 1994).

    Args:
        recent_ratio: The part for values that were used once.
        ghost_ratio: How many keys are remembered, as a part, whose values were pushed out after one use.
    """

    def __init__(self, capacity: int, recent_ratio: float = 0.25, ghost_ratio: float = 0.5) -> None:
        self._capacity = capacity
        self._recent_size = int(capacity * recent_ratio)
        self._ghost_size = int(capacity * ghost_ratio)
        self._recent: OrderedDict[str, bytes] = OrderedDict()
        self._frequent: OrderedDict[str, bytes] = OrderedDict()
        self._ghosts: Keys = OrderedDict()

    def get(self, key: str) -> bytes | None:
        value = self._frequent.get(key)
        if value is not None:
            self._frequent.move_to_end(key)
            return value
        value = self._recent.pop(key, None)
        if value is not None:
            self._frequent[key] = value
        return value

    def __contains__(self, key: str) -> bool:
        return key in self._recent or key in self._frequent

    def put(self, key: str, value: bytes) -> None:
        if key in self._frequent:
            self._frequent[key] = value
            self._frequent.move_to_end(key)
        elif key in self._recent:
            del self._recent[key]
            self._frequent[key] = value
        elif key in self._ghosts:
            self._make_room(for_ghost=True)
            del self._ghosts[key]
            self._frequent[key] = value
        else:
            self._make_room(for_ghost=False)
            self._recent[key] = value

    def _make_room(self, *, for_ghost: bool) -> None:
        if len(self) < self._capacity:
            return
        recent = len(self._recent)
        if recent and (recent > self._recent_size or (recent == self._recent_size and not for_ghost)):
            key, _ = self._recent.popitem(last=False)
            if self._ghost_size:
                self._ghosts[key] = None
                # A ghost whose value returns is looked up once more, so one too many may stand here for a moment.
                while len(self._ghosts) > self._ghost_size + 1:
                    self._ghosts.popitem(last=False)
        elif self._frequent:
            self._frequent.popitem(last=False)
        else:
            self._recent.popitem(last=False)

    def remove(self, key: str) -> None:
        self._frequent.pop(key, None)
        self._recent.pop(key, None)
        self._ghosts.pop(key, None)

    def __len__(self) -> int:
        return len(self._recent) + len(self._frequent)


class AdaptiveReplacement:
    """As two queues, with a share between them that follows what is asked for (Megiddo and Modha, ARC, 2003)."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._target = 0
        self._recent: OrderedDict[str, bytes] = OrderedDict()
        self._frequent: OrderedDict[str, bytes] = OrderedDict()
        self._recent_ghosts: Keys = OrderedDict()
        self._frequent_ghosts: Keys = OrderedDict()

    def get(self, key: str) -> bytes | None:
        value = self._recent.pop(key, None)
        if value is not None:
            self._frequent[key] = value
            return value
        value = self._frequent.get(key)
        if value is not None:
            self._frequent.move_to_end(key)
        return value

    def __contains__(self, key: str) -> bool:
        return key in self._recent or key in self._frequent

    def put(self, key: str, value: bytes) -> None:
        if key in self._recent or key in self._frequent:
            self._recent.pop(key, None)
            self._frequent[key] = value
            self._frequent.move_to_end(key)
            return
        recent_ghosts, frequent_ghosts = len(self._recent_ghosts), len(self._frequent_ghosts)
        if key in self._recent_ghosts:
            self._target = min(self._capacity, self._target + max(1, frequent_ghosts // recent_ghosts))
            self._make_room(again=False)
            del self._recent_ghosts[key]
            self._frequent[key] = value
            return
        if key in self._frequent_ghosts:
            self._target = max(0, self._target - max(1, recent_ghosts // frequent_ghosts))
            self._make_room(again=True)
            del self._frequent_ghosts[key]
            self._frequent[key] = value
            return
        self._make_room(again=False)
        if len(self._recent_ghosts) > self._capacity - self._target:
            self._recent_ghosts.popitem(last=False)
        if len(self._frequent_ghosts) > self._target:
            self._frequent_ghosts.popitem(last=False)
        self._recent[key] = value

    def _make_room(self, *, again: bool) -> None:
        if len(self) < self._capacity:
            return
        recent = len(self._recent)
        if recent and (recent > self._target or (recent == self._target and again) or not self._frequent):
            key, _ = self._recent.popitem(last=False)
            self._recent_ghosts[key] = None
        else:
            key, _ = self._frequent.popitem(last=False)
            self._frequent_ghosts[key] = None

    def remove(self, key: str) -> None:
        self._recent.pop(key, None)
        self._frequent.pop(key, None)
        self._recent_ghosts.pop(key, None)
        self._frequent_ghosts.pop(key, None)

    def __len__(self) -> int:
        return len(self._recent) + len(self._frequent)
