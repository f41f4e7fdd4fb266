"""Tracer `none`: no traces."""

from __future__ import annotations

import subprocess
import sys


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
