"""Processor `dedupe`: drops messages whose key was seen before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headwater.bloblang.errors import BloblangError
from headwater.components.catalogue import component
from headwater.components.contracts import KeyExists, Processor
from headwater.config.fields import boolean, choice, interpolated, spec, text
from headwater.errors import ComponentError, ConfigError

if TYPE_CHECKING:
    from headwater.components.resources import Resources
    from headwater.config.view import Config
    from headwater.message import Batch, Message

SPEC = spec(
    "processor",
    "dedupe",
    text("cache", "The cache resource that keeps the keys."),
    interpolated(
        "key", "The key of a message.", examples=('${! meta("kafka_key") }', '${! content().hash("xxhash64") }')
    ),
    boolean("drop_on_err", "Drop messages when the cache fails; otherwise they go on, marked.", default=True),
    choice(
        "strategy",
        ("FIFO", "LIFO"),
        "Which of several messages in a batch with the same key stays: the first or the last.",
        default="FIFO",
        advanced=True,
        dialect="bento",
        since="1.4.0",
    ),
    categories=("Utility",),
    summary="Drop messages whose key a cache knows already.",
    description="A message that fails downstream and is read again counts as seen: mind that where none may be lost.",
    examples=(
        (
            "By content",
            "pipeline:\n  processors:\n    - dedupe:\n        cache: seen\n"
            '        key: ${! content().hash("xxhash64") }\n'
            "\ncache_resources:\n  - label: seen\n    memory:\n      default_ttl: 60s\n",
        ),
    ),
)


@component(SPEC)
class Dedupe(Processor):
    """Adds the key of each message to the cache; those that are there already go."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._resources = resources
        self._label = config.text("cache")
        if not resources.has_resource("cache", self._label):
            raise ConfigError(f"cache resource '{self._label}' was not found")
        if not config.text("key"):
            raise ConfigError("dedupe key must not be empty")
        self._key = config.interpolated("key")
        self._drop_on_error = config.boolean("drop_on_err")
        strategy = config.text("strategy")
        if strategy not in ("FIFO", "LIFO"):
            raise ConfigError(f"strategy not recognised: {strategy}")
        self._last_wins = strategy == "LIFO"

    async def process(self, batch: Batch) -> list[Batch]:
        """Keep the messages that are new."""
        order = range(len(batch))
        kept: Batch = []
        for index in reversed(order) if self._last_wins else order:
            message = await self._checked(batch, index)
            if message is not None:
                kept.append(message)
        if self._last_wins:
            kept.reverse()
        return [kept] if kept else []

    async def _checked(self, batch: Batch, index: int) -> Message | None:
        """The message, where it is new."""
        try:
            key = self._key.text(batch, index)
        except BloblangError as error:
            # Without a key nothing can be said of it, whatever shall happen when the cache fails.
            self._resources.count_failure(f"key interpolation error: {error}")
            return None
        try:
            await self._resources.cache(self._label).add(key, b"t")
        except KeyExists:
            return None
        except ComponentError as error:
            self._resources.log.error(f"Cache error: {error}")
            if self._drop_on_error:
                return None
            return self._resources.failed(batch[index], error)
        return batch[index]
