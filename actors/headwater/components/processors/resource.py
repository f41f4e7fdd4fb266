"""Processor `resource`: a processor that streams share by label."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headwater.components.catalogue import component
from headwater.components.contracts import Processor
from headwater.config.fields import spec, text
from headwater.errors import ComponentError, ConfigError, Unserved

if TYPE_CHECKING:
    from headwater.components.resources import Resources
    from headwater.config.view import Config
    from headwater.message import Batch

SPEC = spec(
    "processor",
    "resource",
    root=text(description="The label of the processor.", default=""),
    categories=("Utility",),
    summary="Run a processor resource.",
    composite=True,
    examples=(
        (
            "A shared mapping",
            "pipeline:\n  processors:\n    - resource: tidy\n\nprocessor_resources:\n  - label: tidy\n"
            "    mapping: 'root = this.without(\"secret\")'\n",
        ),
    ),
)


@component(SPEC)
class ResourceProcessor(Processor):
    """Looks its processor up at each use, since a resource may be replaced under a running stream."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._label = config.text()
        self._resources = resources
        if not resources.has_resource("processor", self._label):
            raise ConfigError(f"processor resource '{self._label}' was not found")

    async def process(self, batch: Batch) -> list[Batch]:
        """Run it over a batch. Raises: Unserved when there is none any more."""
        try:
            chain = self._resources.processors(self._label)
        except ComponentError as error:
            self._resources.log.error(f"Failed to obtain processor resource '{self._label}': {error}")
            raise Unserved(str(error)) from error
        return await chain.process([batch])
