"""Processor `noop`: nothing happens."""

from __future__ import annotations

from collections.abc import Sequence

from headwater.components.catalogue import component
from headwater.components.contracts import Processor
from headwater.components.resources import Resources
from headwater.config.fields import spec
from headwater.config.view import Config
from headwater.message import Message

SPEC = spec(
    "processor",
    "noop",
    summary="Do nothing.",
    description="Useful where a processor is expected and none is wanted, such as in a case of a `switch`.",
    examples=(("A case without work", "pipeline:\n  processors:\n    - noop: {}\n"),),
)


@component(SPEC)
class Noop(Processor):
    """Hands messages on."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self.each = self._each
        self.portable = True

    def _each(self, messages: Sequence[Message]) -> list[Message | None]:
        return list(messages)
