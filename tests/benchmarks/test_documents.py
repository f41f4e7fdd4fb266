"""The files of the file job, and the look into what came of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import orjson
import pytest
from scripts.benchmarks import documents
from scripts.benchmarks.process import Failed
from scripts.benchmarks.workload import Bench

from headwater.bloblang import compile_mapping
from headwater.message import Message

COUNT = 2000


@pytest.fixture
def given(tmp_path: Path) -> Path:
    return documents.source(Bench(tmp_path), COUNT)


@pytest.fixture
def made(tmp_path: Path, given: Path) -> Path:
    path = tmp_path / "made.jsonl"
    subprocess.run([sys.executable, "-c", documents.LOOP, given, path], check=True)
    return path


@pytest.mark.parametrize("size", [200, 1_000, 10_000])
def test_lines_have_about_the_size_that_is_asked_for(tmp_path: Path, size: int) -> None:
    path = documents.source(Bench(tmp_path), 1000, size)
    assert path.stat().st_size / 1000 == pytest.approx(size, rel=0.1)


def test_the_mapping_does_what_the_function_does(given: Path, made: Path) -> None:
    mapping = compile_mapping(documents.MAPPING)
    line, expected = given.read_bytes().splitlines()[7], made.read_bytes().splitlines()[7]
    result = mapping.apply(Message(line))
    assert result is not None
    assert orjson.loads(result.content() or b"") == orjson.loads(expected)


class TestCheck:
    def test_passes_what_the_loop_made_in_any_order(self, given: Path, made: Path) -> None:
        made.write_bytes(b"\n".join(reversed(made.read_bytes().splitlines())) + b"\n")
        documents.check(made, given, COUNT, mapped=True)

    def test_passes_a_copy_where_nothing_is_mapped(self, given: Path) -> None:
        documents.check(given, given, COUNT, mapped=False)

    def test_finds_lines_that_are_not_mapped(self, given: Path) -> None:
        with pytest.raises(Failed, match="was expected"):
            documents.check(given, given, COUNT, mapped=True)

    def test_finds_a_missing_line(self, given: Path, made: Path) -> None:
        made.write_bytes(b"".join(made.read_bytes().splitlines(keepends=True)[1:]))
        with pytest.raises(Failed, match="1999 lines, not 2000"):
            documents.check(made, given, COUNT, mapped=True)

    def test_reads_lines_that_are_wrapped(self, given: Path, made: Path) -> None:
        lines = [orjson.dumps({"line": line.decode(), "time": 0}) for line in made.read_bytes().splitlines()]
        made.write_bytes(b"\n".join(lines) + b"\n")
        documents.check(made, given, COUNT, mapped=True, field="line")
