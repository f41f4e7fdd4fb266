"""Output `retry`: sends again what its child failed to deliver."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headwater.components.catalogue import component
from headwater.components.contracts import Output
from headwater.components.lanes import Lane
from headwater.components.redelivery import BackoffPolicy, Redelivery
from headwater.config.fields import backoff, child, integer, spec

if TYPE_CHECKING:
    from headwater.components.resources import Resources
    from headwater.config.view import Config
    from headwater.message import Batch

SPEC = spec(
    "output",
    "retry",
    integer("max_retries", "How many attempts follow the first; 0 for no end.", default=0, advanced=True),
    backoff("backoff", "500ms", "3s", "0s"),
    child("output", "output", "Where messages go."),
    categories=("Utility",),
    summary="Send messages to a child output again until they are delivered.",
    description="While one message waits for its next attempt, others go ahead, so that order is not kept.",
    composite=True,
    examples=(
        (
            "Five attempts",
            "output:\n  retry:\n    max_retries: 4\n    backoff:\n      initial_interval: 100ms\n"
            "    output:\n      http_client:\n        url: http://localhost:8080/post\n        retries: 0\n",
        ),
    ),
)

WAITING = 64
"""How many failed transactions may wait while others go ahead."""


@component(SPEC)
class Retry(Output):
    """What waits for its next attempt does not count as under way at the child."""

    connects = False

    def __init__(self, config: Config, resources: Resources) -> None:
        child_config = config.child("output")
        self._child = resources.build_output(child_config)
        permits = self._child.max_in_flight
        self.max_in_flight = permits + WAITING
        self._redelivery = Redelivery(
            BackoffPolicy.of(config.object("backoff")),
            config.integer("max_retries"),
            resources.log,
            resources.clock,
            permits,
        )
        # What may refuse single messages for good must not hold up those sent along with them.
        if self._child.takes_many and not child_config.spec.composite:
            self.write_many = Lane(self._child, self._redelivery).write_many

    def room(self, under_way: int) -> int:
        waiting = self._redelivery.waiting
        return self._child.room(under_way - waiting) if waiting < WAITING else 0

    async def write(self, batch: Batch) -> None:
        await self._redelivery.write(self._child, batch)

    async def close(self) -> None:
        await self._child.close()
