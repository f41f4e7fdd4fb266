"""Output `reject`: refuses everything, with a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headwater.bloblang.errors import BloblangError
from headwater.components.catalogue import component
from headwater.components.contracts import Output
from headwater.config.fields import spec, text
from headwater.errors import ConfigError, Rejected

if TYPE_CHECKING:
    from headwater.components.resources import Resources
    from headwater.config.view import Config
    from headwater.message import Batch

SPEC = spec(
    "output",
    "reject",
    root=text(description="The reason, which the sender gets to see.", default=""),
    categories=("Utility",),
    summary="Reject all messages, so that their input sees them as not delivered.",
    description="What a rejection does depends on the input: it may answer its sender with the reason, or read again.",
    examples=(
        (
            "Only what belongs here",
            'output:\n  switch:\n    cases:\n      - check: this.type == "foo"\n        output:\n          drop: {}\n'
            '      - output:\n          reject: "no destination for ${! this.type }"\n',
        ),
    ),
)


@component(SPEC)
class Reject(Output):
    """Refuses a batch with one reason, which its first message gives."""

    max_in_flight = 64

    def __init__(self, config: Config, resources: Resources) -> None:
        if not config.text():
            raise ConfigError("an error message must be provided in order to provide context for the rejection")
        self._reason = config.interpolated(failure="failed to parse error expression: {lint}")
        self._log = resources.log

    async def write(self, batch: Batch) -> None:
        try:
            reason = self._reason.text(batch, 0)
        except BloblangError as error:
            self._log.error(f"Reject message interpolation error: {error}")
            reason = f"reject message interpolation error: {error}"
        raise Rejected(reason)
