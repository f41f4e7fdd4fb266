"""Processor `cached`: keeps what its children make, and goes without them the next time."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from headwater import durations
from headwater.bloblang.errors import BloblangError
from headwater.components.catalogue import component
from headwater.components.contracts import KeyNotFound, Processor
from headwater.config.fields import interpolated, mapping, processors, spec, text
from headwater.errors import ComponentError, ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from headwater.bloblang import Interpolation
    from headwater.components.resources import Resources
    from headwater.config.view import Config
    from headwater.message import Batch

SPEC = spec(
    "processor",
    "cached",
    text("cache", "The cache resource."),
    mapping(
        "skip_on",
        "Results for which this is true are not kept.",
        optional=True,
        examples=("errored()", 'meta("http_status_code") != "200"'),
    ),
    interpolated("key", "The key of a message's result.", examples=("${! this.id }", '${! meta("kafka_key") }')),
    interpolated("ttl", "How long a result is kept, as a duration; otherwise as the cache says.", optional=True),
    processors("processors", "What makes results."),
    categories=("Utility",),
    summary="Keep the results of processors in a cache.",
    description="Values have a format of their own: a cache that others filled cannot be used.",
    since="4.3.0",
    composite=True,
    examples=(
        (
            "An expensive look-up",
            "pipeline:\n  processors:\n    - cached:\n        cache: users\n        key: ${! this.user_id }\n"
            "        skip_on: errored()\n        processors:\n          - http:\n"
            "              url: http://example.com/users\n"
            "\ncache_resources:\n  - label: users\n    memory:\n      default_ttl: 1h\n",
        ),
    ),
)


LENGTH: Final = struct.Struct(">I")
VERSION: Final = 1


@component(SPEC)
class Cached(Processor):
    """Message by message: the result that is kept, or a new one. Failing to keep it does it no harm."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._resources = resources
        self._label = config.text("cache")
        if not resources.has_resource("cache", self._label):
            raise ConfigError(f"cache named {self._label} not found")
        self._skip_on = config.mapping("skip_on")
        self._key = config.interpolated("key")
        self._ttl = config.optional_interpolated("ttl")
        self._chain = resources.build_chain(config.children("processors"))

    async def process(self, batch: Batch) -> list[Batch]:
        """Replace each message by its result, which may be several messages or none."""
        results: Batch = []
        for index, message in enumerate(batch):
            try:
                results.extend(await self._process_one(batch, index))
            except ComponentError as error:
                results.append(self._resources.failed(message, error))
        return [results]

    async def _process_one(self, batch: Batch, index: int) -> Batch:
        message = batch[index]
        key = self._evaluated(self._key, "key", batch, index)
        ttl: float | None = None
        if self._ttl is not None:
            try:
                ttl = durations.parse_seconds(self._evaluated(self._ttl, "ttl", batch, index))
            except durations.InvalidDuration as error:
                raise ComponentError(f"failed to parse ttl expression: {error}", "data") from None
        try:
            kept = await self._resources.cache(self._label).get(key)
        except KeyNotFound:
            pass
        else:
            return [message.with_content(content) for content in unpack_contents(kept)]
        parts = await self._chain.process([[message]])
        made = [result for part in parts for result in part]
        if not any(self._skips(part) for part in parts):
            try:
                cache = self._resources.cache(self._label)
                await cache.set(key, pack_contents([result.content() for result in made]), ttl)
            except ComponentError as error:
                self._resources.log.error(f"failed to write result to cache: {error}")
        return made

    def _skips(self, part: Batch) -> bool:
        """Whether a result shall not be kept; so it is where that cannot be told."""
        if self._skip_on is None:
            return False
        try:
            return self._skip_on.check(part[0], part, 0)
        except BloblangError as error:
            self._resources.log.error(
                f"skip_on check failed: failed to execute skip_on mapping: {error}, "
                "caching will be skipped as a precaution"
            )
            return True

    @staticmethod
    def _evaluated(expression: Interpolation, what: str, batch: Batch, index: int) -> str:
        try:
            return expression.text(batch, index)
        except BloblangError as error:
            raise ComponentError(f"failed to interpolate {what} expression: {error}", "data") from None

    async def close(self) -> None:
        await self._chain.close()


def pack_contents(contents: Sequence[bytes]) -> bytes:
    """Contents as one value: a version and a count, then the length of each and itself; numbers are four bytes each."""
    pieces = [LENGTH.pack(VERSION), LENGTH.pack(len(contents))]
    for content in contents:
        pieces.append(LENGTH.pack(len(content)))
        pieces.append(content)
    return b"".join(pieces)


def unpack_contents(value: bytes) -> list[bytes]:
    """The contents of a value that was packed. Raises: ComponentError."""
    try:
        (version,) = LENGTH.unpack_from(value, 0)
        if version != VERSION:
            raise ComponentError(f"{_FOREIGN}: invalid format version: {version}", "data")
        (count,) = LENGTH.unpack_from(value, 4)
        contents = []
        place = 8
        for number in range(count):
            (length,) = LENGTH.unpack_from(value, place)
            place += 4
            if len(value) < place + length:
                raise ComponentError(
                    f"{_FOREIGN}: failed to extract message {number} size: input data ended unexpectedly", "data"
                )
            contents.append(value[place : place + length])
            place += length
    except struct.error:
        raise ComponentError(f"{_FOREIGN}: message is too small to extract number", "data") from None
    return contents


_FOREIGN: Final = "failed to parse cached result, this indicates the data was not set by this processor"
