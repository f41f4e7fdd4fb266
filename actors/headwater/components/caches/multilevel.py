"""Cache `multilevel`: near caches in front of far ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headwater.components.catalogue import component
from headwater.components.contracts import Cache, KeyExists, KeyNotFound
from headwater.config.fields import spec, texts
from headwater.errors import ComponentError, ConfigError

if TYPE_CHECKING:
    from headwater.components.resources import Resources
    from headwater.config.view import Config

SPEC = spec(
    "cache",
    "multilevel",
    root=texts(description="Labels of cache resources, the nearest first."),
    summary="Look for a key in several caches, one after the other.",
    description=(
        "What a far cache has is copied to the nearer ones when it is read. Setting and deleting reaches all of them; "
        "a key can be added when none of them has it."
    ),
    examples=(
        (
            "Hot and cold",
            "cache_resources:\n  - label: leveled\n    multilevel: [ hot, cold ]\n\n  - label: hot\n    memory:\n"
            "      default_ttl: 60s\n\n  - label: cold\n    file:\n      directory: /var/lib/cold\n",
        ),
    ),
)


@component(SPEC)
class MultilevelCache(Cache):
    """Looks its caches up at each use; those that only get a copy may fail unnoticed but for a line in the log."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._labels = config.texts()
        if len(self._labels) < 2:
            raise ConfigError(f"expected at least two cache levels, found {len(self._labels)}")
        self._resources = resources

    def _level(self, label: str) -> Cache:
        try:
            return self._resources.cache(label)
        except ComponentError as error:
            raise ComponentError(f"unable to access cache '{label}': {error}", error.kind) from None

    async def get(self, key: str) -> bytes:
        for level, label in enumerate(self._labels):
            try:
                value = await self._level(label).get(key)
            except KeyNotFound:
                continue
            for nearer in self._labels[:level]:
                await self._copy(nearer, key, value)
            return value
        raise KeyNotFound

    async def set(self, key: str, value: bytes, ttl: float | None = None) -> None:
        for label in self._labels:
            await self._level(label).set(key, value, ttl)

    async def add(self, key: str, value: bytes, ttl: float | None = None) -> None:
        for label in self._labels[:-1]:
            try:
                await self._level(label).get(key)
            except KeyNotFound:
                continue
            raise KeyExists
        # The farthest one decides; the nearer ones follow.
        for label in reversed(self._labels):
            await self._level(label).add(key, value, ttl)

    async def delete(self, key: str) -> None:
        for label in self._labels:
            try:
                await self._level(label).delete(key)
            except KeyNotFound:
                continue

    async def _copy(self, label: str, key: str, value: bytes) -> None:
        """Set a value in a nearer cache, which is no matter of the caller's where it fails."""
        try:
            await self._resources.cache(label).set(key, value)
        except ComponentError as error:
            self._resources.log.error(f"Unable to passively set key '{key}' for cache '{label}': {error}")
