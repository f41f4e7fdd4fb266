"""Output `cache`: messages as values of a cache resource."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headwater.components.cache_keys import evaluate, evaluate_ttl
from headwater.components.catalogue import component
from headwater.components.contracts import Output
from headwater.components.single_writes import write_each
from headwater.config.fields import interpolated, max_in_flight, spec, text
from headwater.errors import ConfigError

if TYPE_CHECKING:
    from headwater.components.resources import Resources
    from headwater.config.view import Config
    from headwater.message import Batch

SPEC = spec(
    "output",
    "cache",
    text("target", "The cache resource."),
    interpolated(
        "key",
        "The key of a message.",
        default='${!count("items")}-${!timestamp_unix_nano()}',
        examples=('${!json("doc.id")}', '${!meta("kafka_key")}'),
    ),
    interpolated("ttl", "How long a value is kept, as a duration.", optional=True, advanced=True, since="3.33.0"),
    max_in_flight(64),
    categories=("Services",),
    summary="Store each message in a cache.",
    examples=(
        (
            "By id",
            "output:\n  cache:\n    target: seen\n    key: ${! this.id }\n\n"
            "cache_resources:\n  - label: seen\n    memory: {}\n",
        ),
    ),
)


@component(SPEC)
class CacheOutput(Output):
    """Sets one key a message."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._target = config.text("target")
        if not resources.has_resource("cache", self._target):
            raise ConfigError(f"cache resource '{self._target}' was not found")
        self._resources = resources
        self._key = config.interpolated("key")
        self._ttl = config.optional_interpolated("ttl")
        self.max_in_flight = config.integer("max_in_flight")

    async def write(self, batch: Batch) -> None:
        await write_each(batch, self._write_one)

    async def _write_one(self, batch: Batch, index: int) -> None:
        key = evaluate(self._key, "key", batch, index)
        ttl = None if self._ttl is None else evaluate_ttl(self._ttl, batch, index, "ttl field")
        await self._resources.cache(self._target).set(key, batch[index].content(), ttl)
