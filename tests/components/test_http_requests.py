"""Multipart bodies, there and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.components.http_requests import (
    MultipartError,
    canonical_header,
    decode_multipart,
    encode_multipart,
    media_type,
)


@given(bodies=st.lists(st.binary(max_size=40), min_size=1, max_size=5))
def test_parts_come_back_as_they_were(bodies: list[bytes]) -> None:
    parts = [([("Content-Type", "a/b"), ("X-N", str(number))], body) for number, body in enumerate(bodies)]
    boundary = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
    decoded = decode_multipart(encode_multipart(parts, boundary), boundary)
    assert decoded == [({"Content-Type": "a/b", "X-N": str(number)}, body) for number, body in enumerate(bodies)]


@pytest.mark.parametrize(
    ("body", "boundary"), [(b"", "B"), (b"--B\r\n\r\na", "B"), (b"--B\r\n\r\na\r\n--B--", ""), (b"nothing", "B")]
)
def test_what_is_no_multipart_body(body: bytes, boundary: str) -> None:
    with pytest.raises(MultipartError):
        decode_multipart(body, boundary)


def test_bodies_with_bare_newlines_and_without_headers() -> None:
    assert decode_multipart(b"--B\n\na\n--B\nx-y: 1\n\nb\n--B--\n", "B") == [({}, b"a"), ({"X-Y": "1"}, b"b")]


@pytest.mark.parametrize(
    ("name", "canonical"), [("content-type", "Content-Type"), ("X_one", "X_one"), ("x-ONE", "X-One"), ("a b", "a b")]
)
def test_names_are_written_as_go_does(name: str, canonical: str) -> None:
    assert canonical_header(name) == canonical


def test_media_types() -> None:
    assert media_type('Multipart/Mixed; Boundary="a b"; x=1') == ("multipart/mixed", {"boundary": "a b", "x": "1"})
