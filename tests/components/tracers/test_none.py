"""Tracer `none`: no traces."""

from __future__ import annotations

import subprocess
import sys

from headwater.system import StreamSystem


def test_messages_have_no_trace() -> None:
    config = """
input: {generate: {count: 1, interval: '', mapping: 'root = [tracing_id(), tracing_span()]'}}
output: {stdout: {}}
tracer: {none: {}}
http: {enabled: false}
"""
    done = subprocess.run(
        [sys.executable, "-m", "headwater", "run", "/dev/stdin"],
        input=config,
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert done.stdout == '["00000000000000000000000000000000",{}]\n'
    assert done.returncode == 0


def test_nothing_is_put_around_components_where_nobody_wants_traces() -> None:
    with StreamSystem() as system:
        system.create("s", "input: {inproc: in}\npipeline: {processors: [{noop: {}}]}\noutput: {drop: {}}")
        ring = system._registry.snapshot["s"].ring

        around = (ring.input, ring.output, ring.chain.links[0].processor)
        assert not [part for part in around if type(part).__module__ == "headwater.runtime.traced"]
