"""The frame of the program: verbs, shared flags, exit status."""

from __future__ import annotations

import importlib
import subprocess
import sys
from typing import Any

import pytest

from headwater.cli import arguments, main
from headwater.version import VERSION


def parsed(*words: str) -> Any:
    return arguments.parse(words)[1]


def test_flags_stand_before_or_after_the_verb() -> None:
    for words in (
        ("-c", "conf.yaml", "--log.level", "DEBUG", "-r", "a", "streams", "one.yaml", "two.yaml", "-r", "b"),
        ("streams", "one.yaml", "-c", "conf.yaml", "-r", "a", "two.yaml", "--log.level=DEBUG", "--resources", "b"),
    ):
        args = parsed(*words)
        assert (args.config, args.log_level, args.resources) == ("conf.yaml", "DEBUG", ["a", "b"])
        assert args.paths == ["one.yaml", "two.yaml"]


def test_switches_may_carry_a_value() -> None:
    assert parsed("streams").prefix_stream_endpoints is True
    assert parsed("streams", "--prefix-stream-endpoints=false").prefix_stream_endpoints is False
    assert parsed("streams", "--prefix-stream-endpoints=false", "--no-api=true").no_api is True
    assert parsed("streams", "--chilled=false").chilled is False


def test_the_old_spelling_is_understood() -> None:
    module, args = arguments.parse(["--streams", "--streams-dir", "d", "-c", "conf.yaml"])
    assert module is not None
    assert module.__name__ == "headwater.cli.streams"
    assert (args.streams_dir, args.config) == ("d", "conf.yaml")


def test_a_config_alone_is_run() -> None:
    module, args = arguments.parse(["-c", "conf.yaml", "--set", "a=b"])
    assert module is not None
    assert module.__name__ == "headwater.cli.run"
    assert (args.config, args.set) == ("conf.yaml", ["a=b"])


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["lnt"], "did you mean 'lint'?"),
        (["some/file.yaml"], "headwater run some/file.yaml"),
        (["streams", "--nope"], "`headwater streams --help` tells which flags there are"),
        (["run", "--resources"], "expected one argument"),
    ],
)
def test_a_mistake_has_status_1_and_a_hint(words: list[str], hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 1
    assert hint in capsys.readouterr().err


def test_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    assert all(verb in text for verb in arguments.VERBS)
    assert "headwater run first.yaml" in text


@pytest.mark.parametrize("verb", arguments.VERBS)
def test_every_verb_has_help_and_shared_flags(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([verb, "--help"]) == 0
    text = capsys.readouterr().out
    assert text.startswith(f"usage: headwater {verb}")
    assert "--log.level" in text


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--version"], ["streams", "--version"], ["version"]):
        assert main(words) == 0
        assert capsys.readouterr().out == f"headwater {VERSION}\n"


def test_the_version_needs_no_engine() -> None:
    code = "import sys; from headwater.cli import main; main(['--version']); print(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {"headwater.system", "headwater.components.catalogue", "pykka", "falcon", "yaml", "argparse"}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_knows_verbs_and_flags(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert all(verb in script for verb in arguments.VERBS)
    assert "prefix-stream-endpoints" in script


def test_completion_of_an_unknown_shell(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "csh"]) == 1
    assert "bash, zsh, fish" in capsys.readouterr().err


def test_every_verb_is_a_module() -> None:
    for verb in arguments.VERBS:
        module = importlib.import_module(f"headwater.cli.{verb}")
        assert callable(module.add_parser)
        assert callable(module.run)
