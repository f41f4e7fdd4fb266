"""Output `retry`: again, until it is delivered or given up."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

Deliver = Callable[..., list[str]]
QUICK = "backoff: {initial_interval: 1ms, max_interval: 2ms}"


def test_it_gives_up_after_so_many_attempts(deliver: Deliver) -> None:
    config = f"output: {{retry: {{max_retries: 2, {QUICK}, output: {{reject: nope}}}}}}"
    assert deliver(config, "a") == ["message failed to reach a target destination"]


def test_it_gives_up_after_so_long(deliver: Deliver) -> None:
    config = """
    output:
      retry:
        backoff: {initial_interval: 1ms, max_interval: 2ms, max_elapsed_time: 20ms}
        output: {reject: nope}
    """
    assert deliver(config, "a") == ["message failed to reach a target destination"]


def test_others_overtake_what_waits(deliver: Deliver, tmp_path: Path) -> None:
    target = tmp_path / "out"
    config = f"""
    output:
      retry:
        backoff: {{initial_interval: 60ms, max_interval: 60ms}}
        output:
          reject_errored: {{file: {{path: '{target}'}}}}
          processors:
            - mapping: 'root = if content() == "b" && count("overtaken") < 3 {{ throw("later") }}'
    """
    assert deliver(config, "a", "b", "c", "d") == [""] * 4
    assert target.read_text().split() == ["a", "c", "d", "b"]


def test_only_what_failed_of_a_batch_is_sent_again(deliver: Deliver, tmp_path: Path) -> None:
    target = tmp_path / "out"
    config = f"""
    output:
      retry:
        {QUICK}
        output:
          reject_errored: {{file: {{path: '{target}'}}}}
          processors:
            - mapping: 'root = if content() == "b" && count("partial") < 3 {{ throw("later") }}'
    """
    assert deliver(config, ["a", "b", "c"]) == [""]
    assert target.read_text().split() == ["a", "c", "b"]
