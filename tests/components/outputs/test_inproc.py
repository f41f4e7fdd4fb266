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
