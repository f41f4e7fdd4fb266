"""What all stages share: a place on the pool, a supervisor, a note of the component call they are in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from headwater.clock import Clock
from headwater.runtime.dispatcher import PooledActor
from headwater.runtime.lanes import Lanes
from headwater.runtime.messages import Address, Crashed, Ended, Started, tell
from headwater.runtime.pool import Pool
from headwater.telemetry.logs import Log


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a stage runs and whom it reports to.

    Attributes:
        name: The stage's name: input, buffer, pipeline or output.
        stream: The stream's id.
        supervisor: Gets `Started`, `Ended` and `Crashed`.
    """

    pool: Pool
    clock: Clock
    lanes: Lanes
    supervisor: Address | None
    name: str
    stream: str
    log: Log


class Stage(PooledActor):
    """An actor of a stream."""

    HANDLERS: ClassVar[dict[type, Callable[[Any, Any], None]]] = {}
    """Which method handles which message."""

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting.pool, setting.clock, setting.lanes)
        self.setting = setting
        self._ended = False
        self._crashed = False

    def __str__(self) -> str:
        return f"{type(self).__name__} of stream {self.setting.stream!r}"

    def on_receive(self, message: Any) -> Any:
        self.HANDLERS[type(message)](self, message)

    def crashed(self, error: BaseException) -> None:
        """Leave it to the supervisor; what comes until it acts is not handled."""
        if self._ended or self._crashed:
            return
        self._crashed = True
        if self.setting.supervisor is None:
            super().crashed(error)
        tell(self.setting.supervisor, Crashed(self.setting.name, self.actor_ref, error))

    def doing(self) -> str:
        """What its component is at, for naming what does not let go; may be asked from another thread."""
        return ""

    def hangs(self, seconds: float, place: str = "somewhere") -> None:
        """Leave that to the supervisor too: code of a component does not come back."""
        self.crashed(TimeoutError(f"a component has not come back for {seconds:.0f} s from {place}"))

    def _started(self) -> None:
        tell(self.setting.supervisor, Started(self.setting.name, self.actor_ref))

    def _end(self) -> None:
        """Say so, and stop."""
        if not self._ended:
            self._ended = True
            tell(self.setting.supervisor, Ended(self.setting.name, self.actor_ref))
            if not self.actor_stopped.is_set():
                self.stop()
