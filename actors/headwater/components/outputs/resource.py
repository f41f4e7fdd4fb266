"""Output `resource`: an output that streams share by label."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headwater import tasks
from headwater.components.catalogue import component
from headwater.components.contracts import Output
from headwater.config.fields import spec, text
from headwater.errors import ComponentError, ConfigError

if TYPE_CHECKING:
    from headwater.components.resources import Resources
    from headwater.config.view import Config
    from headwater.message import Batch

SPEC = spec(
    "output",
    "resource",
    root=text(description="The label of the output.", default=""),
    categories=("Utility",),
    summary="Send messages to an output resource.",
    composite=True,
    examples=(
        (
            "A shared file",
            "output:\n  resource: archive\n\n"
            "output_resources:\n  - label: archive\n    file:\n      path: archive.jsonl\n",
        ),
    ),
)

PAUSE = 1.0
"""Seconds before an output that is not there is looked for again."""


@component(SPEC)
class Resource(Output):
    """Looks its output up at each use, since one may be replaced under a running stream; waits while there is none."""

    connects = False

    def __init__(self, config: Config, resources: Resources) -> None:
        self._label = config.text()
        self._resources = resources
        if not resources.has_resource("output", self._label):
            raise ConfigError(f"output resource '{self._label}' was not found")
        self.max_in_flight = 64

    async def write(self, batch: Batch) -> None:
        while True:
            try:
                output = self._resources.shared_output(self._label)
            except ComponentError as error:
                self._resources.log.error(f"Failed to obtain output resource '{self._label}': {error}")
                await tasks.sleep(PAUSE)
            else:
                await output.write(batch)
                return
