"""Output `broker`: the six patterns."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from headwater.system import StreamSystem

Deliver = Callable[..., list[str]]


def lines(path: Path) -> list[str]:
    return path.read_text().split() if path.exists() else []


@pytest.mark.parametrize(
    "pattern", ["fan_out", "fan_out_fail_fast", "fan_out_sequential", "fan_out_sequential_fail_fast"]
)
def test_fan_out_reaches_all(deliver: Deliver, tmp_path: Path, pattern: str) -> None:
    files = ", ".join(f"{{file: {{path: '{tmp_path}/{name}'}}}}" for name in "xy")
    assert deliver(f"output: {{broker: {{pattern: {pattern}, outputs: [{files}]}}}}", "a", ["b", "c"]) == ["", ""]
    assert sorted(lines(tmp_path / "x")) == sorted(lines(tmp_path / "y")) == ["a", "b", "c"]


def test_fan_out_sends_again_to_the_one_that_failed_only(deliver: Deliver, tmp_path: Path) -> None:
    config = f"""
    output:
      broker:
        outputs:
          - file: {{path: '{tmp_path}/steady'}}
          - reject_errored: {{file: {{path: '{tmp_path}/shaky'}}}}
            processors:
              - mapping: 'root = if count("fan_out_again") == 1 {{ throw("not yet") }}'
    """
    assert deliver(config, "a") == [""]
    assert lines(tmp_path / "steady") == lines(tmp_path / "shaky") == ["a"]


@pytest.mark.parametrize("pattern", ["fan_out_fail_fast", "fan_out_sequential_fail_fast"])
def test_failing_fast_tells_the_sender(deliver: Deliver, tmp_path: Path, pattern: str) -> None:
    config = (
        f"output: {{broker: {{pattern: {pattern}, outputs: [{{file: {{path: '{tmp_path}/x'}}}}, {{reject: nope}}]}}}}"
    )
    assert deliver(config, "a", ["b", "c"]) == ["nope", "nope"]
    assert lines(tmp_path / "x") == ["a", "b", "c"]


def test_sequential_fail_fast_stops_at_the_first_failure(deliver: Deliver, tmp_path: Path) -> None:
    config = f"""
    output:
      broker:
        pattern: fan_out_sequential_fail_fast
        outputs: [{{reject: nope}}, {{file: {{path: '{tmp_path}/x'}}}}]
    """
    assert deliver(config, "a") == ["nope"]
    assert lines(tmp_path / "x") == []


@pytest.mark.parametrize(
    "around", ["{file: {path: 'OUT'}}", "{retry: {output: {reject_errored: {file: {path: 'OUT'}}}}}"]
)
def test_round_robin_takes_turns(deliver: Deliver, tmp_path: Path, around: str) -> None:
    outputs = ", ".join(around.replace("OUT", str(tmp_path / name)) for name in "xyz")
    assert deliver(f"output: {{broker: {{pattern: round_robin, outputs: [{outputs}]}}}}", *"abcdefg") == [""] * 7
    assert lines(tmp_path / "x") == ["a", "d", "g"]
    assert lines(tmp_path / "y") == ["b", "e"]
    assert lines(tmp_path / "z") == ["c", "f"]


def test_greedy_passes_by_who_is_busy(system: StreamSystem, tmp_path: Path) -> None:
    config = f"""
    input: {{inproc: in}}
    output:
      broker:
        pattern: greedy
        outputs:
          - inproc: out
          - file: {{path: '{tmp_path}/x'}}
    """
    system.create("s", config)
    with system.channel("in") as source, system.channel("out") as sink:
        sent = [source.post(payload) for payload in "abc"]
        for future in sent[1:]:
            future.wait(5)
        assert lines(tmp_path / "x") == ["b", "c"]
        received = sink.receive(5)
        assert received.payloads == [b"a"]
        received.ack()
        sent[0].wait(5)


def test_copies_multiply_the_outputs(deliver: Deliver, tmp_path: Path) -> None:
    config = f"output: {{broker: {{copies: 3, outputs: [{{file: {{path: '{tmp_path}/x'}}}}]}}}}"
    assert deliver(config, "a") == [""]
    assert lines(tmp_path / "x") == ["a"] * 3


def test_a_broker_needs_outputs(deliver: Deliver) -> None:
    with pytest.raises(Exception, match="attempting to create broker output type with no outputs"):
        deliver("output: {broker: {outputs: []}}", "a")


def test_failures_of_one_output_alone(deliver: Deliver) -> None:
    assert deliver("output: {broker: {pattern: fan_out_fail_fast, outputs: [{reject: nope}]}}", "a") == ["nope"]


def test_one_output_alone_is_sent_again_to(deliver: Deliver, tmp_path: Path) -> None:
    config = f"""
    output:
      broker:
        outputs:
          - reject_errored: {{file: {{path: '{tmp_path}/x'}}}}
            processors: [{{mapping: 'root = if count("alone") == 1 {{ throw("not yet") }}'}}]
    """
    assert deliver(config, "a") == [""]
    assert lines(tmp_path / "x") == ["a"]


def test_greedy_takes_turns_among_those_that_are_free(deliver: Deliver) -> None:
    config = "output: {broker: {pattern: greedy, outputs: [{reject: one}, {reject: two}]}}"
    assert deliver(config, "a", "b", "c") == ["one", "two", "one"]
