"""Processor `decompress`."""

from __future__ import annotations

from headwater.components.catalogue import component
from headwater.components.contracts import Processor
from headwater.components.payloads import one_by_one
from headwater.components.resources import Resources
from headwater.compression import MAX_EXPANDED, CompressionError, decompressor
from headwater.config.fields import choice, spec
from headwater.config.view import Config
from headwater.errors import ConfigError
from headwater.message import Message

SPEC = spec(
    "processor",
    "decompress",
    choice(
        "algorithm",
        ("bzip2", "flate", "gzip", "lz4", "pgzip", "snappy", "zlib"),
        "How it was compressed.",
        advisory=True,
    ),
    categories=("Parsing",),
    summary="Decompress each message.",
    description=(
        "A message that cannot be decompressed, or that would become larger than "
        f"{MAX_EXPANDED // 1024 // 1024} MiB, goes on as it was, marked as failed."
    ),
    examples=(
        (
            "Lines of compressed files",
            "pipeline:\n  processors:\n    - decompress:\n        algorithm: gzip\n    - unarchive:\n        format: "
            "lines\n",
        ),
    ),
)


@component(SPEC)
class Decompress(Processor):
    """Decompresses payloads."""

    def __init__(self, config: Config, resources: Resources) -> None:
        try:
            self._decompress = decompressor(config.text("algorithm"))
        except CompressionError as error:
            raise ConfigError(str(error)) from None
        self.each = one_by_one(resources, self._convert, "Failed to decompress message part: ")
        self.portable = True

    def _convert(self, message: Message) -> Message:
        return message.with_content(self._decompress(message.content()))
