"""Scanner `decompress`: compressed streams, whole, torn and hostile."""

from __future__ import annotations

import bz2
import gzip
import zlib
from collections.abc import Callable
from typing import Any

import cramjam
import lz4.frame
import pytest

from headwater.errors import ConfigError

Scan = Callable[..., list[Any]]


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
    with pytest.raises(ConfigError, match="compression type not recognised: rar"):
        made("decompress: {algorithm: rar}")


def test_the_whole_of_a_torn_stream_is_nothing(scan: Scan) -> None:
    assert scan("decompress: {algorithm: gzip}", gzip.compress(b"a\nb\n")[:-6]) == ["! unexpected EOF"]
