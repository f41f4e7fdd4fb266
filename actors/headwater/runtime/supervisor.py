"""The supervisor of one stream: starts its stages, watches them, restarts the whole ring when one dies, stops them in
order."""

from __future__ import annotations

from typing import Literal

from headwater import tasks
from headwater.config.stream import StreamConfig
from headwater.errors import BuildError, ConfigError
from headwater.runtime.connection import Backoff
from headwater.runtime.dispatcher import PooledActor
from headwater.runtime.events import EventBus
from headwater.runtime.messages import Crashed, Ended, Started
from headwater.runtime.services import Services
from headwater.runtime.terminator import Terminator
from headwater.runtime.topology import Ring

State = Literal["starting", "running", "draining", "stopped", "finished", "failed"]

STEADY_SECONDS = 60.0
"""How long a ring has to live for the next failure to count as the first one."""


class StreamSupervisor(PooledActor):
    """Owns the stage actors of one stream.

    Attributes that other threads may read: `state`, `reason`, `restarts`, `started_ns`, `uptime_ns`, `ring`.
    """

    URGENT = True

    def __init__(self, services: Services, stream: str, config: StreamConfig, ring: Ring, events: EventBus) -> None:
        super().__init__(services.pool, services.clock, services.lanes)
        self.stream = stream
        self.config = config
        self.ring = ring
        self.state: State = "starting"
        self.reason = ""
        self.restarts = 0
        self.started_ns = services.clock.time_ns()
        self.started_at = services.clock.now()
        self.uptime_ns: int | None = None
        self.hanging: list[str] = []
        self._services = services
        self._events = events
        self._log = services.log.having(stream=stream)
        self._starting: set[str] = set()
        self._opened: tasks.Future[None] = tasks.Future()
        self._terminator = Terminator(ring, self)
        self._backoff = Backoff(0.5, 30.0, 2.0, 0.2)
        self._stopping = False
        self._final = False
        self._restarting: tasks.Task[None] | None = None
        self._begun_at = 0.0

    def on_receive(self, message: Started | Ended | Crashed) -> None:
        if self.ring.stages.get(message.stage) is not message.sender:
            return  # a stage that was left behind when its ring was replaced has come back
        if isinstance(message, Started):
            self._on_started(message)
        elif isinstance(message, Ended):
            self._on_ended(message)
        else:
            self._on_crashed(message)

    # -- asked by the registry, as coroutines in turns of this actor

    async def open(self) -> None:
        """Start the stages; returns when each has taken its first step.

        Raises:
            BaseException: What a stage failed with before that.
        """
        self._begin()
        await self._opened
        self._events.publish("started", self.stream)

    async def shut(self, deadline: float | None) -> list[str]:
        """Stop the stream.

        Args:
            deadline: Seconds from now; None for as long as it takes. May be asked again with a nearer one.

        Returns: The stages that did not let go.
        """
        if not self._stopping:
            self._stopping = True
            if self._restarting is not None:
                self._restarting.cancel()
            if self.state not in ("finished", "stopped"):
                self.state = "draining"
                self._events.publish("draining", self.stream)
        terminator = self._terminator
        terminator.drain(deadline)
        await terminator.done
        self.hanging = [self._naming(name) for name in terminator.hanging]
        self._terminated("stopped")
        return self.hanging

    def _naming(self, stage: str) -> str:
        doing = self.ring.actors[stage].doing()
        return f"{stage} ({doing})" if doing else stage

    # -- told by the stages

    def _begin(self) -> None:
        self._begun_at = self.clock.now()
        self.ring.start(self.actor_ref)
        self._starting = set(self.ring.stages)
        self._terminator = Terminator(self.ring, self)

    def _on_started(self, message: Started) -> None:
        self._starting.discard(message.stage)
        if not self._starting and not self._opened.done():
            if self.state == "starting":
                self.state = "running"
            self._opened.fire()

    def _on_ended(self, message: Ended) -> None:
        terminator = self._terminator
        terminator.ended(message.stage)
        if not terminator.left and not self._stopping and self._restarting is None:
            self._terminated("failed" if self._final else "finished")

    def _terminated(self, state: State) -> None:
        if self.uptime_ns is None:
            self.uptime_ns = round((self.clock.now() - self.started_at) * 1e9)
            self.state = state
            self.ring.metrics.close()
            self._events.publish("stopped" if state == "stopped" else "finished", self.stream)

    def _on_crashed(self, message: Crashed) -> None:
        text = f"{type(message.error).__name__}: {message.error}"
        self._log.error(f"Stage {message.stage} failed: {text}", path=f"root.{message.stage}")
        self.reason = f"{message.stage}: {text}"
        if not self._opened.done():
            self._opened.set_exception(message.error)
            return
        if self._stopping or self._restarting is not None:
            self._terminator.drain(0)
            return
        self.state = "failed"
        self._events.publish("failed", self.stream, self.reason)
        if isinstance(message.error, BuildError):
            # A component has found that it can never work as it is configured: a restart would find the same.
            self.reason = str(message.error)
            self._final = True
            self._terminator.drain(0)
            return
        self._restarting = tasks.Task(self._restart(), self, "restart", watched=True)
        self._restarting.step()

    async def _restart(self) -> None:
        """Bring the broken ring down, and a new one up after a wait."""
        if self.clock.now() - self._begun_at > STEADY_SECONDS:
            self._backoff.reset()
        try:
            self._terminator.drain(0)
            await self._terminator.done
            await tasks.sleep(self._backoff.next())
            while True:
                try:
                    ring = Ring.build(self.stream, self.config, self._services)
                    break
                except ConfigError as error:
                    self._log.error(f"Failed to rebuild stream: {error}")
                    await tasks.sleep(self._backoff.next())
            self.ring.metrics.close()
            self.ring = ring
            self.restarts += 1
            self._begin()
            self.state = "running"
            self._events.publish("restarted", self.stream, self.reason)
        finally:
            self._restarting = None

    # -- read from other threads

    @property
    def active(self) -> bool:
        """Whether it has not terminated."""
        return self.uptime_ns is None

    def uptime(self) -> int:
        """Nanoseconds from the start to now, or to its end."""
        return self.uptime_ns if self.uptime_ns is not None else round((self.clock.now() - self.started_at) * 1e9)
