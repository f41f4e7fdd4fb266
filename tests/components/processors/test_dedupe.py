"""Processor `dedupe`: what was seen before goes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from headwater.message import Message
from headwater.system import StreamSystem

Process = Callable[..., list[Message]]


@pytest.mark.parametrize(("strategy", "kept"), [("FIFO", [b"a1", b"b1"]), ("LIFO", [b"a2", b"b1"])])
def test_one_message_a_key_stays(system: StreamSystem, process: Process, strategy: str, kept: list[bytes]) -> None:
    system.set_resource("cache", "seen", "memory: {}")
    config = f"[{{dedupe: {{cache: seen, key: '${{! content().slice(0, 1) }}', strategy: {strategy}}}}}]"
    assert [m.content() for m in process(config, ["a1", "a2", "b1"], count=2)] == kept


@pytest.mark.parametrize("drop", [True, False])
def test_a_cache_that_fails(system: StreamSystem, process: Process, tmp_path: Path, drop: bool) -> None:
    system.set_resource("cache", "seen", f"file: {{directory: '{tmp_path}/none'}}")
    config = f"[{{dedupe: {{cache: seen, key: a, drop_on_err: {str(drop).lower()}}}}}]"
    messages = process(config, "x", count=0 if drop else 1)
    assert [m.error and m.error.text for m in messages] == (
        [] if drop else [f"open {tmp_path}/none/a: no such file or directory"]
    )
