"""The command line, from its words to the results."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from scripts.benchmarks.__main__ import main


def test_the_list_names_workloads_yardsticks_and_aims(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list", "raw", "hops"]) == 0
    text = capsys.readouterr().out
    assert "raw/200" in text
    assert "beside the hand-written loop, aim >= 1.49" in text
    assert "< 2 us" in text


def test_targets_are_what_has_an_aim(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["targets", "generate", "--list"]) == 0
    names = [line.split()[0] for line in capsys.readouterr().out.splitlines() if line.startswith("generate")]
    assert names == ["generate/1", "generate/1000"]


def test_a_wrong_name_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nonsense"]) == 1
    assert "no workload is called nonsense" in capsys.readouterr().err


def test_neither_file_nor_revision(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["start/version", "--compare", "no-such-thing"]) == 1
    assert "no-such-thing is no file and no revision" in capsys.readouterr().err


def test_a_workload_from_start_to_json_and_the_comparison_with_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "results.json"
    words = ["file/200", "--scale", "0.001", "--runs", "1", "--folder", str(tmp_path)]
    assert main([*words, "--json", str(path)]) == 0
    text = capsys.readouterr().out
    assert "file/200" in text
    assert "beside the hand-written loop" in text
    (row,) = json.loads(path.read_text(encoding="utf-8"))["results"]
    assert row["values"][0] > 0
    assert row["peak_bytes"] > 1_000_000
    assert list(tmp_path.iterdir()) == [path]  # what was made is gone
    assert main([*words, "--compare", str(path)]) == 0
    assert "beside results.json" in capsys.readouterr().out
