"""`headwater run`: a configuration in, its output and an exit status out."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from headwater.cli import main


@pytest.fixture(autouse=True)
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def config(text: str, name: str = "config.yaml") -> str:
    Path(name).write_text("http: {enabled: false}\n" + textwrap.dedent(text), encoding="utf-8")
    return name


COPY = """\
    input: {file: {paths: [in.txt]}}
    output: {file: {path: out.txt, codec: lines}}
"""


def test_a_stream_runs_to_the_end_of_its_input(capfd: pytest.CaptureFixture[str]) -> None:
    Path("in.txt").write_text("a\nb\n", encoding="utf-8")
    assert main(["run", config(COPY)]) == 0
    assert Path("out.txt").read_text(encoding="utf-8") == "a\nb\n"
    assert "Pipeline has terminated. Shutting down the service" in capfd.readouterr().out


def test_resources_of_the_config_and_of_files_are_there() -> None:
    Path("in.txt").write_text("a\n", encoding="utf-8")
    Path("more.yaml").write_text("processor_resources: [{label: two, mapping: 'root = content() + \"2\"'}]\n")
    text = (
        COPY
        + """\
    pipeline: {processors: [{resource: one}, {resource: two}]}
    processor_resources: [{label: one, mapping: 'root = content() + "1"'}]
"""
    )
    assert main(["run", "-r", "m*.yaml", "-r", "none/*.yaml", config(text)]) == 0
    assert Path("out.txt").read_text(encoding="utf-8") == "a12\n"


def test_a_field_is_set_from_the_command_line_and_a_variable_from_a_file() -> None:
    Path("in.txt").write_text("a\n", encoding="utf-8")
    Path("vars").write_text('HEADWATER_TEST_NAME="b.txt"\n', encoding="utf-8")
    text = COPY.replace("out.txt", "${HEADWATER_TEST_NAME}")
    assert main(["run", config(text), "-e", "vars", "--set", 'pipeline.processors.0.mapping=root = "set"']) == 0
    assert Path("b.txt").read_text(encoding="utf-8") == "set\n"


def test_log_lines_keep_away_from_messages(capfd: pytest.CaptureFixture[str]) -> None:
    Path("in.txt").write_text("a\n", encoding="utf-8")
    assert main(["run", config("input: {file: {paths: [in.txt]}}\noutput: {stdout: {}}\n")]) == 0
    out, err = capfd.readouterr()
    assert out == "a\n"
    assert "Input type file is now active" in err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nope: 1", "config.yaml(2,1) field nope not recognised"),
        (
            "input: {nope: {}}",
            "configuration file read error: (2,1) unable to infer input type from candidates: [nope]",
        ),
        (
            "output: {cache: {target: nope, key: a}}",
            "service closing due to: failed to init output <no label> path root.output: "
            "cache resource 'nope' was not found",
        ),
        ("input: {generate: {mapping: 'root = ${HEADWATER_TEST_UNSET}'}}", "variables were not set"),
        ("logger: {format: xml}", "failed to create logger: log format 'xml' not recognized"),
        ("input: [", "configuration file read error: yaml:"),
    ],
)
def test_what_cannot_start_has_status_1_and_says_why(text: str, said: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["run", config(text)]) == 1
    output = capfd.readouterr()
    assert said in output.out + output.err


def test_a_missing_file_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "gone.yaml"]) == 1
    assert "open gone.yaml: no such file or directory" in capsys.readouterr().err


def test_lints_stop_nobody_who_is_chilled() -> None:
    Path("in.txt").write_text("a\n", encoding="utf-8")
    assert main(["run", "--chilled", config(COPY + "    nope: 1\n")]) == 0
    assert Path("out.txt").read_text(encoding="utf-8") == "a\n"


def test_an_unknown_level_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--log.level", "loud", config(COPY)]) == 1
    assert "log level 'loud' is none of OFF" in capsys.readouterr().err


def test_a_signal_ends_it_with_status_0(start: Callable[..., Any]) -> None:
    name = config("input: {generate: {mapping: 'root = 1', interval: 1h}}\noutput: {drop: {}}\n")
    program = start("run", name)
    program.until(lambda: "use CTRL+C to close" in program.log)
    assert program.end() == 0
    assert "Received SIGTERM, the service is closing" in program.log


def test_run_mode_follows_its_file(start: Callable[..., Any]) -> None:
    text = (
        "input: {generate: {mapping: 'root = \"%s\"', interval: 20ms}}\noutput: {file: {path: out.txt, codec: lines}}\n"
    )
    program = start("run", "-w", config(text % "one"))
    program.until(lambda: Path("out.txt").exists() and "one" in Path("out.txt").read_text(encoding="utf-8"))
    config(text % "two")
    program.until(lambda: "two" in Path("out.txt").read_text(encoding="utf-8"))
    config(text % "three" + "nope: 1\n")
    program.until(lambda: "Rejecting updated main config due to linter errors" in program.log)
    assert program.end() == 0
    assert "three" not in Path("out.txt").read_text(encoding="utf-8")


def test_a_changed_file_takes_over_without_loss(start: Callable[..., Any]) -> None:
    text = """
input: {http_server: {path: /post}}
pipeline: {processors: [{mapping: 'root = {"id": content().string(), "version": %d}'}]}
output: {file: {path: out.txt, codec: lines}}
"""
    program = start(
        "run", "-w", "--set", "http.enabled=true", "--set", "http.address=127.0.0.1:{port}", config(text % 0)
    )
    program.until(lambda: "use CTRL+C to close" in program.log)
    acked: list[str] = []
    versions: set[int] = set()
    written = Path("out.txt")

    def found() -> list[dict[str, Any]]:
        lines = written.read_text(encoding="utf-8").splitlines() if written.exists() else []
        return [json.loads(line) for line in lines]

    def post_and_see(version: int) -> bool:
        number = str(len(acked) + 1)
        if program.ask("POST", "/post", number)[0] == 200:
            acked.append(number)
        versions.update(row["version"] for row in found())
        return version in versions

    for version in (1, 2):
        config(text % version)
        program.until(lambda version=version: post_and_see(version), seconds=20)
    assert program.end() == 0
    assert [row["id"] for row in found() if row["id"] in set(acked)] == acked
    assert versions >= {0, 1, 2}
