"""What payloads seem to be."""

from __future__ import annotations

import pytest

from headwater.components.content_types import sniff


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "text/plain; charset=utf-8"),
        (b"plain text\n", "text/plain; charset=utf-8"),
        (b'{"a":1}', "text/plain; charset=utf-8"),
        (b"  <!DOCTYPE html>", "text/html; charset=utf-8"),
        (b"<p >", "text/html; charset=utf-8"),
        (b"<pre>", "text/plain; charset=utf-8"),
        (b"<!-- x", "text/html; charset=utf-8"),
        (b'<?xml version="1.0"?>', "text/xml; charset=utf-8"),
        (b"%PDF-1.7", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\x1f\x8b\x08\x00", "application/x-gzip"),
        (b"RIFF1234WEBPVP8 ", "image/webp"),
        (b"RIFF1234WAVE", "audio/wave"),
        (b"a\x00b", "application/octet-stream"),
        (b"\xef\xbb\xbfa", "text/plain; charset=utf-8"),
    ],
)
def test_sniffing(data: bytes, expected: str) -> None:
    assert sniff(data) == expected
