"""Output `dynamic`: outputs that come and go while the stream runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headwater import tasks
from headwater.components.catalogue import component
from headwater.components.contracts import Output
from headwater.components.dynamic import DynamicChildren
from headwater.components.redelivery import BackoffPolicy, Redelivery
from headwater.config.fields import child_map, spec, text
from headwater.errors import Closed

if TYPE_CHECKING:
    from headwater.components.resources import Resources
    from headwater.config.view import ComponentConfig, Config
    from headwater.message import Batch

SPEC = spec(
    "output",
    "dynamic",
    child_map("output", "outputs", "Outputs that are there from the start, by name.", default={}),
    text("prefix", "A path in front of those that outputs are managed at.", default=""),
    categories=("Utility",),
    summary="Send messages to all of a set of outputs, which is managed over HTTP.",
    description=(
        "`GET /outputs` lists the outputs; `POST /outputs/{id}` adds one, whose configuration is the body, `DELETE "
        "/outputs/{id}` removes one. Each message goes to all outputs, and waits while there is none. An output that "
        "fails is sent it again until it takes it or is removed."
    ),
    composite=True,
    examples=(
        (
            "One to begin with",
            "output:\n  dynamic:\n    outputs:\n      disk:\n        file:\n          path: all.jsonl\n",
        ),
    ),
)

IN_FLIGHT = 64


class _Child:
    """An output with what is under way at it."""

    def __init__(self, output: Output, redelivery: Redelivery) -> None:
        self.output = output
        self.redelivery = redelivery
        self.under_way = tasks.TaskGroup()

    async def write(self, batch: Batch) -> None:
        """Deliver a batch; it counts as delivered when the output is removed before it is."""
        task = self.under_way.spawn(self.redelivery.write(self.output, batch), watched=True)
        await tasks.first(task)
        error = task.error()
        if error is not None and not isinstance(error, Closed | tasks.Cancelled):
            raise error

    async def close(self) -> None:
        self.under_way.cancel()
        await self.output.close()


@component(SPEC)
class DynamicOutput(Output):
    """Fans out to whatever is there when a batch comes."""

    connects = False
    max_in_flight = IN_FLIGHT

    def __init__(self, config: Config, resources: Resources) -> None:
        self._resources = resources
        self._api = DynamicChildren("output", config, resources, self)
        self._children: dict[str, _Child] = {}
        self._any = tasks.Event()
        for name, child in self._api.initial.items():
            self._children[name] = self._make(child)
            self._api.note(name, child)
        if self._children:
            self._any.set()

    def _make(self, config: ComponentConfig) -> _Child:
        output = self._resources.build_output(config)
        redelivery = Redelivery(BackoffPolicy(), 0, self._resources.log, self._resources.clock, output.max_in_flight)
        return _Child(output, redelivery)

    def room(self, under_way: int) -> int:
        if not self._children:
            return 1 - under_way
        return min(child.output.room(under_way) for child in self._children.values())

    async def connect(self) -> None:
        self._api.open()

    async def write(self, batch: Batch) -> None:
        await self._any.wait()
        await tasks.gather(*(child.write(batch) for child in self._children.values()))

    async def add_child(self, name: str, config: ComponentConfig) -> None:
        """Put an output in place of one of the same name."""
        child = self._make(config)
        old = self._children.get(name)
        self._children[name] = child
        self._any.set()
        if old is not None:
            await old.close()
            self._resources.release(old.output)

    async def remove_child(self, name: str) -> None:
        """Close an output."""
        child = self._children.pop(name, None)
        if not self._children:
            self._any.clear()
        if child is not None:
            await child.close()
            self._resources.release(child.output)

    async def close(self) -> None:
        self._api.close()
        for child in self._children.values():
            await child.close()
