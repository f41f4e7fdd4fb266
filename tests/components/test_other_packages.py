"""Components that other packages bring along: used as ours are, and named when they are broken."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

SHOUT = textwrap.dedent(
    """\
    from headwater import Batch, Config, Processor, Resources, component, fields, spec


    @component(spec("processor", "shout", fields.text("ending", default="!"), summary="Shout."))
    class Shout(Processor):
        def __init__(self, config: Config, resources: Resources) -> None:
            self._ending = config.text("ending").encode()

        def process(self, batch: Batch) -> list[Batch]:
            return [[message.with_content(message.content().upper() + self._ending) for message in batch]]
    """
)
STREAM = "pipeline: {processors: [{shout: {ending: '?'}}]}\nhttp: {enabled: false}\nlogger: {level: OFF}\n"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package as an installer leaves it."""
    (tmp_path / "loud").mkdir()
    (tmp_path / "loud" / "shout.py").write_text(SHOUT, encoding="utf-8")
    (tmp_path / "loud" / "broken.py").write_text("import nothing_of_that_name\n", encoding="utf-8")
    about = tmp_path / "loud_words-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: loud-words\nVersion: 1.0\n", encoding="utf-8")
    (about / "entry_points.txt").write_text(
        "[headwater.components]\n"
        "processor.shout = loud.shout:Shout\n"
        "processor.broken = loud.broken:Broken\n"
        "processor.odd = loud.shout:Shout\n",
        encoding="utf-8",
    )
    (tmp_path / "stream.yaml").write_text(STREAM, encoding="utf-8")
    return tmp_path


def headwater(package: Path, *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "headwater", *words],
        cwd=package,
        env=os.environ | {"PYTHONPATH": str(package)},
        input=typed,
        capture_output=True,
        text=True,
        check=False,
    )


def test_they_are_used_like_ours(package: Path) -> None:
    assert "  - shout\n" in headwater(package, "list", "processors").stdout
    assert "### `ending`" in headwater(package, "list", "--format", "markdown", "shout").stdout
    assert headwater(package, "lint", "stream.yaml").stderr == ""
    assert headwater(package, "run", "stream.yaml", typed="hello\n").stdout == "HELLO?\n"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "broken",
            "processor 'broken' of loud-words cannot be loaded from loud.broken:Broken: ModuleNotFoundError: No module "
            "named 'nothing_of_that_name'",
        ),
        (
            "odd",
            "processor 'odd' of loud-words is not at loud.shout:Shout: a class is needed there that is marked with",
        ),
    ],
)
def test_those_that_cannot_be_loaded_are_named(package: Path, name: str, said: str) -> None:
    (package / "stream.yaml").write_text(STREAM.replace("shout", name), encoding="utf-8")
    for verb in ("lint", "run"):
        done = headwater(package, verb, "stream.yaml")
        assert done.returncode == 1
        assert said in done.stderr
        assert "Traceback" not in done.stderr


def test_the_others_are_there_all_the_same(package: Path) -> None:
    done = headwater(package, "schema")
    assert done.returncode == 0
    assert '"processor.shout"' in done.stdout
    assert '"processor.broken"' not in done.stdout


def test_functions_may_stand_in_the_working_folder(tmp_path: Path) -> None:
    (tmp_path / "mine_alone.py").write_text("def loud(text): return text.upper()\n", encoding="utf-8")
    processor = "{python: {function: 'mine_alone:loud', receives: text}}"
    (tmp_path / "stream.yaml").write_text(STREAM.replace("{shout: {ending: '?'}}", processor), encoding="utf-8")
    program = Path(sys.executable).with_name("headwater")
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [program, "run", "stream.yaml"],
        cwd=tmp_path,
        env=environment,
        input="hello\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("HELLO\n", "")
