"""What scanners share: cutting a stream of bytes into tokens with a bound, and the older `codec` texts of inputs."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from headwater import tasks
from headwater.components.contracts import Scan, Scanner
from headwater.errors import ComponentError, ConfigError, EndOfInput
from headwater.message import NO_METADATA, UNSET, Batch, Batches, Payloads

if TYPE_CHECKING:
    from headwater.components.resources import Resources
    from headwater.config.view import Config

TOO_LONG: Final = "bufio.Scanner: token too long"


class Failing:
    """What a scan failed with: raised once what was complete before it is handed out, and again at each later call."""

    __slots__ = ("error", "raised")

    def __init__(self) -> None:
        self.error: ComponentError | None = None
        self.raised = False

    def fail(self, text: str) -> None:
        """Keep a failure; the first counts."""
        if self.error is None:
            self.error = ComponentError(text, "data")

    def release(self, batches: Batches) -> Batches:
        """Hand out batches, or raise the failure when there are none left to hand out."""
        if not batches and self.error is not None:
            raise self.error
        return batches

    def release_once(self, batches: list[Batch]) -> list[Batch]:
        """The same, but the failure is raised the first time only; from then on the scan is at its end."""
        if not batches and self.error is not None and not self.raised:
            self.raised = True
            raise self.error
        return batches


class TokenScan(Scan):
    """Cuts tokens by a rule of the subclass; a token longer than `limit` ends it.

    What there is of such a token is the last message; after it each call fails.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rest = b""
        self._failing = Failing()

    def cut(self, data: bytes, end: bool) -> tuple[list[bytes], bytes]:
        """The tokens that are complete, and what is left."""
        raise NotImplementedError

    def feed(self, data: bytes) -> Batches:
        if self._failing.error is not None:
            raise self._failing.error
        tokens, rest = self.cut(self._rest + data if self._rest else data, False)
        if len(rest) >= self._limit:
            window, _ = self.cut(rest[: self._limit], True)
            tokens.extend(window)
            rest = b""
            self._failing.fail(TOO_LONG)
        self._rest = rest
        return self._failing.release(Payloads(tokens))

    def finish(self) -> Batches:
        if self._failing.error is not None:
            raise self._failing.error
        rest, self._rest = self._rest, b""
        return Payloads(self.cut(rest, True)[0]) if rest else []


def with_metadata(batches: Batches, metadata: Mapping[str, Any]) -> Batches:
    """Add metadata to messages that nobody else has seen yet; what a scanner has set stays beside it."""
    if type(batches) is Payloads:
        batches.metadata = {**metadata, **batches.metadata} if batches.metadata else metadata
        return batches
    # In place, since a scan makes new messages: another object each would double the cost of a line.
    for batch in batches:
        for message in batch:
            own = message.metadata
            message.metadata = {**metadata, **own} if own else metadata
    return batches


class Chained(Scan):
    """Bytes that are transformed, and cut by another scan."""

    eager = True

    def __init__(self, transform: Callable[[bytes], bytes], finish: Callable[[], bytes], into: Scan) -> None:
        self._transform = transform
        self._finish = finish
        self._into = into
        self.whole = into.whole
        self._failing = Failing()
        self._flushed = False

    def feed(self, data: bytes) -> Batches:
        if self._failing.error is not None:
            raise self._failing.error
        try:
            made = self._transform(data)
        except ComponentError as error:
            self._failing.fail(str(error))
            raise
        return self._into.feed(made)

    def finish(self) -> Batches:
        if self._failing.error is not None:
            raise self._failing.error
        if self._flushed:
            return self._into.finish()
        self._flushed = True
        try:
            left = self._finish()
        except ComponentError as error:
            self._failing.fail(str(error))
            return self._failing.release([] if self._into.whole else self._into.finish())
        if left:
            return [*self._into.feed(left), *self._into.finish()]
        return self._into.finish()


def scanner_of(config: Config, resources: Resources) -> Scanner:
    """The scanner of an input that has `scanner`, `codec` and `max_buffer`.

    Raises:
        ConfigError: It makes no sense.
    """
    codec = config.optional_text("codec")
    if codec:
        return CodecScanner(codec, config.integer("max_buffer"))
    return resources.build_scanner(config.child("scanner"))


class CodecScanner(Scanner):
    """The scanner that an older codec text stands for: ``lines``, ``gzip/csv``, ``delim:x``, ``lines/multipart``, ...

    Raises:
        ConfigError: There is no such codec.
    """

    def __init__(self, text: str, limit: int) -> None:
        self._parts = text.split("/")
        if text.startswith(("regex:", "delim:")):
            self._parts = [text]
        self._limit = limit
        if text != "auto":
            self._build(self._parts)

    def open(self, name: str) -> Scan:
        return self._build(_by_name(name) if self._parts == ["auto"] else self._parts)()

    def _build(self, parts: list[str]) -> Callable[[], Scan]:
        """What opens a scan for a chain of codecs."""
        first, rest = parts[0], parts[1:]
        if first in ("gzip", "pgzip", "skipbom"):
            into = self._build(rest or ["all-bytes"])
            return lambda: _transformed(first, into())
        cutter = self._cutter(first)
        if not rest:
            return cutter
        if rest == ["multipart"]:
            return lambda: Multipart(cutter())
        raise ConfigError(f"codec was not recognised: {rest[0]}")

    def _cutter(self, codec: str) -> Callable[[], Scan]:
        from headwater.components.scanners import chunker, csv, lines, re_match, tar, to_the_end

        name, _, argument = codec.partition(":")
        limit = self._limit
        if codec == "lines":
            return lambda: lines.LinesScan(b"", limit)
        if codec == "all-bytes":
            return to_the_end.WholeScan
        if codec == "tar":
            return tar.TarScan
        if name == "delim":
            if not argument:
                raise ConfigError("custom delimiter codec requires a non-empty delimiter")
            return lambda: lines.LinesScan(argument.encode(), limit)
        if name == "chunker":
            try:
                size = int(argument)
            except ValueError:
                raise ConfigError(f"invalid chunk size for chunker codec: {argument}") from None
            return lambda: chunker.ChunkScan(size)
        if name == "regex":
            pattern = re_match.compile_pattern(argument)
            return lambda: re_match.MatchScan(pattern, limit)
        if name in ("csv", "csv-safe"):
            if argument and len(argument) != 1:
                raise ConfigError("csv codec requires a single character delimiter")
            return lambda: csv.CsvScan(
                csv.Options(delimiter=argument or ",", keep_failed=name == "csv-safe", numbered=False)
            )
        raise ConfigError(f"codec was not recognised: {codec}")


def _by_name(name: str) -> list[str]:
    """The codecs that a file name suggests."""
    if name.endswith((".tar.gz", ".tar.gzip", ".tgz")):
        return ["gzip", "tar"]
    if name.endswith((".csv.gz", ".csv.gzip")):
        return ["gzip", "csv"]
    if name.endswith((".gz", ".gzip")):
        return ["gzip", "all-bytes"]
    if name.endswith(".csv"):
        return ["csv"]
    if name.endswith(".tar"):
        return ["tar"]
    return ["all-bytes"]


def _transformed(codec: str, into: Scan) -> Scan:
    from headwater.components.scanners import decompress, skip_bom

    if codec == "skipbom":
        return skip_bom.SkipBom(into)
    return decompress.decompressing("gzip", into)


class Multipart(Scan):
    """Gathers messages into one batch until an empty one comes."""

    def __init__(self, inner: Scan) -> None:
        self._inner = inner
        self._batch: Batch = []

    def feed(self, data: bytes) -> Batches:
        return self._gather(self._inner.feed(data))

    def _gather(self, batches: Batches) -> list[Batch]:
        made = []
        for batch in batches:
            for message in batch:
                if message.parsed is UNSET and not message.raw:
                    if self._batch:
                        made.append(self._batch)
                        self._batch = []
                else:
                    message.origin = len(self._batch)
                    self._batch.append(message)
        return made

    def finish(self) -> Batches:
        made = self._gather(self._inner.finish())
        if self._batch:
            made.append(self._batch)
            self._batch = []
        return made


class Cutter:
    """Draws batches out of blocks of bytes.

    A reader that is cancelled loses nothing: the block that was asked for is kept for the next one.

    Args:
        scan: What cuts the blocks.
        read: Asks for the next block; its future gives no bytes at the end, or fails with a `ComponentError`.
        metadata: What every message gets.
    """

    def __init__(
        self, scan: Scan, read: Callable[[], tasks.Future[bytes]], metadata: Mapping[str, Any] = NO_METADATA
    ) -> None:
        self._scan = scan
        self._read = read
        self._metadata = metadata
        self._block: tasks.Future[bytes] | None = None
        self._ready: Batches = []
        self._at = 0
        self._failed = False
        self._ended = False

    async def begin(self) -> None:
        """Read the beginning, where the scan has to see that before it is open. Raises: ComponentError."""
        if self._scan.eager and not self._ready and not self._ended:
            with contextlib.suppress(EndOfInput):
                self._ready = await self._cut()

    async def read(self, limit: int) -> Batches:
        """Up to so many batches, at least one. Raises: EndOfInput; ComponentError, and goes on when called again."""
        while self._at >= len(self._ready):
            self._ready = await self._cut()
            self._at = 0
        start, ready = self._at, self._ready
        if not start and len(ready) <= limit:
            self._ready = []
            return ready
        self._at = start + limit
        return ready[start : start + limit]

    async def _cut(self) -> Batches:
        if self._failed:
            # Behind a failure the scan may still hold something that is complete.
            self._failed = False
            data = b""
        elif self._ended:
            data = None
        else:
            if self._block is None:
                self._block = self._read()
            data = await self._block
            self._block = None
            if not data:
                self._ended = True
                data = None
        try:
            batches = self._scan.finish() if data is None else self._scan.feed(data)
        except ComponentError:
            self._failed = data is not None
            raise
        if data is None and not batches:
            raise EndOfInput
        if self._metadata:
            with_metadata(batches, self._metadata)
        return batches
