"""Search all orders in which things can happen in a small world of actors, each state once.

A world is made anew for every path, as running actors cannot be copied, and led along it; states that look alike all
the way down are one. The search goes breadth first, so what it finds is as short as it can be.
"""

from __future__ import annotations

import random
import time
import types
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

import pykka

UNSAYING = (
    *("logging", "random", "unittest"),
    *("headwater.telemetry", "headwater.config", "headwater.yamltext", "headwater.clock", "headwater.endpoints"),
    *("headwater.components.resources", "headwater.components.catalogue", "headwater.components.inproc"),
    *(f"headwater.runtime.{name}" for name in ("services", "assembly", "events", "lanes", "loop", "shared")),
)
"""Modules whose objects say nothing about the state."""


UNSAYING_NAMES = ("actor_urn", "started_ns", "uptime_ns")
"""Attributes that are different in every world, whatever happened in it."""


class World(Protocol):
    """Something in which one thing after another happens."""

    def actions(self) -> list[str]:
        """What can happen next, in an order that depends on the state alone."""

    def do(self, action: str) -> None:
        """Let it happen."""

    def roots(self) -> Iterable[object]:
        """Objects that all of the state can be reached from."""

    def problems(self) -> list[str]:
        """What is wrong with the state."""

    def close(self) -> None:
        """Let go of it."""


@dataclass
class Explored:
    """What a search has seen.

    Attributes:
        states: How many different ones; for a walk, how many ways were gone.
        whole: Every state that can be reached was seen.
        path: How the state came about that `problems` are about.
    """

    states: int = 0
    steps: int = 0
    whole: bool = False
    problems: list[str] = field(default_factory=list)
    path: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.states} states{'' if self.whole else ' (not all)'}, {self.steps} steps"


def search(make: Callable[[], World], seconds: float, most: int = 1 << 30) -> Explored:
    """Look at every state, until the time is up or something is wrong."""
    until = time.monotonic() + seconds
    found = Explored()
    seen: set[int] = set()
    paths: deque[tuple[str, ...]] = deque([()])
    while paths:
        if time.monotonic() > until or len(seen) >= most:
            return found
        path = paths.popleft()
        world = make()
        try:
            for action in path:
                world.do(action)
            found.steps += len(path)
            mark = fingerprint(world.roots())
            if mark in seen:
                continue
            seen.add(mark)
            found.states += 1
            found.problems = world.problems()
            if found.problems:
                found.path = path
                return found
            paths.extend((*path, action) for action in world.actions())
        finally:
            world.close()
    found.whole = True
    return found


def walk(
    make: Callable[[], World], chance: random.Random, seconds: float, most: int = 1 << 30, longest: int = 400
) -> Explored:
    """Go one random way after another, each to its end, until the time is up or something is wrong."""
    until = time.monotonic() + seconds
    found = Explored()
    while time.monotonic() < until and found.states < most:
        world = make()
        path: list[str] = []
        try:
            while len(path) < longest:
                found.problems = world.problems()
                if found.problems:
                    found.path = tuple(path)
                    return found
                actions = world.actions()
                if not actions:
                    break
                action = chance.choice(actions)
                path.append(action)
                world.do(action)
            found.steps += len(path)
            found.states += 1
        finally:
            world.close()
    return found


def fingerprint(roots: Iterable[object]) -> int:
    """A number for all that can be reached from some objects: the same for what looks alike, addresses apart."""
    look = _Look()
    for root in roots:
        look.at(root)
    return hash(tuple(look.seen))


class _Look:
    """One walk over a graph of objects, in an order that depends on their contents alone."""

    def __init__(self) -> None:
        self.seen: list[Any] = []
        self._numbers: dict[int, int] = {}
        self._kept: list[object] = []  # addresses are used again otherwise

    def at(self, item: Any) -> None:
        kind = type(item)
        if kind in _PLAIN:
            self.seen.append(item)
            return
        way = _ways.get(kind)
        if way is None:
            way = _ways[kind] = _way(kind)
        if way is _Look._nothing:
            return
        number = self._numbers.get(id(item))
        if number is not None:
            self.seen.append(number)
            return
        self._numbers[id(item)] = len(self._numbers)
        self._kept.append(item)
        self.seen.append(kind)
        way(self, item)

    def _nothing(self, item: Any) -> None:
        """What says nothing about the state."""

    def _all(self, items: Iterable[Any]) -> None:
        for each in items:
            self.at(each)
        self.seen.append(_END)

    def _pairs(self, items: dict[Any, Any]) -> None:
        for key, value in items.items():
            self.at(key)
            self.at(value)
        self.seen.append(_END)

    def _set(self, items: Iterable[Any]) -> None:
        if all(isinstance(each, str | int) for each in items):
            self._all(sorted(items))
            return
        alone = []
        for each in items:
            look = _Look()
            look._numbers = dict(self._numbers)
            look.at(each)
            alone.append(hash(tuple(look.seen)))
        self._all(sorted(alone))

    def _address(self, item: pykka.ActorRef[Any]) -> None:
        self.at(item._actor_weakref())

    def _function(self, item: types.FunctionType) -> None:
        self.seen.append(item.__code__)
        for cell in item.__closure__ or ():
            try:
                self.at(cell.cell_contents)
            except ValueError:  # not filled yet
                self.seen.append(_END)
        self._all(item.__defaults__ or ())

    def _method(self, item: types.MethodType) -> None:
        self.seen.append(item.__func__.__code__)
        self.at(item.__self__)

    def _coroutine(self, item: types.CoroutineType[Any, Any, Any]) -> None:
        self._frame(item.cr_frame, item.cr_await)

    def _generator(self, item: types.GeneratorType[Any, Any, Any]) -> None:
        self._frame(item.gi_frame, item.gi_yieldfrom)

    def _frame(self, frame: types.FrameType | None, awaited: object) -> None:
        if frame is None:
            return
        self.seen += (frame.f_code, frame.f_lasti)
        self._pairs(frame.f_locals)
        self.at(awaited)

    def _fields(self, item: Any) -> None:
        for name in _slots(type(item)):
            self.at(getattr(item, name, None))
        for name, value in getattr(item, "__dict__", {}).items():
            if name not in UNSAYING_NAMES:
                self.seen.append(name)
                self.at(value)


_END = object()
_PLAIN = frozenset({type(None), bool, int, str, bytes})
_ways: dict[type, Callable[[_Look, Any], None]] = {
    list: _Look._all,
    tuple: _Look._all,
    deque: _Look._all,
    dict: _Look._pairs,
    set: _Look._set,
    frozenset: _Look._set,
    pykka.ActorRef: _Look._address,
    types.FunctionType: _Look._function,
    types.MethodType: _Look._method,
    types.CoroutineType: _Look._coroutine,
    types.GeneratorType: _Look._generator,
    float: _Look._nothing,  # times, which differ in every life
}
_known: dict[type, tuple[str, ...]] = {}


def _way(kind: type) -> Callable[[_Look, Any], None]:
    module = kind.__module__
    if issubclass(kind, list | tuple):
        return _Look._all
    if module in ("builtins", "_thread", "threading", "weakref", "uuid", "types") or module.startswith(UNSAYING):
        return _Look._nothing
    return _Look._fields


def _slots(cls: type) -> tuple[str, ...]:
    """The names of the slots of a class and of those that it comes from."""
    names = _known.get(cls)
    if names is None:
        found: list[str] = []
        for each in cls.__mro__:
            slots = each.__dict__.get("__slots__", ())
            for name in [slots] if isinstance(slots, str) else slots:
                private = name.startswith("__") and not name.endswith("__")
                found.append(f"_{each.__name__.lstrip('_')}{name}" if private else name)
        names = _known[cls] = tuple(name for name in found if name not in ("__dict__", "__weakref__"))
    return names
