"""Processor `cache`: stores in a cache resource, and fetches from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headwater.bloblang.errors import BloblangError
from headwater.components.cache_keys import evaluate, evaluate_ttl
from headwater.components.catalogue import component
from headwater.components.contracts import KeyExists, Processor
from headwater.config.fields import choice, interpolated, spec, text
from headwater.errors import ComponentError, ConfigError, HeadwaterError

if TYPE_CHECKING:
    from headwater.components.contracts import Cache
    from headwater.components.resources import Resources
    from headwater.config.view import Config
    from headwater.message import Batch, Message

OPERATORS = ("set", "add", "get", "delete", "exists")

SPEC = spec(
    "processor",
    "cache",
    text("resource", "The cache resource."),
    choice("operator", OPERATORS, "What to do."),
    interpolated("key", "The key."),
    interpolated("value", "The value, for `set` and `add`.", optional=True),
    interpolated(
        "ttl",
        "How long a value is kept, as a duration; otherwise as the cache says.",
        optional=True,
        advanced=True,
        since="3.33.0",
        examples=("60s", "5m", "36h"),
    ),
    categories=("Integration",),
    summary="Store and fetch with a cache resource.",
    description=(
        "`set` stores a value, `add` does so where there is none and fails otherwise; `get` replaces the message's "
        "content, or fails; `exists` replaces it by true or false; `delete` forgets a key."
    ),
    examples=(
        (
            "Enriching from a cache",
            "pipeline:\n  processors:\n    - branch:\n        processors:\n          - cache:\n"
            "              resource: users\n"
            "              operator: get\n              key: '${! json(\"user.id\") }'\n"
            "        result_map: 'root.user = this'\n"
            "\ncache_resources:\n  - label: users\n    memory: {}\n",
        ),
    ),
)


@component(SPEC)
class CacheProcessor(Processor):
    """One operation a message."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._resources = resources
        self._label = config.text("resource")
        if not self._label:
            raise ConfigError("cache name must be specified")
        self._operator = config.text("operator")
        if self._operator not in OPERATORS:
            raise ConfigError(f"operator not recognised: {self._operator}")
        self._key = config.interpolated("key")
        self._value = config.optional_interpolated("value")
        self._ttl = config.optional_interpolated("ttl")
        if not resources.has_resource("cache", self._label):
            raise ConfigError(f"cache resource '{self._label}' was not found")

    async def process(self, batch: Batch) -> list[Batch]:
        """Apply the operator to each message."""
        return [[await self._apply(batch, index) for index in range(len(batch))]]

    async def _apply(self, batch: Batch, index: int) -> Message:
        message = batch[index]
        try:
            key = evaluate(self._key, "key", batch, index)
            value = b""
            if self._value is not None:
                try:
                    value = self._value.bytes(batch, index)
                except BloblangError as error:
                    raise ComponentError(f"value interpolation error: {error}", "data") from None
            ttl = None if self._ttl is None else evaluate_ttl(self._ttl, batch, index)
        except HeadwaterError as error:
            return self._resources.failed(message, error)
        try:
            result = await self._operate(self._resources.cache(self._label), key, value, ttl)
        except KeyExists:
            return self._resources.failed(message, f"key already exists: {key}")
        except ComponentError as error:
            return self._resources.failed(message, f"operator failed for key '{key}': {error}")
        return message if result is None else message.with_content(result)

    async def _operate(self, cache: Cache, key: str, value: bytes, ttl: float | None) -> bytes | None:
        """Do it. Returns: the new content, where the operator makes one."""
        operator = self._operator
        if operator == "get":
            return await cache.get(key)
        if operator == "set":
            await cache.set(key, value, ttl)
        elif operator == "add":
            await cache.add(key, value, ttl)
        elif operator == "delete":
            await cache.delete(key)
        else:
            try:
                await cache.get(key)
            except ComponentError:
                return b"false"
            return b"true"
        return None
