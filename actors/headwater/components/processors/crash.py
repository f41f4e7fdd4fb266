"""Processor `crash`: the end of the service."""

from __future__ import annotations

from headwater.bloblang import BloblangError
from headwater.components.catalogue import component
from headwater.components.contracts import Processor
from headwater.components.resources import Resources
from headwater.config.fields import interpolated, spec
from headwater.config.view import Config
from headwater.message import Batch

SPEC = spec(
    "processor",
    "crash",
    root=interpolated(description="The reason, for the log."),
    status="beta",
    categories=("Utility",),
    summary="End the service at once, with a fatal log line.",
    examples=(
        (
            "Nothing may be lost",
            "pipeline:\n  processors:\n    - mapping: root = this.id\n"
            "    - switch:\n        - check: errored()\n          processors:\n            - crash: cannot go on with "
            "${! error() }\n",
        ),
    ),
)


@component(SPEC)
class Crash(Processor):
    """Ends the service with the first message."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._resources = resources
        self._reason = config.interpolated()

    def process(self, batch: Batch) -> list[Batch]:
        """End the service."""
        try:
            reason = self._reason.text(batch, 0)
        except BloblangError as error:
            reason = f"failed to interpolate crash message: {error}"
        self._resources.crash(reason)
        return [batch]
