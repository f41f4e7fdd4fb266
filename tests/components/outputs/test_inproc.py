"""Output `inproc`: what happens at the other end comes back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from headwater.system import StreamSystem


def test_acks_and_failures_pass_through(
    system: StreamSystem, deliver: Callable[..., list[str]], tmp_path: Path
) -> None:
    config = f"""
    input: {{inproc: between}}
    output:
      switch:
        cases:
          - {{check: 'content() == "b"', output: {{reject: 'no ${{! content() }}'}}}}
          - {{output: {{file: {{path: '{tmp_path}/x'}}}}}}
    """
    system.create("consumer", config)
    assert deliver("output: {inproc: between}", "a", "b", ["c", "b"]) == ["", "no b", "no b"]
    assert (tmp_path / "x").read_text().split() == ["a", "c"]


def test_a_reader_may_gather_more_than_one_chunk_before_it_settles(
    system: StreamSystem, deliver: Callable[..., list[str]], tmp_path: Path
) -> None:
    config = f"""
    input: {{inproc: between}}
    output:
      broker:
        batching: {{count: 20}}
        outputs: [{{file: {{path: '{tmp_path}/x'}}}}]
    """
    system.create("consumer", config)
    assert deliver("output: {inproc: between}", *(f"message {number}" for number in range(20))) == [""] * 20
    assert len((tmp_path / "x").read_text().splitlines()) == 20


def test_what_a_reader_leaves_behind_goes_to_the_next(
    system: StreamSystem, deliver: Callable[..., list[str]], tmp_path: Path
) -> None:
    source = tmp_path / "in"
    source.write_text("".join(f"{number}\n" for number in range(300)))
    with system.channel("between") as early:
        system.create("producer", {"input": {"file": {"paths": [str(source)]}}, "output": {"inproc": "between"}})
        first = early.receive(timeout=5)
        assert first.batch[0].content() == b"0"
        first.ack()
        second = early.receive(timeout=5)
        assert second.batch[0].content() == b"1"
    with system.channel("between") as late:
        seen = set()
        while len(seen) < 299:
            received = late.receive(timeout=5)
            seen.update(message.content() for message in received.batch)
            received.ack()
    assert seen == {str(number).encode() for number in range(1, 300)}
