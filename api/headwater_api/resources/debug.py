"""`/debug/...`: the configuration in force, and where the time and the memory go. Served only when asked for."""

from __future__ import annotations

import gc
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final

import falcon
import orjson

from headwater_api.answers import NO_PAGE, page
from headwater_api.operations import NO_PAGE as NO_PROFILE
from headwater_api.operations import Operation, Operations, plain
from headwater_api.resources.base import AnyVerb, query, send

LONGEST: Final = 60.0
"""Seconds of a profile, at the most."""

INTERVAL: Final = 0.01
"""Seconds between two looks of a profile."""


class DebugConfig(AnyVerb):
    """The main configuration with all defaults."""

    operations: ClassVar[Operations] = {
        "get": Operation("Show the configuration in force.", {200: plain("JSON or YAML.")})
    }

    def __init__(self, config: Mapping[str, Any], as_yaml: bool) -> None:
        self._config = config
        self._as_yaml = as_yaml

    def on_any(self, req: falcon.Request, resp: falcon.Response, **parameters: str) -> None:
        """Show it."""
        if self._as_yaml:
            import yaml

            send(resp, page(200, yaml.safe_dump(dict(self._config), sort_keys=True).encode()))
        else:
            send(resp, page(200, orjson.dumps(self._config, option=orjson.OPT_SORT_KEYS)))


class DebugStack(AnyVerb):
    """Where all threads are."""

    operations: ClassVar[Operations] = {"get": Operation("Show the stack of each thread.", {200: plain("The stacks.")})}

    def on_any(self, req: falcon.Request, resp: falcon.Response, **parameters: str) -> None:
        """Show the stack of each thread."""
        send(resp, page(200, stacks().encode()))


class DebugProfile(AnyVerb):
    """Profiles by name."""

    operations: ClassVar[Operations] = {
        "get": Operation(
            "Take a profile.",
            {200: plain("The profile."), 404: NO_PROFILE},
            {"seconds": ("For how long.", {"type": "number", "minimum": 0, "maximum": LONGEST})},
        )
    }

    def on_any(self, req: falcon.Request, resp: falcon.Response, **parameters: str) -> None:
        """Take a profile and show it as text."""
        take = PROFILES.get(parameters["name"])
        if take is None:
            send(resp, NO_PAGE)
            return
        send(resp, page(200, take(_seconds(query(req, "seconds"))).encode()))


def _seconds(text: str | None) -> float:
    try:
        return min(LONGEST, max(0.0, float(text or 1)))
    except ValueError:
        return 1.0


def stacks(seconds: float = 0.0) -> str:
    """The stack of each thread."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    parts = []
    for ident, frame in sys._current_frames().items():
        parts.append(f"thread {names.get(ident, '?')} [{ident}]:\n{''.join(traceback.format_stack(frame))}")
    return "\n".join(parts)


def profile(seconds: float) -> str:
    """Look at all threads again and again; stacks, innermost last, with how often they were met."""
    met: Counter[str] = Counter()
    end = time.monotonic() + seconds
    own = threading.get_ident()
    while time.monotonic() < end:
        for ident, frame in sys._current_frames().items():
            if ident != own:
                met[";".join(f"{part.name}:{part.lineno}" for part in traceback.extract_stack(frame, 40))] += 1
        time.sleep(INTERVAL)
    return "".join(f"{stack} {count}\n" for stack, count in met.most_common())


def objects(seconds: float = 0.0) -> str:
    """How many objects of each type the collector knows, and the largest allocations where they are traced."""
    import tracemalloc

    counted = Counter(f"{type(item).__module__}.{type(item).__qualname__}" for item in gc.get_objects())
    text = "".join(f"{count:>10} {name}\n" for name, count in counted.most_common(200))
    if tracemalloc.is_tracing():
        statistics = tracemalloc.take_snapshot().statistics("lineno")[:100]
        text += "\n" + "".join(f"{statistic}\n" for statistic in statistics)
    return text


def locks(seconds: float) -> str:
    """Threads that wait in the same place, with how many looks out of all found them there."""
    return profile(min(seconds, 1.0))


PROFILES: Final[dict[str, Callable[[float], str]]] = {
    "profile": profile,
    "heap": objects,
    "allocs": objects,
    "goroutine": stacks,
    "block": locks,
    "mutex": locks,
    "trace": profile,
    "symbol": lambda seconds: "num_symbols: 1\n",
}
"""The names that profilers of the reference ask for, each with what comes nearest to it here."""
