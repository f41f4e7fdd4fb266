"""The fields of inputs that cut a stream of bytes, the older ones too."""

from __future__ import annotations

from headwater.config.fields import choice, integer, scanner
from headwater.config.spec import Field

CODECS = (
    "auto",
    "all-bytes",
    "avro-ocf:marshaler=x",
    "chunker:x",
    "csv",
    "csv:x",
    "csv-safe",
    "csv-safe:x",
    "delim:x",
    "gzip",
    "pgzip",
    "lines",
    "multipart",
    r"regex:(?m)^\d\d:\d\d:\d\d",
    "skipbom",
    "tar",
)


def scanner_fields() -> tuple[Field, ...]:
    """`scanner`, and what came before it."""
    return (
        choice(
            "codec",
            CODECS,
            "How bytes are cut into messages; use `scanner` instead.",
            optional=True,
            advisory=True,
            deprecated=True,
        ),
        integer("max_buffer", "The longest message of a codec in bytes.", default=1000000, deprecated=True),
        scanner("scanner", default={"lines": {}}, optional=True),
    )
