"""Processor `unarchive`: many messages of one."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from headwater.components import archives
from headwater.errors import ConfigError
from headwater.message import Message


@pytest.mark.parametrize(
    ("name", "payload", "parts"),
    [
        ("lines", "a\nb\r\n", ["a", "b\r", ""]),
        ("json_array", '[1,"x",{"b":2,"a":1}]', ["1", '"x"', '{"a":1,"b":2}']),
        ("json_documents", '{"a":1} [2]"x" 5', ['{"a":1}', "[2]", '"x"', "5"]),
        ("csv", 'name,n\nx,1\n"a,b",2\n', ['{"n":"1","name":"x"}', '{"n":"2","name":"a,b"}']),
        ("'csv:|'", "name|n\nx|1\n", ['{"n":"1","name":"x"}']),
        ("binary", "\0\0\0\x02\0\0\0\x01a\0\0\0\0", ["a", ""]),
        ("xml_documents_to_json", "<r><a>1</a></r><r/>", ['{"r":{"a":"1"}}', '{"r":""}']),
        ("xml_documents_to_json:cast", "<r>1</r><r>true</r>", ['{"r":1}', '{"r":true}']),
    ],
)
def test_formats(contents: Callable[..., list[str]], name: str, payload: str, parts: list[str]) -> None:
    assert contents(f"- unarchive: {{format: {name}}}", payload, count=len(parts)) == parts


def test_values_of_an_object_know_their_keys(process: Callable[..., list[Message]]) -> None:
    received = process("- unarchive: {format: json_map}", '{"x":1,"y":[2]}', count=2, metadata={"m": 1})
    assert {m.metadata["archive_key"]: m.content() for m in received} == {"x": b"1", "y": b"[2]"}
    assert received[0].metadata["m"] == 1


def tar_of(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def zip_of(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.parametrize("name", ["tar", "zip"])
def test_files_know_their_names(process: Callable[..., list[Message]], name: str) -> None:
    payload = (tar_of if name == "tar" else zip_of)(a=b"1", b=b"22")
    received = process(f"- unarchive: {{format: {name}}}", payload, count=2)
    assert {m.metadata["archive_filename"]: m.content() for m in received} == {"a": b"1", "b": b"22"}


@pytest.mark.parametrize(
    ("name", "payload", "error"),
    [
        ("zip", "not an archive", "zip: not a valid zip file"),
        ("tar", "not an archive", "unexpected EOF"),
        ("binary", "longer than four", "serialised message bytes were in unexpected format"),
        ("json_array", '{"a":1}', "failed to parse message into JSON array: invalid type 'map[string]interface {}'"),
        ("json_map", "[1]", "failed to parse message into JSON map: invalid type '[]interface {}'"),
        ("json_array", "", "failed to parse message into JSON array: target message part does not exist"),
        ("json_documents", "{} bad", "invalid character 'b' looking for beginning of value"),
        ("csv", "a,b\n1\n", "failed to parse message as csv: record on line 2: wrong number of fields"),
    ],
)
def test_what_is_no_archive_is_marked(outcomes: Callable[..., Any], name: str, payload: str, error: str) -> None:
    assert outcomes(f"- unarchive: {{format: {name}}}", payload) == [(payload, error)]


def test_broken_zips_fail_in_no_other_way() -> None:
    whole = zip_of(a=b"x" * 1000)
    failed = 0
    for place in range(0, len(whole), 7):
        broken = whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :]
        try:
            archives.open_zip(Message(broken))
        except archives.ComponentError:
            failed += 1
    assert failed > 0


def test_a_bomb_is_refused(outcomes: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_EXPANDED", 1000)
    bomb = zip_of(a=b"\0" * 900, b=b"\0" * 900)
    assert len(bomb) < 500
    with pytest.raises(archives.ComponentError, match="decompressed data exceeds the limit"):
        archives.open_zip(Message(bomb))


def test_parts_stand_where_the_message_stood(outcomes: Callable[..., Any]) -> None:
    results = outcomes("- unarchive: {format: json_array}", ["[1]", "bad", "[2,3]"], count=4)
    assert [content for content, _ in results] == ["1", "bad", "2", "3"]


@pytest.mark.parametrize("name", ["rar", "'csv:'", "csv:xy"])
def test_an_unknown_format_is_refused(contents: Callable[..., list[str]], name: str) -> None:
    with pytest.raises(ConfigError, match=r"not recognised|delimiter"):
        contents(f"- unarchive: {{format: {name}}}", "x")


@pytest.mark.parametrize("name", ["tar", "zip"])
def test_entries_without_a_name_have_no_metadata(process: Callable[..., list[Message]], name: str) -> None:
    received = process(f"- archive: {{format: {name}}}\n- unarchive: {{format: {name}}}", "a")
    assert [(m.content(), dict(m.metadata)) for m in received] == [(b"a", {})]


def test_numbers_of_json_documents_are_floating_point(contents: Callable[..., list[str]]) -> None:
    made = contents("- unarchive: {format: json_documents}", '{"a":1.50} 1e3 12345678901234567890', count=3)
    assert made == ['{"a":1.5}', "1000", "12345678901234567000"]


def test_what_was_read_as_a_document_goes_on_as_that(outcomes: Callable[..., list[tuple[str, str]]]) -> None:
    failure = "failed to parse message into JSON array: invalid type 'map[string]interface {}'"
    assert outcomes("- unarchive: {format: json_array}", '{"b":1,"a":2}') == [('{"a":2,"b":1}', failure)]


def test_the_log_says_what_failed(process: Callable[..., list[Message]], caplog: pytest.LogCaptureFixture) -> None:
    process("- unarchive: {format: zip}", "x")
    assert "Failed to unarchive message part: zip: not a valid zip file" in caplog.text
