"""The section `error_handling`: what becomes of messages that processors failed on."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from headwater.components.catalogue import Catalogue
from headwater.config.service import lint_text, take_service_apart
from headwater.errors import ComponentError, ConfigError, TimedOut
from headwater.runtime.error_handling import ErrorHandling
from headwater.system import StreamSystem
from headwater.yamltext.nodes import Node

FAILS_ON_X = 'mapping: \'root = if content() == "x" { throw("no x") } else { content().uppercase() }\''


def read(section: str) -> ErrorHandling:
    node = Node.of({"error_handling": yaml.safe_load(section)})
    return ErrorHandling.of(take_service_apart(node, Catalogue(), streams=True).error_handling)


@pytest.fixture
def open_system() -> Iterator[Callable[[str], StreamSystem]]:
    made: list[StreamSystem] = []

    def start(section: str) -> StreamSystem:
        made.append(StreamSystem(error_handling=read(section), stop_timeout=2.0))
        return made[-1]

    yield start
    for system in made:
        system.close()


def exchange(system: StreamSystem, config: str, *payloads: str | list[str]) -> tuple[list[list[str]], list[str]]:
    """What comes out of a stream, and what becomes of each message that goes in: nothing, or a failure."""
    parts = {"input": {"inproc": "in"}, "output": {"inproc": "out"}, **yaml.safe_load(config)}
    system.create("under-test", parts, chilled=True)
    received: list[list[str]] = []
    outcomes = []
    with system.channel("in") as source, system.channel("out") as sink:
        sent = [source.post(payload) for payload in payloads]
        while not all(each.done() for each in sent):
            try:
                batch = sink.receive(timeout=0.02)
            except TimedOut:
                continue
            received.append([message.content().decode() for message in batch.batch])
            batch.ack()
        for each in sent:
            try:
                each.wait(5)
            except ComponentError as error:
                outcomes.append(str(error))
            else:
                outcomes.append("")
    return received, outcomes


def test_by_default_failed_messages_go_on(open_system: Any) -> None:
    received, outcomes = exchange(open_system("{}"), f"pipeline: {{threads: 1, processors: [{FAILS_ON_X}]}}", "a", "x")

    assert received == [["A"], ["x"]]
    assert outcomes == ["", ""]


def test_reject_hands_them_back(open_system: Any) -> None:
    system = open_system("strategy: reject")

    received, outcomes = exchange(system, f"pipeline: {{threads: 1, processors: [{FAILS_ON_X}]}}", "a", "x", "b")

    assert received == [["A"], ["B"]]
    assert outcomes[0] == outcomes[2] == ""
    assert outcomes[1] == "failed assignment (line 1): no x"


def test_reject_hands_back_a_whole_batch_and_runs_nothing_after_the_failure(open_system: Any, tmp_path: Path) -> None:
    after = f"file: {{operation: write, path: '{tmp_path}/${{! content() }}', content: 'x'}}"
    processors = f"[{FAILS_ON_X}, {{{after}}}]"

    received, outcomes = exchange(
        open_system("strategy: reject"), f"pipeline: {{processors: {processors}}}", ["a", "x"]
    )

    assert received == []
    assert outcomes == ["failed assignment (line 1): no x"]
    assert list(tmp_path.iterdir()) == []


def test_reject_looks_at_processors_of_inputs_and_outputs_too(open_system: Any) -> None:
    system = open_system("strategy: reject")

    config = f"input: {{inproc: in, processors: [{FAILS_ON_X}]}}"
    assert exchange(system, config, "x") == ([], ["failed assignment (line 1): no x"])
    system.delete("under-test")
    config = f"output: {{inproc: out, processors: [{FAILS_ON_X}]}}"
    assert exchange(system, config, "a", "x") == ([["A"]], ["", "failed assignment (line 1): no x"])


def test_reject_looks_at_children_of_processors(open_system: Any) -> None:
    config = f"pipeline: {{processors: [{{for_each: [{FAILS_ON_X}, {{mapping: 'root = \"mended\"'}}]}}]}}"

    received, outcomes = exchange(open_system("strategy: reject"), config, "x")

    assert received == []
    assert outcomes == ["failed assignment (line 1): no x"]


def test_reject_looks_at_processors_of_batching_policies(open_system: Any) -> None:
    config = f"""
input:
  broker:
    inputs: [{{inproc: in}}]
    batching: {{count: 2, processors: [{FAILS_ON_X}]}}
"""

    received, outcomes = exchange(open_system("strategy: reject"), config, "a", "x")

    assert received == []
    assert outcomes == ["failed assignment (line 1): no x"] * 2


@pytest.mark.parametrize(
    "config",
    [
        f"pipeline: {{processors: [{FAILS_ON_X}, {{catch: [{{mapping: 'root = \"mended\"'}}]}}]}}",
        f"pipeline: {{processors: [{{try: [{FAILS_ON_X}]}}, {{mapping: 'root = \"mended\"'}}, {{catch: []}}]}}",
        f"pipeline: {{processors: [{FAILS_ON_X}, {{switch: [{{check: errored(), processors: "
        "[{mapping: 'root = \"mended\"'}]}]}]}",
        f"pipeline: {{processors: [{FAILS_ON_X}]}}\n"
        "output: {switch: {cases: [{check: errored(), output: {inproc: out, processors: "
        "[{mapping: 'root = \"mended\"'}]}}, {output: {drop: {}}}]}}",
    ],
)
@pytest.mark.parametrize("strategy", ["reject", "retry"])
def test_a_stream_that_looks_at_failed_messages_itself_is_left_to_it(
    open_system: Any, config: str, strategy: str, caplog: pytest.LogCaptureFixture
) -> None:
    received, outcomes = exchange(open_system(f"strategy: {strategy}"), config, "x")

    assert received == [["mended"]]
    assert outcomes == [""]
    assert [record.levelname for record in caplog.records if "may look at them" in record.getMessage()] == ["WARNING"]


def test_another_stream_is_not_left_to_it(open_system: Any) -> None:
    system = open_system("strategy: reject")
    system.create("other", "input: {inproc: nobody}\npipeline: {processors: [{catch: []}]}\noutput: {drop: {}}")

    assert exchange(system, f"pipeline: {{processors: [{FAILS_ON_X}]}}", "x")[0] == []


def test_retry_processes_again_until_nothing_fails(open_system: Any) -> None:
    config = """
pipeline:
  threads: 1
  processors:
    - mapping: 'root = if count("retries-of-test") < 3 { throw("not yet") } else { content() }'
    - mapping: 'root = content().uppercase()'
"""

    assert exchange(open_system("strategy: retry"), config, "a") == ([["A"]], [""])


def test_retry_lets_others_pass_and_a_stream_be_deleted(open_system: Any, tmp_path: Path) -> None:
    system = open_system("strategy: retry")
    system.create(
        "s",
        f"""
input: {{inproc: in}}
pipeline: {{threads: 2, processors: [{FAILS_ON_X}]}}
output: {{file: {{path: {tmp_path}/out}}}}
""",
    )
    with system.channel("in") as source:
        failing = source.post("x")
        source.send("a")
        assert (tmp_path / "out").read_text() == "A\n"
        assert not failing.done()
        assert system.delete("s", timeout=1.0) == []


def test_failures_are_logged_with_their_payload(open_system: Any, caplog: pytest.LogCaptureFixture) -> None:
    system = open_system("log: {enabled: true, add_payload: true}")

    exchange(system, f"pipeline: {{threads: 1, processors: [{{label: up, {FAILS_ON_X}}}, {{noop: {{}}}}]}}", "a", "x")

    (record,) = [r for r in caplog.records if r.getMessage().startswith("Failed to process message")]
    assert record.levelno == logging.ERROR
    assert record.getMessage() == "Failed to process message: failed assignment (line 1): no x"
    fields = vars(record)["fields"]
    assert (fields["payload"], fields["label"], fields["stream"]) == ("x", "up", "under-test")


@pytest.mark.parametrize(
    ("section", "lines"),
    [
        ("log: {enabled: true, sampling_ratio: 0}", 0),
        ("log: {enabled: true, sampling_ratio: 1}", 20),
        ("log: {enabled: false, add_payload: true}", 0),
    ],
)
def test_sampling(open_system: Any, caplog: pytest.LogCaptureFixture, section: str, lines: int) -> None:
    exchange(open_system(section), f"pipeline: {{processors: [{FAILS_ON_X}]}}", ["x"] * 20)

    found = [r for r in caplog.records if r.getMessage().startswith("Failed to process message")]
    assert len(found) == lines
    assert all("payload" not in vars(record)["fields"] for record in found)


def test_a_part_is_logged(open_system: Any, caplog: pytest.LogCaptureFixture) -> None:
    system = open_system("log: {enabled: true, sampling_ratio: 0.5}")

    exchange(system, f"pipeline: {{processors: [{FAILS_ON_X}]}}", ["x"] * 400)

    found = [r for r in caplog.records if r.getMessage().startswith("Failed to process message")]
    assert 100 < len(found) < 300


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ("strategy: backoff", "can only be none, reject or retry"),
        ("log: {sampling_ratio: 1.5}", "must be between 0 and 1"),
    ],
)
def test_values_that_make_no_sense(section: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        read(section)


def test_nothing_is_put_around_processors_without_the_section(open_system: Any) -> None:
    system = open_system("{}")
    system.create("s", "input: {inproc: in}\npipeline: {processors: [{noop: {}}]}\noutput: {drop: {}}")

    chain = system._registry.snapshot["s"].ring.chain
    assert [type(link).__name__ for link in chain.links] == ["Link"]
    assert not chain.waits


def test_what_is_looked_at_stays_in_this_process(open_system: Any) -> None:
    for section, portable in (("{}", True), ("strategy: reject", False), ("log: {enabled: true}", False)):
        system = open_system(section)
        system.create("s", f"input: {{inproc: in}}\npipeline: {{processors: [{FAILS_ON_X}]}}\noutput: {{drop: {{}}}}")
        assert system._registry.snapshot["s"].ring.chain.portable is portable


@pytest.mark.parametrize(
    ("ratio", "lints"), [("0.5", []), ("1.5", ["(1,1) batch_proportion should be between 0 and 1."])]
)
def test_a_part_that_is_none_is_a_lint(ratio: str, lints: list[str]) -> None:
    text = f"error_handling: {{log: {{enabled: true, sampling_ratio: {ratio}}}}}".encode()
    assert [str(lint) for lint in lint_text(text, Catalogue())] == lints
