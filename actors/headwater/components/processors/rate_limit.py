"""Processor `rate_limit`: lets messages go on no faster than a rate limit resource allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headwater import tasks
from headwater.components.catalogue import component
from headwater.components.contracts import Processor
from headwater.config.fields import spec, text
from headwater.errors import ComponentError, ConfigError

if TYPE_CHECKING:
    from headwater.components.resources import Resources
    from headwater.config.view import Config
    from headwater.message import Batch

SPEC = spec(
    "processor",
    "rate_limit",
    text("resource", "The rate limit resource."),
    categories=("Utility",),
    summary="Wait until a rate limit lets each message go on.",
    examples=(
        (
            "Five hundred a second",
            "pipeline:\n  processors:\n    - rate_limit:\n        resource: calls\n\nrate_limit_resources:\n"
            "  - label: calls\n"
            "    local:\n      count: 500\n      interval: 1s\n",
        ),
    ),
)

PAUSE = 1.0
"""Seconds before a rate limit that failed is asked again."""


@component(SPEC)
class RateLimitProcessor(Processor):
    """Asks once a message; a limit that fails is asked again until it answers."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._resources = resources
        self._label = config.text("resource")
        if not resources.has_resource("rate_limit", self._label):
            raise ConfigError(f"rate limit resource '{self._label}' was not found")

    async def process(self, batch: Batch) -> list[Batch]:
        """Wait for all messages of a batch."""
        for message in batch:
            await self._wait(message.size())
        return [batch]

    async def _wait(self, size: int) -> None:
        while True:
            try:
                limit = self._resources.rate_limit(self._label)
                wait = await limit.access()
            except ComponentError as error:
                self._resources.log.error(f"Failed to access rate limit: {error}")
                wait = PAUSE
            else:
                if wait <= 0:
                    limit.spend(size)
                    return
            await tasks.sleep(wait)
