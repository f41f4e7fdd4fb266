"""Processor `cached`: keeps what its children make, and goes without them the next time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headwater.bloblang.errors import BloblangError
from headwater.components.cache_keys import evaluate, evaluate_ttl
from headwater.components.catalogue import component
from headwater.components.contracts import KeyNotFound, Processor
from headwater.config.fields import interpolated, mapping, processors, spec, text
from headwater.errors import ComponentError, ConfigError

if TYPE_CHECKING:
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
    processors("processors", "What makes results; each message must give exactly one."),
    categories=("Utility",),
    summary="Keep the results of processors in a cache.",
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


@component(SPEC)
class Cached(Processor):
    """Message by message: a result that is kept, or a new one."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._resources = resources
        self._label = config.text("cache")
        if not resources.has_resource("cache", self._label):
            raise ConfigError(f"cache resource '{self._label}' was not found")
        self._skip_on = config.mapping("skip_on")
        self._key = config.interpolated("key")
        self._ttl = config.optional_interpolated("ttl")
        self._chain = resources.build_chain(config.children("processors"))

    async def process(self, batch: Batch) -> list[Batch]:
        """Replace the content of each message by its result."""
        results: Batch = []
        for index, message in enumerate(batch):
            try:
                results.extend(await self._process_one(batch, index))
            except ComponentError as error:
                results.append(self._resources.failed(message, error))
        return [results]

    async def _process_one(self, batch: Batch, index: int) -> Batch:
        message = batch[index]
        key = evaluate(self._key, "key", batch, index)
        cache = self._resources.cache(self._label)
        try:
            return [message.with_content(await cache.get(key))]
        except KeyNotFound:
            pass
        made = [result for part in await self._chain.process([[message]]) for result in part]
        if len(made) != 1:
            raise ComponentError(f"expected exactly one message from the processors, got {len(made)}", "data")
        if not self._skips(made):
            ttl = None if self._ttl is None else evaluate_ttl(self._ttl, batch, index)
            await cache.set(key, made[0].content(), ttl)
        return made

    def _skips(self, made: Batch) -> bool:
        if self._skip_on is None:
            return False
        try:
            return self._skip_on.check(made[0], made, 0)
        except BloblangError as error:
            raise ComponentError(f"failed to execute skip_on query: {error}", "data") from None

    async def close(self) -> None:
        await self._chain.close()
