"""The input stage: reads on demand, and is where every transaction is settled in the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from headwater import tasks
from headwater.components.contracts import Input
from headwater.errors import EndOfInput
from headwater.runtime.messages import Address, Demand, Drain, End, Force, Settlement, Start, tell
from headwater.runtime.stages.base import Setting, Stage
from headwater.runtime.stages.feed import Feed


class InputStage(Stage):
    """Owns a stream's input.

    Args:
        drains: Called when the stream is being stopped, before reading ends: replays are given up then.
    """

    def __init__(self, setting: Setting, source: Input, drains: Sequence[Callable[[], None]]) -> None:
        super().__init__(setting)
        self._source = source
        self._drains = drains
        self._feed = Feed(self.actor_ref, source.read)
        self._main: tasks.Task[None] | None = None
        self._closing = False

    def connect_to(self, downstream: Address) -> None:
        """Say where chunks go; before the start."""
        self._feed.downstream = downstream

    def _on_settlement(self, message: Settlement) -> None:
        if not self._closing:
            message.receipt.apply(message.indices, message.failure)

    def _on_demand(self, message: Demand) -> None:
        self._feed.demand(message.count)

    def doing(self) -> str:
        waiting = self._feed.in_flight
        return f"waiting for {waiting} settlements" if waiting else "closing" if self._feed.stopping else "reading"

    def _on_start(self, _: Start) -> None:
        if self._main is None:
            self._main = tasks.Task(self._run(), self, "input")
            self._main.step()
            self._started()

    async def _run(self) -> None:
        try:
            connecting = tasks.spawn(self._source.connect(), "connect", watched=True)
            self._connecting = connecting
            try:
                await connecting
            except EndOfInput:
                self._feed.stopping = True
            except tasks.Cancelled:
                if not connecting.cancelled:
                    connecting.cancel()
                    raise
            await self._feed.run()
        finally:
            self._main = None
        await self._close()

    async def _close(self) -> None:
        self._closing = True
        await self._source.close()
        tell(self._feed.downstream, End())
        self._end()

    def _on_drain(self, _: Drain) -> None:
        if self._closing:
            return
        for drain in self._drains:
            drain()
        if self._main is None:
            if not self._ended:
                tasks.Task(self._close(), self, "close").step()
            return
        self._feed.stop()
        if not self._connecting.done():
            self._connecting.cancel()

    def _on_force(self, _: Force) -> None:
        if self._main is not None:
            self._main.cancel()
        if not self._ended:
            tasks.Task(self._force(), self, "close").step()

    async def _force(self) -> None:
        self._closing = True
        try:
            await self._source.close()
        finally:
            self._end()

    HANDLERS: ClassVar[dict[type, Callable[[Any, Any], None]]] = {
        Settlement: _on_settlement,
        Demand: _on_demand,
        Start: _on_start,
        Drain: _on_drain,
        Force: _on_force,
    }
