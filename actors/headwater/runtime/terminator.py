"""Ordered draining with a deadline: the input stops, what is under way is finished, then everything lets go.

Three quarters of the deadline are for that; what is still busy then is ended by force, and what does not even obey
that is left behind and named. Deadlines up to 4/3 seconds are all graceful, as short ones would be cut too fine
otherwise.
"""

from __future__ import annotations

from collections.abc import Callable

from headwater import tasks
from headwater.clock import Timer
from headwater.runtime.messages import Drain, Force, tell
from headwater.runtime.topology import Ring

SHORT = 4 / 3
"""Seconds up to which a deadline is all graceful."""

GRACE = 0.1
"""Seconds that force gets at least."""


class Terminator:
    """Brings one ring down; several may ask for it, the nearest deadline counts."""

    def __init__(self, ring: Ring, host: tasks.Host) -> None:
        self._ring = ring
        self._host = host
        self._left = set(ring.stages)
        self._done: tasks.Future[None] = tasks.Future()
        self._forced = False
        self._drained = False
        self._timers: list[Timer] = []
        self.hanging: list[str] = []

    @property
    def done(self) -> tasks.Future[None]:
        """Settled when no stage is left, or those that are were given up."""
        return self._done

    @property
    def left(self) -> frozenset[str]:
        """The stages that have not ended."""
        return frozenset(self._left)

    def ended(self, stage: str) -> None:
        """A stage has ended."""
        self._left.discard(stage)
        if not self._left:
            self._finish()

    def _finish(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._done.fire()

    def drain(self, deadline: float | None) -> None:
        """Begin, or hurry up: `deadline` in seconds from now, None for as long as it takes."""
        if self._done.done():
            return
        if deadline is None:
            self._begin()
            return
        if deadline <= 0:
            self._force(GRACE)
            return
        self._begin()
        graceful = deadline * 0.75 if deadline > SHORT else deadline
        self._after(graceful, lambda: self._force(max(GRACE, deadline - graceful)))

    def _after(self, seconds: float, call: Callable[[], None]) -> None:
        self._timers.append(self._host.clock.after(seconds, lambda: self._host.wake(call)))

    def _begin(self) -> None:
        if not self._drained:
            self._drained = True
            tell(self._ring.stages.get("input"), Drain())

    def _force(self, rest: float) -> None:
        if self._forced or self._done.done():
            return
        self._forced = True
        for stage in self._ring.stages.values():
            tell(stage, Force())
        self._after(rest, self._give_up)

    def _give_up(self) -> None:
        if self._done.done():
            return
        for name in self._ring.stages:
            if name in self._left:
                actor = self._ring.actors[name]
                if actor.actor_stopped.is_set():
                    continue  # its word that it has ended is on the way
                self.hanging.append(name)
                actor.stop()
        self._ring.services.log.info(
            "Some components prevented forced termination as they were either blocked from delivering data or from "
            "acknowledging delivered data within the shutdown timeout. This could potentially cause duplicate messages "
            "to be delivered on the next run.",
            stream=self._ring.stream,
            stages=",".join(self.hanging),
        )
        self._finish()
