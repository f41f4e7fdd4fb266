"""Input `dynamic`: inputs that come and go while the stream runs."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from headwater import tasks
from headwater.acknowledge import Delivery, Failure
from headwater.components.catalogue import component
from headwater.components.contracts import Input
from headwater.components.dynamic import DynamicChildren
from headwater.components.resources import Resources
from headwater.config.fields import child_map, spec, text
from headwater.config.view import ComponentConfig, Config
from headwater.errors import Closed, ComponentError, EndOfInput

SPEC = spec(
    "input",
    "dynamic",
    child_map("input", "inputs", "Inputs that are there from the start, by name.", default={}),
    text("prefix", "A path in front of those that inputs are managed at.", default=""),
    categories=("Utility",),
    summary="Read from a set of inputs, which is managed over HTTP.",
    description=(
        "`GET /inputs` lists the inputs; `POST /inputs/{id}` adds one, whose configuration is the body, `DELETE "
        "/inputs/{id}` removes one. An input that ends is removed by itself; the stream waits for others."
    ),
    composite=True,
    examples=(
        (
            "One to begin with",
            "input:\n  dynamic:\n    inputs:\n      requests:\n        http_server: { path: /post }\n",
        ),
    ),
)


class _Child:
    """An input, what was read of it and not handed out, and how much of it is not settled."""

    __slots__ = ("input", "leaving", "name", "open", "reading")

    def __init__(self, name: str, source: Input) -> None:
        self.name = name
        self.input = source
        self.open = 0
        self.leaving = False
        self.reading: tasks.Task[None] | None = None


@component(SPEC)
class DynamicInput(Input):
    """Reads all inputs that are there, each when what it gave before was handed out."""

    connects = False

    def __init__(self, config: Config, resources: Resources) -> None:
        self._resources = resources
        self._api = DynamicChildren("input", config, resources, self)
        self._children: dict[str, _Child] = {}
        self._leaving: set[_Child] = set()
        self._arrived: deque[tuple[_Child, Delivery, tasks.Future[None]]] = deque()
        self._changed = tasks.Event()
        self._wanted = 1
        self._host: tasks.Host | None = None
        for name, child in self._api.initial.items():
            self._children[name] = _Child(name, resources.build_input(child))
            self._api.note(name, child)

    async def connect(self) -> None:
        if self._host is None:
            self._host = tasks.current_host()
            for child in self._children.values():
                child.reading = tasks.spawn(self._pump(child), "dynamic input")
        self._api.open()

    async def _pump(self, child: _Child) -> None:
        """Read a child until it ends or is removed."""
        try:
            await child.input.connect()
            while True:
                delivery = await child.input.read(self._wanted)
                taken: tasks.Future[None] = tasks.Future()
                self._arrived.append((child, delivery, taken))
                self._changed.set()
                await taken
        except EndOfInput:
            self._resources.log.info(f"Dynamic input '{child.name}' has ended")
        except ComponentError as error:
            self._resources.log.error(f"Dynamic input '{child.name}' failed: {error}")
        child.reading = None
        if self._children.get(child.name) is child:
            del self._children[child.name]
            self._api.forget(child.name)
        await self._leave(child)

    async def read(self, limit: int) -> Delivery:
        self._wanted = limit
        while not self._arrived:
            self._changed.clear()
            await self._changed.wait()
        child, delivery, taken = self._arrived.popleft()
        taken.fire()
        child.open += len(delivery.batches)
        settle = delivery.settle

        def settled(indices: Sequence[int] | None, failure: Failure | None) -> None:
            child.open -= len(delivery.batches) if indices is None else len(indices)
            settle(indices, failure)
            if child.leaving and not child.open and self._host is not None:
                tasks.start(self._leave(child), self._host, "dynamic input")

        return Delivery(delivery.batches, settled)

    async def _leave(self, child: _Child) -> None:
        """Close a child once all that came of it is settled."""
        child.leaving = True
        self._leaving.add(child)
        if child.reading is not None:
            child.reading.cancel()
            child.reading = None
        if not child.open and child in self._leaving:
            self._leaving.discard(child)
            await child.input.close()
            self._resources.release(child.input)

    async def add_child(self, name: str, config: ComponentConfig) -> None:
        """Put an input in place of one of the same name."""
        child = _Child(name, self._resources.build_input(config))
        old = self._children.get(name)
        self._children[name] = child
        if old is not None:
            self._forget_arrivals(old)
            await self._leave(old)
        child.reading = tasks.spawn(self._pump(child), "dynamic input")

    async def remove_child(self, name: str) -> None:
        """Close an input."""
        child = self._children.pop(name, None)
        if child is not None:
            self._forget_arrivals(child)
            await self._leave(child)

    def _forget_arrivals(self, child: _Child) -> None:
        """What was read of a child and not handed out is not read, as far as its source is concerned."""
        kept = deque(entry for entry in self._arrived if entry[0] is not child)
        for entry in self._arrived:
            if entry[0] is child:
                entry[1].settle(None, Closed())
        self._arrived = kept

    async def close(self) -> None:
        self._api.close()
        children = [*self._children.values(), *self._leaving]
        self._children.clear()
        self._leaving.clear()
        for child in children:
            if child.reading is not None:
                child.reading.cancel()
            await child.input.close()
