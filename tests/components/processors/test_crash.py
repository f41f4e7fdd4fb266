"""Processor `crash`: the end of the service."""

from __future__ import annotations

import subprocess
import sys


def test_the_service_ends_with_the_reason() -> None:
    config = """
input: {generate: {count: 1, interval: '', mapping: 'root = "a"'}}
pipeline: {processors: [{crash: 'boom ${! content() }'}]}
output: {drop: {}}
http: {enabled: false}
"""
    done = subprocess.run(
        [sys.executable, "-m", "headwater", "run", "/dev/stdin"],
        input=config,
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert done.returncode == 1
    assert "boom a" in done.stdout + done.stderr
