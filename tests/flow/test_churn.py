"""Streams that come and go leave nothing behind."""

from __future__ import annotations

import gc
import threading
from pathlib import Path

import pykka

from headwater.system import StreamSystem

CONFIGS = (
    "input: {generate: {mapping: 'root.id = 1', interval: '', count: 3}}\noutput: {drop: {}}",
    "input: {generate: {mapping: 'root.id = 1', interval: 1h}}\nbuffer: {memory: {}}\n"
    "pipeline: {processors: [{mapping: 'root = this'}, {sleep: {duration: 1h}}]}\noutput: {drop: {}}",
    "input: {http_server: {path: /post}}\n"
    "output: {switch: {cases: [{check: 'true', output: {inproc: x}}, {output: {drop: {}}}]}}",
    "input: {broker: {inputs: [{inproc: x}, {inproc: y}]}}\noutput: {broker: {outputs: [{drop: {}}, {reject: no}]}}",
)


def _descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_what_streams_held_is_given_back() -> None:
    with StreamSystem() as system:

        def churn(rounds: int) -> tuple[int, int, int, int, int]:
            for number in range(rounds):
                name = f"s{number % 50}"
                system.create(name, CONFIGS[number % len(CONFIGS)])
                if number % 3 == 0:
                    system.replace(name, CONFIGS[(number + 1) % len(CONFIGS)], timeout=0)
                system.delete(name, timeout=0)
            gc.collect()
            return (
                len(pykka.ActorRegistry.get_all()),
                _descriptors(),
                system.clock.pending(),  # type: ignore[attr-defined]
                len(system.metrics),
                threading.active_count(),
            )

        first = churn(100)
        second = churn(200)
        assert (second[0], *second[2:4]) == (first[0], *first[2:4]), "actors, timers, series"
        # Those of the whole process: what other tests left to end by itself may end meanwhile.
        assert second[1] <= first[1], "descriptors"
        assert second[4] <= first[4], "threads"
        assert len(list(system.endpoints)) <= 100, "two paths of an http_server a name"
