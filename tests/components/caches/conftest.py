"""Caches, built from their configuration and used without a stream."""

from __future__ import annotations

import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest
import yaml

from headwater.components.catalogue import Catalogue
from headwater.components.contracts import Cache
from headwater.components.resources import Resources
from headwater.config.infer import infer
from headwater.errors import ComponentError
from headwater.telemetry.logs import Log
from headwater.telemetry.metrics import Metrics
from headwater.testing.host import TestHost
from headwater.yamltext.nodes import Node

T = TypeVar("T")


class Surroundings:
    """What caches need of theirs: a clock, and other caches."""

    def __init__(self, host: TestHost) -> None:
        self.clock = host.clock
        self.caches: dict[str, Cache] = {}

    def resource(self, kind: str, label: str) -> Cache:
        if label not in self.caches:
            raise ComponentError(f"unable to locate resource: {label}", "configuration")
        return self.caches[label]

    def has_resource(self, kind: str, label: str) -> bool:
        return label in self.caches


class Caches:
    """Makes caches, and runs their methods."""

    def __init__(self) -> None:
        self.host = TestHost()
        self.surroundings = Surroundings(self.host)

    def make(self, config: str, label: str = "") -> Cache:
        catalogue = Catalogue()
        known = infer(Node.of(yaml.safe_load(config)), "cache", "root.cache_resources", catalogue)
        resources = Resources(
            self.surroundings,  # type: ignore[arg-type]
            log=Log(logging.getLogger("headwater")),
            metrics=Metrics(),
        )
        cache: Cache = catalogue.create_class("cache", known.name)(known.config, resources)
        if label:
            self.surroundings.caches[label] = cache
        return cache

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self.host.run(coroutine)

    def found(self, cache: Cache, *keys: str) -> list[bytes | None]:
        """The values of some keys, None for those that are not there."""
        from headwater.components.contracts import KeyNotFound

        values: list[bytes | None] = []
        for key in keys:
            try:
                values.append(self.run(cache.get(key)))
            except KeyNotFound:
                values.append(None)
        return values


@pytest.fixture
def caches() -> Caches:
    """A maker of caches with a clock that stands still."""
    return Caches()
