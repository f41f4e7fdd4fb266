"""Input `csv`: headers, delimiters, rows that are wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from headwater.csv_records import CsvError, CsvReader
from headwater.errors import BuildError
from headwater.message import Batch
from headwater.system import StreamSystem

Read = Callable[..., list[Batch]]


def config(path: Path, **fields: Any) -> dict[str, Any]:
    return {"input": {"csv": {"paths": [str(path)], **fields}}}


@pytest.fixture
def rows(read: Read, tmp_path: Path) -> Callable[..., list[list[Any]]]:
    """The documents that a text gives, in batches."""

    def take(text: str, **fields: Any) -> list[list[Any]]:
        path = tmp_path / "a.csv"
        path.write_text(text)
        return [[message.document() for message in batch] for batch in read(config(path, **fields))]

    return take


Rows = Callable[..., list[list[Any]]]


def test_rows_are_objects_by_the_header(rows: Rows) -> None:
    assert rows("h1,h2\n1,x\n2,y\n") == [[{"h1": "1", "h2": "x"}], [{"h1": "2", "h2": "y"}]]


def test_without_a_header_rows_are_arrays(rows: Rows) -> None:
    assert rows("h1,h2\n1,x\n", parse_header_row=False) == [[["h1", "h2"]], [["1", "x"]]]


def test_rows_of_other_lengths_become_what_they_can(rows: Rows) -> None:
    assert rows("a,b\n1\n1,2,3\n4,5\n") == [[{"a": "1"}], [["1", "2", "3"]], [{"a": "4", "b": "5"}]]


def test_batches_of_rows(rows: Rows) -> None:
    assert rows("h\n1\n2\n3\n", batch_count=2) == [[{"h": "1"}, {"h": "2"}], [{"h": "3"}]]


def test_other_delimiters_and_quotes(rows: Rows) -> None:
    assert rows('a;b\n"1;2";x\n', delimiter=";") == [[{"a": "1;2", "b": "x"}]]


def test_lazy_quotes(rows: Rows) -> None:
    assert rows('a,b\n1 "q",2\n', lazy_quotes=True) == [[{"a": '1 "q"', "b": "2"}]]


def test_a_row_that_cannot_be_read_is_logged_and_left_out(rows: Rows, caplog: pytest.LogCaptureFixture) -> None:
    assert rows('a,b\n1 "q",2\n3,4\n') == [[{"a": "3", "b": "4"}]]
    assert 'Failed to read message: parse error on line 2, column 3: bare " in non-quoted-field' in caplog.text


def test_of_a_row_that_breaks_off_there_is_what_was_read(rows: Rows) -> None:
    assert rows('a,b\n1,x"y\n3,4\n') == [[{"a": "1"}], [{"a": "3", "b": "4"}]]


def test_an_unexpected_header_keeps_the_file_out(rows: Rows, caplog: pytest.LogCaptureFixture) -> None:
    assert rows("h1,h2\n1,x\n", expected_headers=["h1", "other"]) == []
    assert "expected_headers don't match file contents, expected: [h1 other], got: [h1 h2]" in caplog.text


def test_a_number_of_fields_can_be_demanded(rows: Rows) -> None:
    assert rows("a,b\n1,2\n3\n", expected_number_of_fields=2) == [[{"a": "1", "b": "2"}]]


def test_metadata(read: Read, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("h1,h2\n1,2\n")
    ((message,),) = read(config(path))
    assert message.metadata["header"] == ["h1", "h2"]
    assert message.metadata["path"] == str(path)


def test_a_file_is_deleted_behind_its_last_row(rows: Rows, tmp_path: Path) -> None:
    assert rows("h\n1\n", delete_on_finish=True) == [[{"h": "1"}]]
    assert not (tmp_path / "a.csv").exists()


def test_a_missing_file_is_a_missing_connection(
    system: StreamSystem, caplog: pytest.LogCaptureFixture, until: Callable[..., Any], tmp_path: Path
) -> None:
    system.create("s", {**config(tmp_path / "nope"), "output": {"drop": {}}})
    assert until(lambda: f"Failed to connect to csv: open {tmp_path}/nope: no such file or directory" in caplog.text)


def test_a_delimiter_is_one_character(system: StreamSystem, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="delimiter value must be exactly one character"):
        system.create("s", {**config(tmp_path, delimiter=";;"), "output": {"drop": {}}})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"a\nb",c\n', [["a\nb", "c"]]),
        ('"a""b"\n', [['a"b']]),
        ("a\r\nb\r\n", [["a"], ["b"]]),
        ("\n\na\n", [["a"]]),
        ('a,"b"c\n', ['parse error on line 1, column 5: extraneous or missing " in quoted-field']),
        ('"b\nc', ['record on line 1; parse error on line 2, column 2: extraneous or missing " in quoted-field']),
        ("a,b\nc\nd,e\n", [["a", "b"], "record on line 2: wrong number of fields", ["d", "e"]]),
    ],
)
def test_records_and_their_errors_as_go_has_them(text: str, expected: list[Any]) -> None:
    for size in (1, 3, 1000):
        reader = CsvReader()
        found = []
        for start in range(0, len(text), size):
            found += reader.feed(text[start : start + size].encode())
        found += reader.finish()
        assert [str(each) if isinstance(each, CsvError) else each for each in found] == expected
