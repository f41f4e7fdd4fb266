"""All scanners by their configuration: lines, chunks, matches, documents, archives, compressed streams."""

from __future__ import annotations

import bz2
import gzip
import io
import tarfile
import zlib
from collections.abc import Callable
from typing import Any

import cramjam
import lz4.frame
import pytest

from headwater.errors import BuildError

Scan = Callable[..., list[Any]]
TOO_LONG = "! bufio.Scanner: token too long"


@pytest.mark.parametrize(
    ("config", "data", "expected"),
    [
        ("lines: {}", b"a\nb\n", ["a", "b"]),
        ("lines: {}", b"a\r\n\r\nb", ["a", "", "b"]),
        ("lines: {}", b"", []),
        ("lines: {}", b"\n", [""]),
        ("lines: {omit_empty: true}", b"a\n\n\r\nb\n", ["a", "b"]),
        ("lines: {custom_delimiter: '|'}", b"a|b||c\nd|", ["a", "b", "", "c\nd"]),
        ("lines: {custom_delimiter: 'END'}", b"aENDbEN", ["a", "bEN"]),
        ("lines: {max_buffer_size: 8}", b"short\nthis is too long\nend\n", ["short", "this is ", TOO_LONG]),
        ("lines: {max_buffer_size: 4}", b"abc\nabcd\n", ["abc", "abcd", TOO_LONG]),
        ("chunker: {size: 4}", b"abcdefghij", ["abcd", "efgh", "ij"]),
        ("chunker: {size: 5}", b"abcdefghij", ["abcde", "fghij"]),
        ("to_the_end: {}", b"a\nb\n", ["a\nb\n"]),
        ("to_the_end: {}", b"", [""]),
        (
            "re_match: {pattern: '(?m)^[0-9]{2}:'}",
            b"junk\n10: one\nmore\n11: two\n",
            ["junk\n", "10: one\nmore\n", "11: two\n"],
        ),
        ("re_match: {pattern: X}", b"aXbXXc", ["a", "Xb", "X", "Xc"]),
        ("re_match: {pattern: Q}", b"abc\ndef", ["abc\ndef"]),
        ("re_match: {pattern: X, max_buffer_size: 4}", b"aXbbbbbbbbbbbbXc", ["a", "Xbb", TOO_LONG]),
        ("skip_bom: {into: {lines: {}}}", b"\xef\xbb\xbfa\nb", ["a", "b"]),
        ("skip_bom: {into: {lines: {}}}", b"a\nb", ["a", "b"]),
        ("skip_bom: {}", b"\xef\xbb", None),
        (
            "json_documents: {}",
            b'{"a":1}{"b":[2]}\n[1] "s" 5 null',
            ['{"a":1}', '{"b":[2]}', "[1]", '"s"', "5", "null"],
        ),
        ("json_documents: {}", b'{"a":"}]\\"{"}  ', ['{"a":"}]\\"{"}']),
        ("json_documents: {}", b'{"a":', ["! unexpected EOF"]),
        ("json_documents: {}", b"[1]]", ["[1]", "! invalid character ']' looking for beginning of value"]),
        ("json_array: {}", b'[{"a":1}, {"b":2} ,3]', ['{"a":1}', '{"b":2}', "3"]),
        ("json_array: {}", b"[]", []),
        ("json_array: {}", b"[ 1 , [2, 3] ] and more", ["1", "[2,3]"]),
        ("json_array: {}", b"[1,,2]", ["1", "! invalid character ',' looking for beginning of value"]),
        ("json_array: {}", b"[,1]", ["! invalid character ',' looking for beginning of value"]),
        ("json_array: {}", b"[1 2]", ["1", "! invalid character '2' after array element"]),
        ("json_array: {}", b"[1,]", ["1", "! invalid character ']' looking for beginning of value"]),
        ("json_array: {}", b"[1", ["1", "! unexpected EOF"]),
        ("json_array: {}", b'{"a":1}', ["! expected opening '[' but got {"]),
        ("json_array: {}", b'[{"a":1}, {"b":', ['{"a":1}', "! unexpected EOF"]),
        ("csv: {}", b'a,b\n1,x\n2,"y,z"\n', ['{"a":"1","b":"x"}', '{"a":"2","b":"y,z"}']),
        ("csv: {parse_header_row: false}", b"a,b\n1,x\n", ['["a","b"]', '["1","x"]']),
        ("csv: {custom_delimiter: ;}", b"a;b\n1;x\n", ['{"a":"1","b":"x"}']),
        ("csv: {}", b"a,b\n1\n2,y\n", ["! record on line 2: wrong number of fields", '{"a":"2","b":"y"}']),
        ("csv: {}", b"a,b\n", []),
        (
            "xml_documents: {operator: to_json}",
            b"<a><b>1</b></a> <a><b>2</b></a>",
            ['{"a":{"b":"1"}}', '{"a":{"b":"2"}}'],
        ),
        ("xml_documents: {operator: to_json, cast: true}", b"<a x='>'>5</a>", ['{"a":{"#text":5,"-x":">"}}']),
    ],
)
def test_what_is_cut(scan: Scan, config: str, data: bytes, expected: list[str] | None, messages: Scan) -> None:
    if expected is None:
        assert [message.content() for message in messages(config, data)] == [data]
    else:
        assert scan(config, data) == expected


def test_messages_of_wrong_rows_are_marked_where_that_is_asked_for(messages: Scan) -> None:
    found = messages("csv: {continue_on_error: true}", b"a,b\n1,x\n1,2,3\n4,y\n")
    assert [(m.document(), m.metadata["csv_row"], m.error.text if m.error else "") for m in found] == [
        ({"a": "1", "b": "x"}, 0, ""),
        ({"a": "1", "b": "2"}, 1, "record on line 3: wrong number of fields"),
        ({"a": "4", "b": "y"}, 2, ""),
    ]


def snappy(data: bytes) -> bytes:
    return bytes(cramjam.snappy.compress(data))


def flate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "pgzip": gzip.compress,
    "zlib": zlib.compress,
    "flate": flate,
    "bzip2": bz2.compress,
    "snappy": snappy,
    "lz4": lz4.frame.compress,
}


@pytest.mark.parametrize("algorithm", sorted(PACKERS))
def test_packed_streams(scan: Scan, algorithm: str) -> None:
    packed = PACKERS[algorithm](b"a\nb\n" * 3)
    assert scan(f"decompress: {{algorithm: {algorithm}, into: {{lines: {{}}}}}}", packed) == ["a", "b"] * 3


def test_several_packed_streams_one_behind_the_other(scan: Scan) -> None:
    packed = gzip.compress(b"a\n") + gzip.compress(b"b\n")
    assert scan("decompress: {algorithm: gzip, into: {lines: {}}}", packed) == ["a", "b"]


@pytest.mark.parametrize(
    ("algorithm", "data", "text"),
    [
        ("gzip", b"this is no gzip at all", "! gzip: invalid header"),
        ("gzip", gzip.compress(b"a\n" * 100)[:-9], "! unexpected EOF"),
        ("zlib", b"nothing", "! zlib: invalid header"),
        ("snappy", b"nothing at all", "! snappy: corrupt input"),
    ],
)
def test_what_is_no_packed_stream(algorithm: str, data: bytes, text: str, messages: Scan) -> None:
    found = messages(f"decompress: {{algorithm: {algorithm}, into: {{lines: {{}}}}}}", data)
    assert found[-1] == text


def test_what_expands_beyond_measure_is_refused(messages: Scan, monkeypatch: pytest.MonkeyPatch) -> None:
    from headwater.components.scanners import decompress

    monkeypatch.setattr(decompress, "MOST_AT_ONCE", 100_000)
    for algorithm, packer in (("gzip", gzip.compress), ("bzip2", bz2.compress), ("lz4", lz4.frame.compress)):
        found = messages(f"decompress: {{algorithm: {algorithm}}}", packer(b"0" * 5_000_000))
        assert found == [f"! {algorithm}: a block expands to more than 100000 bytes"]


def test_unknown_algorithms(made: Scan) -> None:
    with pytest.raises(BuildError, match="compression type not recognised: rar"):
        made("decompress: {algorithm: rar}")


def tar_of(*files: tuple[str, bytes], format_: int = tarfile.PAX_FORMAT) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=format_) as archive:
        for name, content in files:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


@pytest.mark.parametrize("format_", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
@pytest.mark.parametrize("size", [100, 512, 100_000])
def test_files_of_an_archive(format_: int, size: int, messages: Scan) -> None:
    files = (("one.txt", b"first"), ("d/" + "x" * 150 + ".txt", b"y" * 1500), ("ü.txt", b""))
    found = messages("tar: {}", tar_of(*files, format_=format_), size=size)
    assert [(message.metadata["tar_name"], message.content()) for message in found] == list(files)


def test_what_is_no_archive(messages: Scan) -> None:
    assert messages("tar: {}", b"not a tar") == ["! unexpected EOF"]
    assert messages("tar: {}", b"x" * 600) == ["! archive/tar: invalid tar header"]


def test_a_scanner_by_name(messages: Scan) -> None:
    config = r"switch: [{re_match_name: '\.csv$', scanner: {csv: {}}}, {re_match_name: txt, scanner: {lines: {}}}]"
    assert [m.content() for m in messages(config, b"h\n1\n", "a.csv")] == [b'{"h":"1"}']
    assert [m.content() for m in messages(config, b"h\n1\n", "a.txt")] == [b"h", b"1"]


def test_bad_patterns_are_refused(made: Scan) -> None:
    with pytest.raises(BuildError, match="error parsing regexp"):
        made("re_match: {pattern: '('}")


def test_invalid_text_passes_untouched(messages: Scan) -> None:
    assert [m.content() for m in messages("lines: {}", b"\xff\xfe\nok\n")] == [b"\xff\xfe", b"ok"]
