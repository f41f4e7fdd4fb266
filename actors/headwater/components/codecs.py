"""Codecs of outputs that write a stream of bytes: what stands behind each message, what becomes of what was there.

lines       a newline behind each message that does not end in one
append      nothing in between
delim:x     x behind each message that does not end in it
all-bytes   a message is all there is: a file is written anew with each
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from headwater.errors import ConfigError
from headwater.message import Batches, Payloads

if TYPE_CHECKING:
    from headwater.message import Message

_last_byte: Final = itemgetter(-1)

CODECS: Final = ("all-bytes", "append", "lines", "delim:x")


class OutputCodec:
    """How messages become bytes.

    Attributes:
        suffix: What each message ends with.
        overwrites: Whether each message replaces what was written before, where that can be done.
    """

    __slots__ = ("overwrites", "suffix")

    def __init__(self, name: str) -> None:
        self.overwrites = name == "all-bytes"
        if name in ("all-bytes", "append"):
            self.suffix = b""
        elif name == "lines":
            self.suffix = b"\n"
        elif name.startswith("delim:"):
            delimiter = name.removeprefix("delim:")
            if not delimiter:
                raise ConfigError("custom delimiter codec requires a non-empty delimiter")
            self.suffix = delimiter.encode("utf-8", "surrogateescape")
        else:
            raise ConfigError(f"codec was not recognised: {name}")

    def encode(self, message: Message) -> bytes:
        """One message."""
        content = message.content()
        suffix = self.suffix
        return content if not suffix or content.endswith(suffix) else content + suffix

    # HOT: once a chunk
    def encode_many(self, messages: Sequence[Message]) -> bytes:
        """Many messages, one behind the other."""
        return self._join([message.content() for message in messages])

    # HOT: once a chunk
    def encode_batches(self, batches: Batches) -> bytes:
        """The messages of many batches, one behind the other."""
        if isinstance(batches, Payloads):
            return self._join(batches.contents)
        return self._join([message.content() for batch in batches for message in batch])

    def _join(self, contents: list[bytes]) -> bytes:
        suffix = self.suffix
        if not suffix or not contents:
            return b"".join(contents)
        if self._any_ends(contents):
            return b"".join([content if content.endswith(suffix) else content + suffix for content in contents])
        return suffix.join([*contents, b""])

    def _any_ends(self, contents: list[bytes]) -> bool:
        """Whether some content ends in the suffix already; a look at each last byte is much cheaper than a search."""
        try:
            if self.suffix[-1] not in map(_last_byte, contents):
                return False
        except IndexError:  # an empty one
            pass
        return any(content.endswith(self.suffix) for content in contents)
