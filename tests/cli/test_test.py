"""`headwater test`: cases that pass and fail, what may stand in for what, and what a wrong definition gets."""

from __future__ import annotations

import signal
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from headwater.cli import main


@pytest.fixture(autouse=True)
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(name: str, text: str) -> str:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(textwrap.dedent(text), encoding="utf-8")
    return name


CONFIG = """\
pipeline:
  processors:
    - mapping: root = content().uppercase()
    - label: ask
      http: {url: 'http://nowhere.invalid'}
processor_resources:
  - label: shared
    mapping: root.shared = true
"""


def case(text: str, config: str = CONFIG) -> str:
    """A configuration with one test case."""
    body = textwrap.indent(textwrap.dedent(text), "    ").strip()
    return write("c.yaml", f"{config}tests:\n  - {body}\n")


def test_a_case_passes_with_a_mock(capsys: pytest.CaptureFixture[str]) -> None:
    name = case(
        """\
        name: asks
        mocks: {ask: {mapping: 'root = content() + "?"'}}
        input_batch: [{content: who}]
        output_batches: [[{content_equals: 'WHO?'}]]
        """
    )
    assert main(["test", name]) == 0
    assert capsys.readouterr().out == "Test 'c.yaml' succeeded\n"


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("content_equals: B", 'content mismatch\n  expected: B\n  received: {"a":1,"b":[1,2]}'),
        ("content_matches: '^B'", "pattern mismatch\n   pattern: ^B"),
        ("json_equals: {a: 2, b: [1, 2]}", "JSON content mismatch\n  a: expected 2, received 1"),
        ("json_equals: {a: 1}", "b: is not expected, received [1, 2]"),
        ("json_contains: {b: [1, 3]}", "JSON superset mismatch\n  b.1: expected 3, received 2"),
        ("bloblang: this.a == 2", "bloblang expression was false\n  expression: this.a == 2"),
        ("metadata_equals: {k: w}", "metadata key 'k' mismatch\n  expected: w\n  received: v"),
        ("metadata_equals: {gone: w}", "metadata key 'gone' expected but not found"),
    ],
)
def test_a_condition_that_is_not_met_is_shown(condition: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    name = case(
        f"""\
        name: wrong
        input_batch: [{{content: x}}]
        output_batches: [[{{{condition}}}]]
        """,
        'pipeline: {processors: [{mapping: "root = {\\"a\\": 1, \\"b\\": [1, 2]}\\nmeta k = \\"v\\""}]}\n',
    )
    assert main(["test", name]) == 1
    output = capsys.readouterr().out
    assert "Test 'c.yaml' failed" in output
    assert "wrong [line 3]:\nbatch 0 message 0: " in output
    assert said in output


@pytest.mark.parametrize(
    "condition",
    [
        "content_equals: '{\"a\":1}'",
        "content_matches: '\"a\":\\d'",
        "json_equals: '{\"a\": 1}'",
        "json_contains: {}",
        "file_equals: f.json",
        "file_json_equals: f.json",
        "file_json_contains: f.json",
        "bloblang: this.a == 1 && !errored()",
        "metadata_equals: {n: 5}",
    ],
)
def test_every_condition_can_be_met(condition: str) -> None:
    Path("f.json").write_text('{"a":1}', encoding="utf-8")
    name = case(
        f"""\
        name: right
        input_batch: [{{json_content: {{b: 1}}}}]
        output_batches: [[{{{condition}}}]]
        """,
        'pipeline: {processors: [{mapping: "root.a = this.b\\nmeta n = 5"}]}\n',
    )
    assert main(["test", name]) == 0


def test_targets_are_labels_pointers_files_and_mappings(capsys: pytest.CaptureFixture[str]) -> None:
    write("m.blobl", "root.mapped = true\n")
    write("other.yaml", "pipeline: {processors: [{mapping: root.other = true}]}\n")
    for target, found in (
        ("target_processors: shared", "shared"),
        ("target_processors: /processor_resources/0", "shared"),
        ("target_processors: 'other.yaml#/pipeline/processors'", "other"),
        ("target_mapping: m.blobl", "mapped"),
    ):
        wanted = f"output_batches: [[{{json_equals: {{{found}: true}}}}]]"
        name = case(f"name: t\n{target}\ninput_batch: [{{content: x}}]\n{wanted}\n")
        assert main(["test", name]) == 0, capsys.readouterr().out


def test_the_number_of_batches_and_messages_counts(capsys: pytest.CaptureFixture[str]) -> None:
    config = "pipeline: {processors: [{unarchive: {format: lines}}]}\n"
    assert main(["test", case('name: n\ninput_batch: [{content: "a\\nb"}]\noutput_batches: []\n', config)]) == 1
    assert "wrong batch count, expected 0, got 1" in capsys.readouterr().out
    one = 'name: n\ninput_batch: [{content: "a\\nb"}]\noutput_batches: [[{content_equals: a}]]\n'
    assert main(["test", case(one, config)]) == 1
    assert "mismatch of output batch 0 message counts, expected 1, got 2" in capsys.readouterr().out


def test_variables_of_a_case_are_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HEADWATER_TEST_WORD", raising=False)
    mapping = 'root = "${HEADWATER_TEST_WORD:none}" + env("HEADWATER_TEST_WORD").or("none")'
    config = f"pipeline: {{processors: [{{mapping: '{mapping}'}}]}}\n"
    name = write(
        "c.yaml",
        config
        + """\
tests:
  - name: with
    environment: {HEADWATER_TEST_WORD: word}
    input_batch: [{content: x}]
    output_batches: [[{content_equals: wordword}]]
  - name: without
    input_batch: [{content: x}]
    output_batches: [[{content_equals: nonenone}]]
""",
    )
    assert main(["test", name]) == 0


def test_a_definition_stands_beside_its_configuration(capsys: pytest.CaptureFixture[str]) -> None:
    write("s/a.yaml", "pipeline: {processors: [{mapping: 'root = \"a\"'}]}\n")
    tests = "tests: [{name: t, input_batch: [{content: x}], output_batches: [[{content_equals: a}]]}]\n"
    write("s/a_headwater_test.yaml", tests)
    assert main(["test", "s/a.yaml"]) == 0
    assert main(["test", "s/a_headwater_test.yaml"]) == 0
    assert main(["test", "s/..."]) == 0
    assert capsys.readouterr().out.count("succeeded") == 3
    write("s/gone_benthos_test.yaml", tests)
    assert main(["test", "s"]) == 1
    assert "s/gone_benthos_test.yaml(1,1) the configuration gone.yaml" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nam: x", "c.yaml(10,1) field nam"),
        ("name: x\ninput_batch: [{contents: a}]\nmocs: {}", "(11,1) field contents not recognised\nc.yaml(12,1) "),
        ("name: x\ntarget_processors: /nope", "c.yaml(11,5) target_processors: there is nothing at /nope"),
        ("name: x\ntarget_processors: nope", "there is no component labelled 'nope'"),
        ("name: x\nmocks: {nope: {noop: {}}}", "c.yaml(11,13) mocks: there is no component labelled 'nope'"),
        ("name: x\nmocks: {/pipeline/processors/9: {noop: {}}}", "mocks: there is nothing at /pipeline/processors/9"),
        ("name: x\ntarget_mapping: gone.blobl", "target_mapping: gone.blobl does not exist"),
        ("name: x\ninput_batch: [{file_content: gone}]", "c.yaml(11,20) failed to read gone: No such file"),
        ("name: x\noutput_batches: [[{content_matches: '('}]]", "c.yaml(11,24) content_matches: failed to compile"),
        ("name: x\noutput_batches: [[{file_equals: gone}]]", "c.yaml(11,24) file_equals: failed to read gone"),
    ],
)
def test_a_wrong_definition_is_named_with_its_place(text: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["test", case(text)]) == 1
    output = capsys.readouterr().out
    assert said in output
    assert "Traceback" not in output


def test_a_missing_file_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["test", "gone.yaml"]) == 1
    assert "stat gone.yaml: no such file or directory" in capsys.readouterr().err


def test_lints_of_the_configuration_fail_it(capsys: pytest.CaptureFixture[str]) -> None:
    name = case("name: n\ninput_batch: []\noutput_batches: []\n", "nope: 1\npipeline: {processors: []}\n")
    assert main(["test", name]) == 1
    assert "c.yaml(1,1) field nope not recognised" in capsys.readouterr().out


def test_results_are_written_as_junit() -> None:
    name = write(
        "c.yaml",
        """\
        pipeline: {processors: [{mapping: root = this}]}
        tests:
          - {name: good, input_batch: [{content: '1'}], output_batches: [[{content_equals: '1'}]]}
          - {name: bad, input_batch: [{content: '1'}], output_batches: [[{content_equals: '2'}]]}
        """,
    )
    assert main(["test", "--junit", "out.xml", name]) == 1
    suite = ET.parse("out.xml").getroot()[0]
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("2", "1", "0")
    (failure,) = suite.findall("testcase/failure")
    assert "content mismatch" in (failure.text or "")


def test_results_go_where_they_can(capsys: pytest.CaptureFixture[str]) -> None:
    name = case("name: n\ninput_batch: []\noutput_batches: []\nmocks: {ask: {noop: {}}}\n")
    assert main(["test", "--junit", "a/new/folder/out.xml", name]) == 0
    assert ET.parse("a/new/folder/out.xml").getroot().tag == "testsuites"
    assert main(["test", "--junit", f"{name}/out.xml", name]) == 1
    assert f"headwater test: cannot write {name}/out.xml: " in capsys.readouterr().err


@pytest.mark.parametrize("flag", ["-r", "-t", "-e"])
def test_a_missing_file_of_a_flag_is_named(flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["test", flag, "gone.yaml", case("name: n\ninput_batch: []\noutput_batches: []\n")]) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert "gone.yaml" in output.err or "dotenv" in output.err


def test_files_without_tests_are_not_taken_for_passed_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["test", write("c.yaml", CONFIG)]) == 1
    assert capsys.readouterr().out == "No tests were found\n"


def test_a_condition_in_bloblang_may_be_a_mapping(capsys: pytest.CaptureFixture[str]) -> None:
    wanted = "output_batches: [[{bloblang: 'root = content() == \"A\"'}]]"
    text = f"name: n\ninput_batch: [{{content: a}}]\nmocks: {{ask: {{noop: {{}}}}}}\n{wanted}\n"
    assert main(["test", case(text)]) == 0
    assert main(["test", case(text.replace('"A"', '"B"'))]) == 1


def test_watched_tests_run_again_when_a_file_changes(start: Callable[..., Any]) -> None:
    text = case(
        "name: n\ninput_batch: [{content: a}]\noutput_batches: [[{content_equals: A}]]\nmocks: {ask: {noop: {}}}"
    )
    program = start("test", "--watch", "-r", "r/*.yaml", ".")
    program.until(lambda: program.log.count("waiting for changes") == 1)
    assert "Test 'c.yaml' succeeded" in program.log
    good = Path(text).read_text(encoding="utf-8")
    write(text, good.replace("content_equals: A", "content_equals: B"))
    program.until(lambda: program.log.count("waiting for changes") == 2)
    assert "expected: B\n  received: A" in program.log
    write("new_one.yaml", good)
    program.until(lambda: "Test 'new_one.yaml' succeeded" in program.log)
    write(text, "tests: [")
    program.until(lambda: program.log.count("waiting for changes") == 4)
    assert "did not find expected node content" in program.log
    program.process.send_signal(signal.SIGINT)
    assert program.process.wait(10) == 0
