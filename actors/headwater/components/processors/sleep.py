"""Processor `sleep`: holds each message up for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headwater import durations, tasks
from headwater.bloblang.errors import BloblangError
from headwater.components.catalogue import component
from headwater.components.contracts import Processor
from headwater.config.fields import interpolated, spec

if TYPE_CHECKING:
    from headwater.components.resources import Resources
    from headwater.config.view import Config
    from headwater.message import Batch

SPEC = spec(
    "processor",
    "sleep",
    interpolated("duration", "How long to wait for each message.", examples=("100ms", "${! this.wait }")),
    categories=("Utility",),
    summary="Wait before a message goes on.",
    description="Where the duration of a message is none, it goes on at once and a line is logged.",
    examples=(("A tenth of a second", "pipeline:\n  processors:\n    - sleep:\n        duration: 100ms\n"),),
)


@component(SPEC)
class Sleep(Processor):
    """Waits once a message, without holding a thread."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._log = resources.log
        self._duration = config.interpolated("duration")

    async def process(self, batch: Batch) -> list[Batch]:
        """Wait for all messages of a batch."""
        for index in range(len(batch)):
            try:
                seconds = durations.parse_seconds(self._duration.text(batch, index))
            except BloblangError as error:
                self._log.error(f"Period interpolation error: {error}")
            except durations.InvalidDuration as error:
                self._log.error(f"Failed to parse duration: {error}")
            else:
                if seconds > 0:
                    await tasks.sleep(seconds)
        return [batch]
