"""Cache `noop`: keeps nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headwater.components.catalogue import component
from headwater.components.contracts import Cache, KeyNotFound
from headwater.config.fields import spec

if TYPE_CHECKING:
    from headwater.components.resources import Resources
    from headwater.config.view import Config

SPEC = spec(
    "cache",
    "noop",
    summary="Keep nothing: no key is ever found, and each can be added.",
    since="4.27.0",
    examples=(("Nothing", "cache_resources:\n  - label: off\n    noop: {}\n"),),
)


@component(SPEC)
class NoopCache(Cache):
    """Takes everything and finds nothing."""

    def __init__(self, config: Config, resources: Resources) -> None:
        pass

    async def get(self, key: str) -> bytes:
        raise KeyNotFound

    async def set(self, key: str, value: bytes, ttl: float | None = None) -> None:
        pass

    async def add(self, key: str, value: bytes, ttl: float | None = None) -> None:
        pass

    async def delete(self, key: str) -> None:
        pass
