"""Input `resource`: an input that stands among the resources."""

from __future__ import annotations

from headwater import tasks
from headwater.acknowledge import Delivery
from headwater.components.catalogue import component
from headwater.components.contracts import Input
from headwater.components.resources import Resources
from headwater.config.fields import spec, text
from headwater.config.view import Config
from headwater.errors import Closed, ComponentError, ConfigError

SPEC = spec(
    "input",
    "resource",
    root=text(default="", description="The label of the input."),
    categories=("Utility",),
    summary="Read from an input resource.",
    description="Streams that name the same resource share its messages. A replaced one is read from the next read on.",
    composite=True,
    examples=(
        (
            "A shared source",
            "input:\n  resource: orders\ninput_resources:\n  - label: orders\n    file: { paths: [ orders.jsonl ] }\n",
        ),
    ),
)

PAUSE = 0.1
"""Seconds between looks for a resource that is gone."""


@component(SPEC)
class Resource(Input):
    """Looks its input up at each read, since a resource may be replaced under a running stream."""

    connects = False

    def __init__(self, config: Config, resources: Resources) -> None:
        self._label = config.text()
        self._resources = resources
        if not resources.has_resource("input", self._label):
            raise ConfigError(f"input resource '{self._label}' was not found")

    async def read(self, limit: int) -> Delivery:
        missed = False
        while True:
            try:
                source = self._resources.shared_input(self._label)
            except ComponentError as error:
                if not missed:
                    missed = True
                    self._resources.log.error(f"Failed to obtain input resource '{self._label}': {error}")
                await tasks.sleep(PAUSE)
                continue
            try:
                return await source.read(limit)
            except Closed:
                # Replaced while it was read: the next look finds the new one.
                await tasks.sleep(0)
