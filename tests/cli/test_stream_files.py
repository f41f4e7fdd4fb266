"""Which files are which streams."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from headwater.cli.stream_files import find
from headwater.errors import ConfigError


@pytest.fixture(autouse=True)
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(*names: str) -> None:
    for name in names:
        os.makedirs(os.path.dirname(name) or ".", exist_ok=True)
        Path(name).write_text("{}", encoding="utf-8")


def ids(*arguments: str) -> list[str]:
    return [file.id for file in find(arguments)]


def test_a_file_is_called_without_its_extension() -> None:
    write("a.yaml", "b.yml", "c.json", "d.conf", "x/e.yaml")
    assert ids("a.yaml", "b.yml", "c.json", "d.conf", "x/e.yaml") == ["a", "b", "c", "d.conf", "e"]


def test_a_directory_gives_paths_with_underscores() -> None:
    write("n/first.yaml", "n/inner/second.yaml", "n/inner/deep/third.yml", "n/.hid.yaml", "n/readme.txt")
    assert sorted(ids("n")) == [".hid", "first", "inner_deep_third", "inner_second"]


def test_unit_tests_are_left_out_of_directories_only() -> None:
    write("n/a.yaml", "n/a_benthos_test.yaml", "n/b_headwater_test.yaml")
    assert ids("n") == ["a"]
    assert ids("n/a_benthos_test.yaml") == ["a_benthos_test"]


def test_globs_give_base_names() -> None:
    write("n/a.yaml", "n/m/b.yaml", "n/m/c.txt")
    assert ids("n/**/*.yaml") == ["a", "b"]
    assert ids("nothing/*.yaml") == []


def test_a_missing_path_is_an_error() -> None:
    with pytest.raises(ConfigError, match=r"^stat gone\.yaml: no such file or directory$"):
        ids("gone.yaml")


def test_two_files_of_one_id_collide() -> None:
    write("a.yaml", "x/a.yml")
    with pytest.raises(ConfigError, match=r"^stream id \(a\) collision from file: x/a\.yml$"):
        ids("a.yaml", "x/a.yml")
    assert ids("a.yaml", "a.yaml") == ["a"]


def test_a_name_that_is_only_an_extension_has_no_id() -> None:
    write("n/.yaml")
    with pytest.raises(ConfigError, match=r"^stream id could not be inferred from file: n/\.yaml$"):
        ids("n")
