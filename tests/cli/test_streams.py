"""`headwater streams`: streams from files, the API beside them, and how the process ends."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from headwater.cli import main

IDLE = "input: {generate: {mapping: 'root = {}', interval: %s}}\noutput: {drop: {}}\n"
ADDRESS = "http.address=127.0.0.1:{port}"


def write(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def listed(program: Any) -> dict[str, Any]:
    status, body = program.ask("GET", "/streams")
    return json.loads(body) if status == 200 else {}


def test_streams_come_from_files_and_over_the_api(tmp_path: Path, start: Callable[..., Any]) -> None:
    write(tmp_path, "s/a.yaml", IDLE % "1h")
    write(tmp_path, "s/deep/b.yaml", IDLE % "1h" + "tests: []\n")
    program = start("streams", "--set", ADDRESS, "s")
    program.until(lambda: listed(program))
    assert sorted(listed(program)) == ["a", "deep_b"]
    assert program.ask("POST", "/streams/c", IDLE % "1h") == (200, "")
    assert program.ask("DELETE", "/streams/a") == (200, "")
    assert sorted(listed(program)) == ["c", "deep_b"]
    assert program.end() == 0
    assert "Received SIGTERM, the service is closing" in program.log


def test_watched_files_are_followed(tmp_path: Path, start: Callable[..., Any]) -> None:
    write(tmp_path, "s/a.yaml", IDLE % "1h")
    program = start("streams", "-w", "--set", ADDRESS, "s")
    program.until(lambda: listed(program))
    write(tmp_path, "s/a.yaml", IDLE % "2h")
    write(tmp_path, "s/new/b.yaml", IDLE % "1h")
    program.until(lambda: '"interval":"2h"' in program.ask("GET", "/streams/a")[1] and "new_b" in listed(program))
    (tmp_path / "s/new/b.yaml").unlink()
    write(tmp_path, "s/a.yaml", IDLE % "3h" + "nope: 1\n")
    program.until(lambda: "new_b" not in listed(program) and "Rejecting updated stream a" in program.log)
    assert '"interval":"2h"' in program.ask("GET", "/streams/a")[1]
    for line in (
        "Stream a config updated, attempting to update stream.",
        "Updated stream a config from file.",
        "Stream new_b config deleted, attempting to remove stream.",
        "Removed stream new_b.",
        "s/a.yaml(3,1) field nope not recognised",
    ):
        program.until(lambda line=line: line in program.log)  # a change shows before the log says so
    assert program.end() == 0


def test_resources_of_the_root_config_are_there(tmp_path: Path, start: Callable[..., Any]) -> None:
    write(tmp_path, "root.yaml", "cache_resources: [{label: c, memory: {}}]\n")
    write(tmp_path, "a.yaml", (IDLE % "1h").replace("{drop: {}}", "{cache: {target: c, key: k}}"))
    program = start("streams", "-o", "root.yaml", "--set", ADDRESS, "a.yaml")
    program.until(lambda: listed(program))
    assert sorted(listed(program)) == ["a"]
    assert program.end() == 0


def test_the_old_spelling_without_api(tmp_path: Path, start: Callable[..., Any]) -> None:
    write(tmp_path, "s/a.yaml", IDLE % "1h")
    program = start("--streams", "--streams-dir", "s", "--set", ADDRESS, "--no-api")
    program.until(lambda: program.ask("GET", "/ready")[0] == 200)
    assert program.ask("GET", "/streams")[0] == 404
    assert program.ask("GET", "/a/ready")[0] == 200
    assert program.end() == 0


def test_a_second_signal_cuts_the_delay(start: Callable[..., Any]) -> None:
    program = start("streams", "--set", ADDRESS, "--set", "shutdown_delay=30s")
    program.until(lambda: program.ask("GET", "/ping")[0] == 200)
    program.process.terminate()
    program.until(lambda: "Shutdown delay is in effect for 30s" in program.log)
    assert program.ask("GET", "/ping") == (200, "pong")
    assert program.end() == 0
    assert "Shutdown delay failed: shutdown delay interrupted by signal: terminated" in program.log


@pytest.mark.parametrize(
    ("files", "words", "said"),
    [
        ({}, ["gone.yaml"], "stream configuration file read error: stat gone.yaml: no such file or directory"),
        (
            {"a.yaml": "input: {nope: {}}\n"},
            ["a.yaml"],
            "stream configuration file read error: failed to load config 'a.yaml': (1,1) unable to infer input type",
        ),
        ({"a.yaml": "nope: 1\n"}, ["a.yaml"], "a.yaml(1,1) field nope not recognised"),
        ({"a.yaml": IDLE, "x/a.yml": IDLE}, ["a.yaml", "x"], "stream id (a) collision from file: x/a.yml"),
        (
            {"a.yaml": "output: {cache: {target: nope, key: k}}\n"},
            ["a.yaml"],
            "failed to create stream (a): failed to init output <no label> path root.output: "
            "cache resource 'nope' was not found",
        ),
        ({"root.yaml": "input: {stdin: {}}\n"}, ["-o", "root.yaml"], "root.yaml(1,1) field input not recognised"),
        ({}, ["--set", "nope=1"], "nope: field not recognised"),
        ({}, ["--set", "nope"], "invalid set expression 'nope': expected foo=bar syntax"),
        ({"vars": "just words\n"}, ["-e", "vars"], "failed to parse dotenv file"),
        ({}, ["--set", "http.cert_file=a.pem"], "both cert_file and key_file must be specified, or neither"),
    ],
)
def test_what_cannot_start_has_status_1_and_says_why(
    files: dict[str, str],
    words: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in files.items():
        write(tmp_path, name, text.replace("%s", "1h"))
    assert main(["streams", *words]) == 1
    output = capfd.readouterr()
    assert said in output.out + output.err


def test_an_address_that_is_taken_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert main(["streams", "--set", f"http.address=127.0.0.1:{taken.getsockname()[1]}"]) == 1
    assert "address already in use" in capfd.readouterr().err


def test_an_operator_keeps_parts_of_bloblang_from_the_api(tmp_path: Path, start: Callable[..., Any]) -> None:
    text = "input: {inproc: i}\npipeline: {processors: [{mapping: 'root = %s'}]}\noutput: {drop: {}}\n"
    write(tmp_path, "a.yaml", text % 'env("HOME")')  # a file is the operator's own
    denied = [word for what in ("environment", "file", "imports", "hostname") for word in ("--deny-bloblang", what)]
    program = start("streams", *denied, "--set", ADDRESS, "a.yaml")
    program.until(lambda: listed(program))
    assert program.ask("POST", "/streams/b", text % "this.name.uppercase()") == (200, "")
    for query in ('env("HOME")', 'file("/etc/passwd")', "hostname()"):
        status, body = program.ask("POST", "/streams/c", text % query)
        assert status == 400
        assert f"unrecognised function '{query.partition('(')[0]}'" in body
        assert program.ask("PUT", "/streams/b", text % query)[0] == 400
        interpolated = (text % "this").replace("drop: {}", f"file: {{path: '${{! {query} }}'}}")
        assert program.ask("POST", "/streams/c", interpolated)[0] == 400
    imports = text.replace("'root = %s'", "'import \"/etc/passwd\"'")
    assert program.ask("POST", "/streams/c", imports)[0] == 400
    assert sorted(listed(program)) == ["a", "b"]


def test_what_cannot_be_denied_is_said_at_once(start: Callable[..., Any]) -> None:
    program = start("streams", "--deny-bloblang", "nope", "--set", ADDRESS)
    assert program.process.wait(20) == 1
    assert "no function or method 'nope'" in program.log


def test_python_functions_are_the_operators_to_allow(tmp_path: Path, start: Callable[..., Any]) -> None:
    text = "input: {inproc: i}\npipeline: {processors: [{python: {function: '%s'}}]}\noutput: {drop: {}}\n"
    write(tmp_path, "a.yaml", text % "html:unescape")  # a file is the operator's own
    program = start("streams", "--allow-python", "html:escape", "--set", ADDRESS, "a.yaml")
    program.until(lambda: listed(program))
    assert program.ask("POST", "/streams/b", text % "html:escape") == (200, "")
    status, body = program.ask("POST", "/streams/c", text % "html:unescape")
    assert status == 400
    assert "--allow-python html:unescape" in body
    assert sorted(listed(program)) == ["a", "b"]
