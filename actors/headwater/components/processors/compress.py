"""Processor `compress`."""

from __future__ import annotations

from headwater.components.catalogue import component
from headwater.components.contracts import Processor
from headwater.components.payloads import one_by_one
from headwater.components.resources import Resources
from headwater.compression import CompressionError, compressor
from headwater.config.fields import choice, integer, spec
from headwater.config.view import Config
from headwater.errors import ConfigError
from headwater.message import Message

SPEC = spec(
    "processor",
    "compress",
    choice("algorithm", ("flate", "gzip", "lz4", "pgzip", "snappy", "zlib"), "How to compress.", advisory=True),
    integer("level", "How hard to try, where the algorithm knows levels; -1 for its own choice.", default=-1),
    categories=("Parsing",),
    summary="Compress each message.",
    description="A message that cannot be compressed goes on as it was, marked as failed.",
    examples=(
        (
            "A batch as one compressed message",
            "pipeline:\n  processors:\n    - archive:\n        format: lines\n    - compress:\n        algorithm: "
            "gzip\n",
        ),
    ),
)


@component(SPEC)
class Compress(Processor):
    """Compresses payloads."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._level = config.integer("level")
        try:
            self._compress = compressor(config.text("algorithm"))
        except CompressionError as error:
            raise ConfigError(str(error)) from None
        self.each = one_by_one(resources, self._convert, "Failed to compress message: ")
        self.portable = True

    def _convert(self, message: Message) -> Message:
        return message.with_content(self._compress(message.content(), self._level))
